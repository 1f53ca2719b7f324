"""Claims: expiry, dormancy, first claim wins, frozen terms (P7, P8; D7 to D14)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tools import mute_logger

from .common import PartnerProgramCommon


class TestExpiry(PartnerProgramCommon):
    """P8, D9: won on or before the last day, in the time zone of the company."""

    def test_d9_won_on_the_last_day_is_in_time(self):
        referral = self.refer()
        self.assertEqual(referral.expires_on, Date.to_date("2026-04-05"))
        self.go_to("2026-04-05 23:59:59")
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        referral.lead_id.action_set_won()
        self.assertEqual((referral.state, referral.acquired_on), ("acquired", Date.to_date("2026-04-05")))

    def test_d9_the_day_after_it_is_expired(self):
        referral = self.refer()
        self.go_to("2026-04-06 00:00:00")
        self.run_all()
        self.assertEqual(referral.state, "expired")
        self.assertIn("04/05/2026", referral.decision_reason)

    def test_d9_won_too_late_says_by_how_many_days(self):
        referral = self.refer()
        self.go_to("2026-04-09")
        referral.lead_id.action_set_won()
        self.assertEqual(referral.state, "expired")
        self.assertEqual(referral.decision_reason, "The lead was won 4 days too late.")
        invoice = self.invoice(1000)
        self.assertFalse(invoice.commission_line_ids)

    def test_d9_the_day_ends_in_auckland_when_the_company_is_there(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        # 13 hours ahead in January: 5 January 09:00 UTC is 22:00 on the same day there.
        referral = self.refer()
        self.assertEqual(referral.expires_on, Date.to_date("2026-04-05"))
        # Summer time ended there on 5 April 2026 at 03:00: 12 hours ahead from then on.
        self.go_to("2026-04-05 11:59:59")
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        self.go_to("2026-04-05 12:00:01")
        self.run_all()
        self.assertEqual(referral.state, "expired")

    def test_d9_referred_in_the_auckland_morning_counts_from_that_day(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self.go_to("2026-01-05 12:30:00")  # 6 January, 01:30 there
        self.assertEqual(self.refer().expires_on, Date.to_date("2026-04-06"))

    def test_d9_the_day_ends_later_in_los_angeles(self):
        self.company.partner_id.tz = "America/Los_Angeles"
        self.go_to("2026-01-05 07:00:00")  # 4 January, 23:00 there
        referral = self.refer()
        self.assertEqual(referral.expires_on, Date.to_date("2026-04-04"))
        self.go_to("2026-04-05 06:59:00")  # 23:59 on the last day, summer time
        self.run_all()
        self.assertEqual(referral.state, "accepted")
        referral.lead_id.action_set_won()
        self.assertEqual((referral.state, referral.acquired_on), ("acquired", Date.to_date("2026-04-04")))

    def test_p10_bills_are_made_when_the_day_begins_at_the_company(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self.acquired()
        self.pay(self.invoice(1000, on="2026-01-05"), on="2026-01-05")
        self.go_to("2026-02-03 10:59:00")  # 23:59 on the 3rd
        self.assertFalse(self.run_bills())
        self.go_to("2026-02-03 11:01:00")  # 00:01 on the 4th
        bill = self.run_bills()
        self.assertEqual(bill.invoice_date, Date.to_date("2026-02-04"))

    def test_p8_won_by_dragging_the_card(self):
        referral = self.refer()
        won = self.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        referral.lead_id.with_user(self.salesperson).write({"stage_id": won.id})
        self.assertEqual(referral.state, "acquired")

    def test_p8_won_before_the_claim_was_accepted_acquires_at_acceptance(self):
        referral = self.refer(accept=False)
        referral.lead_id.action_set_won()
        self.assertEqual(referral.state, "submitted")
        self.go_to("2026-01-20")
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual((referral.state, referral.acquired_on), ("acquired", Date.to_date("2026-01-05")))

    def test_dragged_to_won_by_mistake_and_back(self):
        referral = self.refer()
        lead, stage = referral.lead_id, referral.lead_id.stage_id
        lead.action_set_won()
        self.invoice(1000)
        self.assertEqual(len(referral.commission_line_ids), 1)
        lead.write({"stage_id": stage.id})
        self.assertRecordValues(referral, [{"state": "accepted", "acquired_on": False, "window_start": False}])
        self.assertFalse(referral.commission_line_ids)
        lead.action_set_won()
        self.assertEqual(referral.state, "acquired")
        self.assertEqual(len(referral.commission_line_ids), 1)

    def test_once_billed_a_lead_dragged_back_takes_nothing_away(self):
        line = self.billed_line()
        new_stage = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        line.referral_id.lead_id.write({"stage_id": new_stage.id})
        self.assertEqual(line.referral_id.state, "acquired")
        self.assertLine(line, state="billed", billed_amount=50.0)

    def test_lost_lead_and_back(self):
        referral = self.refer()
        reason = self.env["crm.lost.reason"].create({"name": "Too expensive"})
        referral.lead_id.with_user(self.salesperson).action_set_lost(lost_reason_id=reason.id)
        self.assertEqual(referral.state, "lost")
        self.assertIn("Too expensive", referral.decision_reason)
        referral.lead_id.with_user(self.salesperson).action_restore()
        self.assertRecordValues(referral, [{"state": "accepted", "decision_reason": False}])
        referral.lead_id.action_set_won()
        self.assertEqual(referral.state, "acquired")

    def test_a_lost_lead_taken_up_after_the_last_day_stays_lost(self):
        referral = self.refer()
        referral.lead_id.action_set_lost()
        self.go_to("2026-04-06")
        referral.lead_id.action_restore()
        self.run_all()
        self.assertEqual(referral.state, "lost")

    def test_a_lost_lead_taken_up_finds_the_client_taken_by_another_partner(self):
        referral = self.refer()
        referral.lead_id.action_set_lost()
        other = self.refer(enrollment=self.enrollment_byte)
        self.assertEqual(other.state, "accepted")
        referral.lead_id.action_restore()
        self.assertEqual(referral.state, "lost")
        self.assertEqual(other.state, "accepted")

    def test_p8_won_after_it_was_noted_as_expired_says_by_how_many_days(self):
        referral = self.refer()
        self.go_to("2026-04-06")
        self.run_all()
        self.assertIn("Not closed by", referral.decision_reason)
        self.go_to("2026-04-10")
        referral.lead_id.action_set_won()
        self.run_all()
        self.assertRecordValues(
            referral, [{"state": "expired", "decision_reason": "The lead was won 5 days too late."}]
        )

    def test_p8_lost_and_won_after_the_last_day_says_by_how_many_days(self):
        referral = self.refer()
        referral.lead_id.action_set_lost()
        self.go_to("2026-04-06")
        referral.lead_id.toggle_active()
        referral.lead_id.action_set_won()
        self.assertRecordValues(referral, [{"state": "expired", "decision_reason": "The lead was won 1 day too late."}])

    def test_a_lost_claim_stays_lost_while_its_lead_carries_another_one(self):
        """Leads that were merged carry claims that are not live any more; the database allows one live one."""
        lost, waiting = self.refer(), self.refer(client=self.other_client, accept=False)
        lost.lead_id.action_set_lost()
        (waiting.lead_id + lost.lead_id)._merge_opportunity(auto_unlink=False)
        self.assertEqual(lost.lead_id, waiting.lead_id)
        self.go_to("2026-01-06")
        self.run_all()
        self.assertEqual((lost.state, waiting.state), ("lost", "submitted"))
        waiting.lead_id.action_set_won()
        waiting.action_accept()
        self.assertEqual((lost.state, waiting.state), ("lost", "acquired"))

    def test_one_claim_that_cannot_be_looked_at_stops_no_other_and_is_flagged_once(self):
        broken, other = self.refer(), self.refer(client=self.other_client)
        sync = type(broken)._sync_acquisition

        def _sync_acquisition(records):
            if broken in records:
                raise ValueError("its books are closed")
            return sync(records)

        self.go_to("2026-04-06")
        self.patch(type(broken), "_sync_acquisition", _sync_acquisition)
        for _night in range(2):
            with mute_logger("odoo.addons.partner_program.models.partner_referral_acquisition"):
                self.env["partner.referral"]._cron_sync_referrals()
        self.assertEqual((broken.state, other.state), ("accepted", "expired"))
        self.assertIn("its books are closed", broken.activity_ids.note)
        self.assertEqual(len(broken.activity_ids), 1)

    def test_one_claim_whose_rows_cannot_be_made_stops_no_other_in_the_sweep(self):
        broken, other = self.acquired(), self.acquired(client=self.other_client)
        sync = type(broken)._sync_commission_lines

        def _sync_commission_lines(records):
            if broken in records:
                raise ValueError("its window has no end")
            return sync(records)

        invoice = self.invoice(1000, client=self.other_client)
        self.line_of(invoice).sudo().unlink()
        self.patch(type(broken), "_sync_commission_lines", _sync_commission_lines)
        for mended in (1, 0):
            with (
                mute_logger("odoo.addons.partner_program.tools.one_by_one"),
                mute_logger("odoo.addons.partner_program.models.partner_commission_line_sweep"),
            ):
                self.assertEqual(self.env["partner.commission.line"].sudo()._cron_sync(), mended)
        self.assertLine(self.line_of(invoice), referral_id=other.id, amount=50.0)
        self.assertIn("its window has no end", broken.activity_ids.note)

    def test_months_and_days_have_an_upper_limit(self):
        """99999 months "for ever" end after the last year of the calendar: nobody could post the first invoice."""
        referral = self.refer()
        limits = {"commission_months": 1200, "payout_delay_days": 3650, "claim_months": 1200, "dormancy_months": 1200}
        for fname, limit in limits.items():
            with self.assertRefused(f"{limit}"):
                self.program_referral[fname] = limit + 1
            self.program_referral[fname] = limit
            if fname in referral._fields and fname != "dormancy_months":
                with self.assertRefused(f"{limit}"):
                    referral[fname] = limit + 1
                referral[fname] = limit
        self.go_to("2026-01-10")
        other = self.acquired(client=self.other_client)
        self.pay(self.invoice(1000, client=self.other_client))
        self.assertEqual(other.window_end, Date.to_date("2126-01-10"))

    def test_window_that_ran_out_completes_the_referral(self):
        referral = self.acquired()
        self.invoice(1000)
        self.assertEqual(referral.window_end, Date.to_date("2027-01-05"))
        self.go_to("2027-01-04")
        self.run_all()
        self.assertEqual(referral.state, "acquired")
        self.go_to("2027-01-05")
        self.run_all()
        self.assertEqual(referral.state, "completed")


class TestDormancy(PartnerProgramCommon):
    """P7, D8: evidence of each kind, found within the year and not outside of it."""

    def assertEvidence(self, *kinds_and_days, client=None):  # noqa: N802
        referral = self.refer(client=client, accept=False)
        referral.with_user(self.salesperson).action_check_eligibility()
        self.assertCountEqual([(proof.kind, str(proof.date)) for proof in referral.evidence_ids], list(kinds_and_days))
        self.assertEqual(referral.eligibility, "ineligible" if kinds_and_days else "eligible")
        return referral

    def test_d8_nothing_is_nothing(self):
        self.assertEvidence()

    def test_d8_open_opportunity(self):
        self.go_to("2025-12-01 10:00:00")
        lead = self.env["crm.lead"].create(
            {"name": "Old talks", "type": "opportunity", "partner_id": self.client_contact.id}
        )
        self.go_to("2026-01-05 09:00:00")
        referral = self.assertEvidence(("opportunity", "2025-12-01"))
        self.assertEqual((referral.evidence_ids.res_model, referral.evidence_ids.res_id), ("crm.lead", lead.id))
        self.assertEqual(referral.evidence_ids.description, "Old talks")

    def test_d8_an_open_opportunity_counts_however_old(self):
        self.go_to("2023-06-01 10:00:00")
        self.env["crm.lead"].create({"name": "Ancient talks", "type": "opportunity", "partner_id": self.client.id})
        self.go_to("2026-01-05 09:00:00")
        self.assertEvidence(("opportunity", "2025-01-05"))

    def test_d8_opportunity_closed_within_the_year(self):
        self.go_to("2024-12-01 10:00:00")
        old, recent = (
            self.env["crm.lead"].create({"name": name, "type": "opportunity", "partner_id": self.client.id})
            for name in ("Lost long ago", "Lost in March")
        )
        old.action_set_lost()
        self.go_to("2025-03-10 10:00:00")
        recent.action_set_lost()
        self.go_to("2026-01-05 09:00:00")
        referral = self.refer(accept=False)
        referral.action_check_eligibility()
        self.assertEqual(referral.evidence_ids.mapped("description"), ["Lost in March"])
        self.assertEqual(referral.eligibility, "ineligible")

    def test_d8_quotation_and_order(self):
        vals = {"partner_id": self.client_contact.id, "company_id": self.company.id}
        quotation, order, old, cancelled = self.env["sale.order"].create(
            [
                {**vals, "date_order": "2025-06-01 10:00:00"},
                {**vals, "date_order": "2025-07-01 10:00:00"},
                {**vals, "date_order": "2025-01-04 10:00:00"},
                {**vals, "date_order": "2025-08-01 10:00:00"},
            ]
        )
        order.state = "sale"
        cancelled.state = "cancel"
        self.assertEqual(str(order.date_order.date()), "2025-07-01")
        self.assertEvidence(("quotation", "2025-06-01"), ("order", "2025-07-01"))
        self.assertTrue(old + quotation)

    def test_d8_posted_customer_invoice_on_both_edges_of_the_year(self):
        self.invoice(10, on="2025-01-04")
        self.invoice(10, on="2025-01-05")
        self.invoice(10, on="2026-01-04")
        self.invoice(10, on="2025-06-01", post=False)
        self.assertEvidence(("invoice", "2025-01-05"), ("invoice", "2026-01-04"))

    def test_d8_meeting(self):
        self.env["calendar.event"].create(
            [
                {
                    "name": f"Demo {day}",
                    "start": f"{day} 14:00:00",
                    "stop": f"{day} 15:00:00",
                    "partner_ids": [Command.set(self.client_contact.ids)],
                }
                for day in ("2024-06-01", "2025-05-20", "2026-02-01")
            ]
        )
        self.assertEvidence(("meeting", "2025-05-20"))

    def test_d8_mails_and_comments_count_and_automatic_notes_do_not(self):
        self.go_to("2025-10-01 10:00:00")
        self.client.message_post(body="We talked", message_type="comment", subtype_xmlid="mail.mt_comment")
        self.client_contact.message_post(body="Please call me", message_type="email")
        self.client.message_post(body="Something changed", message_type="notification")
        self.client.message_post(body="An auto comment", message_type="auto_comment")
        self.go_to("2026-01-05 09:00:00")
        self.assertEvidence(("message", "2025-10-01"), ("message", "2025-10-01"))

    def test_d8_messages_on_leads_and_quotations_of_the_client_count(self):
        self.go_to("2024-06-01 10:00:00")
        closed = self.env["crm.lead"].create({"name": "Old talks", "type": "opportunity", "partner_id": self.client.id})
        order = self.env["sale.order"].create({"partner_id": self.client.id, "company_id": self.company.id})
        closed.action_set_lost()
        self.go_to("2025-10-01 10:00:00")
        closed.message_post(body="Are you still interested?", message_type="comment")
        order.message_post(body="About your old quotation", message_type="comment")
        self.go_to("2026-01-05 09:00:00")
        self.assertEvidence(("message", "2025-10-01"), ("message", "2025-10-01"))

    def test_d8_leads_that_agree_by_mail_domain_phone_or_tax_id_count(self):
        self.company.country_id = self.env.ref("base.be")
        self.client.write({"phone": "+32 2 290 34 90", "vat": "BE0477472701"})
        double = self.env["res.partner"].create({"name": "Cobalt, again", "is_company": True, "vat": "BE0477472701"})
        self.go_to("2025-11-03 10:00:00")
        vals = {"type": "opportunity", "company_id": self.company.id, "user_id": self.salesperson.id}
        self.env["crm.lead"].create(
            [
                {**vals, "name": "By domain", "email_from": "new@cobalt.example"},
                {**vals, "name": "By phone", "phone": "02 290 34 90"},
                {**vals, "name": "By tax ID", "partner_id": double.id},
                {**vals, "name": "Of somebody else", "email_from": "new@delta.example", "phone": "+32 2 290 34 91"},
            ]
        )
        self.go_to("2026-01-05 09:00:00")
        referral = self.refer(accept=False)
        self.assertEqual(set(referral.evidence_ids.mapped("description")), {"By domain", "By phone", "By tax ID"})

    def test_d8_messages_of_the_robot_do_not_count(self):
        self.go_to("2025-10-01 10:00:00")
        robot = self.env.ref("base.partner_root")
        self.client.message_post(body="Reminder", message_type="comment", author_id=robot.id)
        self.go_to("2026-01-05 09:00:00")
        self.assertEvidence()

    def test_d8_each_proof_opens_its_document(self):
        self.go_to("2025-10-01 10:00:00")
        message = self.client_contact.message_post(body="Please call me", message_type="email", subject="A call")
        self.go_to("2026-01-05 09:00:00")
        proof = self.assertEvidence(("message", "2025-10-01")).evidence_ids
        self.assertEqual(proof.description, "A call")
        action = proof.with_user(self.salesperson).action_open()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", self.client_contact.id))
        message.unlink()
        with self.assertRaisesRegex(UserError, "This was deleted since"):
            proof.with_user(self.salesperson).action_open()
        self.assertEqual(proof.description, "A call")

    def test_d8_what_the_referral_itself_made_does_not_count(self):
        lead = self.lead()
        lead.message_post(body="Ada brought them", message_type="comment")
        referral = self.refer(lead_id=lead.id, accept=False)
        self.go_to("2026-01-10")
        lead.message_post(body="Nice talk", message_type="comment")
        self.env["sale.order"].create({"partner_id": self.client.id, "company_id": self.company.id})
        self.invoice(10)
        referral.action_check_eligibility()
        self.assertEqual(referral.eligibility, "eligible")
        self.assertFalse(referral.evidence_ids)

    def test_d8_dates_are_days_of_the_company(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self.env["calendar.event"].create(
            {
                "name": "Late call",
                "start": "2025-05-20 13:00:00",
                "stop": "2025-05-20 14:00:00",
                "partner_ids": [Command.set(self.client.ids)],
            }
        )
        self.assertEvidence(("meeting", "2025-05-21"))

    def test_d8_the_program_sets_the_months(self):
        self.invoice(10, on="2025-06-01")
        self.program_referral.dormancy_months = 6
        self.assertEvidence()
        self.program_referral.dormancy_months = 0
        self.invoice(10, on="2025-12-01")
        self.assertEvidence(client=self.client)

    def test_d8_verdict_and_proofs_are_frozen(self):
        invoice = self.invoice(10, on="2025-06-01")
        referral = self.assertEvidence(("invoice", "2025-06-01"))
        checked_on = referral.eligibility_checked_on
        invoice.button_draft()
        invoice.button_cancel()
        self.go_to("2026-01-08")
        self.run_all()
        self.assertEqual(referral.eligibility, "ineligible")
        self.assertEqual(len(referral.evidence_ids), 1)
        self.assertEqual(referral.eligibility_checked_on, checked_on)

    def test_d8_proofs_stay_when_their_documents_go_until_client_or_date_changes(self):
        order = self.env["sale.order"].create({"partner_id": self.client.id, "user_id": self.salesperson.id})
        self.go_to("2026-01-06")
        referral = self.refer(accept=False).with_user(self.salesperson)
        self.assertEqual(referral.evidence_ids.kind, "quotation")
        order.action_cancel()
        with self.assertRaisesRegex(UserError, "discussions with Cobalt Clinics"):
            referral.action_accept()
        referral.action_check_eligibility()
        referral.prospect_phone = "+32 2 290 34 90"  # of a client that is a contact, that says nothing new
        self.invoice(10, on="2025-06-01")
        referral.action_check_eligibility()
        self.assertEqual(referral.eligibility, "ineligible")
        self.assertEqual(referral.evidence_ids.mapped("kind"), ["quotation", "invoice"], "a later look adds")
        referral.referred_on = "2025-03-01 09:00:00"
        self.assertEqual((referral.eligibility, len(referral.evidence_ids)), ("eligible", 0))

    def test_d8_an_opportunity_that_is_archived_and_not_lost_is_not_open(self):
        self.go_to("2024-05-01")
        lead = self.lead(probability=10)
        lead.active = False
        self.go_to("2026-01-06")
        self.assertEqual(lead.won_status, "pending")
        referral = self.refer(accept=False)
        self.assertFalse(referral.evidence_ids)
        lead.active = True
        referral.action_check_eligibility()
        self.assertEqual(referral.evidence_ids.mapped("kind"), ["opportunity"])

    def test_p7_ineligible_is_refused_for_a_salesperson(self):
        self.invoice(10, on="2025-06-01")
        referral = self.refer(accept=False).with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "discussions with Cobalt Clinics shortly before the referral"):
            referral.action_accept()
        self.assertEqual(referral.state, "submitted")
        # Giving a reason oneself does not help.
        referral.decision_reason = "I want it"
        with self.assertRaisesRegex(UserError, "ask a partner manager"):
            referral.action_accept()
        wizard = self.env["partner.referral.decision"].with_user(self.salesperson)
        with self.assertRaisesRegex(AccessError, "Only a partner manager overrides"):
            wizard.create(
                {"referral_ids": [Command.set(referral.ids)], "decision": "override", "reason": "Please"}
            ).action_confirm()
        self.assertEqual(referral.state, "submitted")

    def test_p7_a_manager_overrides_with_a_reason(self):
        self.invoice(10, on="2025-06-01")
        referral = self.refer(accept=False).with_user(self.manager)
        with self.assertRaisesRegex(UserError, "override the refusal with a reason"):
            referral.action_accept()
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": [Command.set(referral.ids)], "decision": "override", "reason": "That was another branch"}
        ).action_confirm()
        self.assertRecordValues(
            referral,
            [{"state": "accepted", "eligibility": "ineligible", "decision_reason": "That was another branch"}],
        )
        self.assertIn("That was another branch", "".join(str(body) for body in referral.message_ids.mapped("body")))


class TestClaims(PartnerProgramCommon):
    """D7, D10, D11, D12: whose client it is, and on which terms."""

    def test_d10_first_accepted_claim_protects_the_client_without_naming_the_partner(self):
        first = self.refer()
        second = self.refer(enrollment=self.enrollment_byte, accept=False)
        with self.assertRaisesRegex(UserError, "Cobalt Clinics is protected by another referral") as caught:
            second.with_user(self.salesperson).action_accept()
        self.assertNotIn("Ada", str(caught.exception))
        self.assertEqual((first.state, second.state), ("accepted", "submitted"))

    def test_d10_also_for_a_salesperson_who_may_not_see_the_first_claim(self):
        first = self.refer()
        other = self.lead(user_id=self.other_salesperson.id)
        second = self.refer(
            enrollment=self.enrollment_byte,
            accept=False,
            user=self.other_salesperson,
            user_id=self.other_salesperson.id,
            lead_id=other.id,
        ).with_user(self.other_salesperson)
        self.assertNotIn(first.id, self.env["partner.referral"].with_user(self.other_salesperson).search([]).ids)
        with self.assertRaisesRegex(UserError, "is protected by another referral"):
            second.action_accept()

    def test_d10_an_expired_claim_frees_the_client_even_before_the_nightly_job(self):
        first = self.refer()
        self.go_to("2026-04-06")
        second = self.refer(enrollment=self.enrollment_byte)
        self.assertEqual((first.state, second.state), ("expired", "accepted"))

    def test_d10_an_acquired_client_is_protected_and_a_completed_one_is_free(self):
        self.acquired()
        self.invoice(1000)
        self.go_to("2026-12-01")
        second = self.refer(enrollment=self.enrollment_byte, accept=False)
        with self.assertRaisesRegex(UserError, "is protected"):
            second.action_accept()
        self.go_to("2027-01-05")
        second.action_accept()
        self.assertEqual(second.state, "accepted")

    def test_d10_the_earlier_receipt_time_wins_although_decided_later(self):
        early = self.refer(accept=False)
        self.go_to("2026-01-07")
        late = self.refer(enrollment=self.enrollment_byte, accept=False)
        with self.assertRaisesRegex(UserError, "earlier"):
            late.action_accept()
        early.action_accept()
        self.assertEqual((early.state, late.state), ("accepted", "submitted"))

    def test_d11_a_partner_cannot_refer_itself(self):
        for client in (self.ada, self.ada_contact):
            with (
                self.assertRaisesRegex(ValidationError, "Ada Advisory cannot refer itself"),
                self.cr.savepoint(),
            ):
                self.refer(client=client, accept=False)

    def test_d11_not_through_the_lead_either(self):
        nobody = self.env["res.partner"]
        known, prospect = self.refer(accept=False), self.refer(client=nobody, accept=False, prospect_name="Foxtrot")
        for referral, client in ((known, self.client), (prospect, nobody)):
            referral.lead_id.partner_id = self.ada_contact
            self.assertEqual(referral.client_id, client)
        prospect.action_accept()
        prospect.lead_id.action_set_won()
        self.assertEqual(prospect.decision_reason, "Partner and client are the same company.")

    def test_d12_the_client_is_the_commercial_entity(self):
        referral = self.refer(client=self.client_contact)
        self.assertEqual(referral.client_id, self.client)

    def test_d12_two_contacts_of_one_company_are_one_client(self):
        self.refer(client=self.client_contact)
        second = self.refer(enrollment=self.enrollment_byte, client=self.client, accept=False)
        with self.assertRaisesRegex(UserError, "is protected"):
            second.action_accept()

    def test_d7_terms_are_frozen_when_accepted(self):
        accepted = self.refer()
        submitted = self.refer(client=self.other_client, accept=False)
        self.program_referral.write(
            {"commission_rate": 7.5, "commission_months": 6, "payout_delay_days": 45, "claim_months": 1}
        )
        self.assertRecordValues(
            accepted,
            [
                {
                    "commission_rate": 5.0,
                    "commission_months": 12,
                    "payout_delay_days": 30,
                    "expires_on": Date.to_date("2026-04-05"),
                }
            ],
        )
        submitted.action_accept()
        self.assertRecordValues(
            submitted,
            [
                {
                    "commission_rate": 7.5,
                    "commission_months": 6,
                    "payout_delay_days": 45,
                    "expires_on": Date.to_date("2026-02-05"),
                }
            ],
        )
        accepted.lead_id.action_set_won()
        invoice = self.invoice(1000)
        self.assertLine(self.line_of(invoice), rate=5.0, amount=50.0)
        self.assertEqual(accepted.window_end, Date.to_date("2027-01-05"))

    def test_reject_asks_for_the_reason_and_keeps_it(self):
        referral = self.refer(accept=False).with_user(self.salesperson)
        action = referral.action_reject()
        self.assertEqual(action["res_model"], "partner.referral.decision")
        self.assertEqual(referral.state, "submitted")
        self.env["partner.referral.decision"].with_user(self.salesperson).with_context(**action["context"]).create(
            {"reason": " No budget "}
        ).action_confirm()
        self.assertRecordValues(referral, [{"state": "rejected", "decision_reason": "No budget"}])
        with self.assertRaisesRegex(UserError, "was decided already"):
            referral.action_accept()

    def test_the_reason_of_an_acceptance_is_none_for_leaving(self):
        referral = self.refer()
        self.env["partner.referral.decision"].with_user(self.manager).create(
            {"referral_ids": referral.ids, "decision": "rejected", "reason": "By mistake"}
        ).action_confirm()
        referral.with_user(self.manager)._reopen("It was a mistake", False)
        action = referral.action_withdraw()
        self.assertEqual((action["res_model"], referral.state), ("partner.referral.decision", "accepted"))
        referral.decision_reason = "The partner asked for it"
        referral.action_withdraw()
        self.assertEqual(referral.state, "withdrawn")

    def test_d14_who_leaves_takes_the_claims_along_that_are_not_acquired(self):
        acquired, accepted = self.acquired(), self.refer(client=self.other_client)
        submitted = self.refer(
            client=self.env["res.partner"].create({"name": "Echo", "is_company": True}), accept=False
        )
        self.enrollment_ada.action_suspend()
        self.assertEqual((accepted.state, submitted.state), ("accepted", "submitted"), "suspended: they stay")
        self.enrollment_ada.action_end()
        reason = "The partnership has ended."
        self.assertRecordValues(
            acquired + accepted + submitted,
            [
                {"state": "acquired", "decision_reason": False},
                {"state": "withdrawn", "decision_reason": reason},
                {"state": "withdrawn", "decision_reason": reason},
            ],
        )
        self.assertEqual(self.refer(enrollment=self.enrollment_byte, client=self.other_client).state, "accepted")

    def test_d14_a_change_of_program_is_no_leaving(self):
        accepted = self.refer()
        self.enrollment_ada._change_program(self.program_affiliate)
        self.assertEqual((self.enrollment_ada.state, accepted.state), ("ended", "accepted"))

    def test_d14_a_claim_is_taken_up_again_for_an_active_partner_only(self):
        referral = self.refer()
        referral.decision_reason = "No interest"
        referral.action_reject()
        for step in ("action_suspend", "action_end"):
            getattr(self.enrollment_ada, step)()
            with self.assertRaisesRegex(UserError, "is not an active partner now"):
                referral.with_user(self.manager)._reopen("They called", False)
        self.enrollment_ada.action_reopen()
        referral.with_user(self.manager)._reopen("They called", False)
        self.assertEqual(referral.state, "accepted")

    def test_d14_a_lost_lead_taken_up_after_the_partner_has_left(self):
        referral = self.refer()
        referral.lead_id.action_set_lost()
        self.enrollment_ada.action_end()
        referral.lead_id.with_user(self.salesperson).action_restore()
        self.assertEqual(referral.state, "lost")
        referral.lead_id.action_set_won()
        self.env["partner.referral"].sudo()._cron_sync_referrals()
        self.assertEqual(referral.state, "lost")

    def test_withdrawn_frees_the_client(self):
        referral = self.refer()
        referral.decision_reason = "The partner changed its mind"
        referral.action_withdraw()
        self.assertEqual(referral.state, "withdrawn")
        self.assertEqual(self.refer(enrollment=self.enrollment_byte).state, "accepted")

    def test_an_acquired_client_cannot_be_rejected(self):
        referral = self.acquired()
        referral.decision_reason = "We would rather not pay"
        with self.assertRaisesRegex(UserError, "cannot be rejected or withdrawn any more"):
            referral.action_reject()
        self.assertEqual(referral.state, "acquired")

    def test_an_accepted_referral_cannot_be_deleted(self):
        with self.assertRaisesRegex(UserError, "part of the partner's history"):
            self.refer().unlink()

    def test_a_referred_lead_cannot_be_deleted(self):
        with self.assertRaisesRegex(UserError, "mark it as lost instead"):
            self.refer().lead_id.unlink()

    def test_merged_leads_keep_the_claim(self):
        referral = self.refer()
        other = self.lead()
        merged = (other + referral.lead_id).merge_opportunity()
        self.assertEqual(referral.lead_id, merged)
        merged.action_set_won()
        self.assertEqual(referral.state, "acquired")

    def test_a_prospect_that_is_no_contact_yet_becomes_the_client_when_won(self):
        referral = (
            self.env["partner.referral"]
            .with_user(self.salesperson)
            .create(
                {
                    "enrollment_id": self.enrollment_ada.id,
                    "prospect_name": "Foxtrot Foods",
                    "prospect_contact_name": "Fay Fox",
                    "prospect_email": "fay@foxtrot.example",
                    "user_id": self.salesperson.id,
                }
            )
        )
        self.assertEqual(referral.lead_id.partner_name, "Foxtrot Foods")
        referral.action_accept()
        referral.lead_id.action_set_won()
        self.assertEqual(referral.state, "acquired")
        self.assertEqual(referral.client_id.name, "Foxtrot Foods")
        invoice = self.invoice(1000, client=referral.lead_id.partner_id)
        self.assertLine(self.line_of(invoice), amount=50.0)

    def test_d10_a_prospect_that_turns_out_to_be_a_protected_client(self):
        first = self.refer()
        second = (
            self.env["partner.referral"]
            .with_user(self.salesperson)
            .create(
                {"enrollment_id": self.enrollment_byte.id, "prospect_name": "Cobalt", "user_id": self.salesperson.id}
            )
        )
        second.action_accept()
        with self.assertRaises(UserError), self.cr.savepoint():
            second.client_id = self.client
            self.env.flush_all()
        self.assertEqual(first.state, "accepted")
