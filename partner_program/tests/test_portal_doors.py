"""Doors of the portal beside its forms: calls with files, odd addresses; part payments; who gets the log-in."""

from lxml import html

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from .common import PartnerProgramCommon
from .test_statement import StatementCommon


class TestDoors(PartnerProgramCommon, HttpCase):
    def test_a_call_brings_no_file(self):
        """Odoo takes files of partners by its upload only, where ``controllers/uploads.py`` looks at them."""
        referral = self.refer()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        params = {"model": referral._name, "method": "message_post", "args": [[referral.id]]}
        params["kwargs"] = {"body": "x", "attachments": [["run.html", "<script>x</script>"]]}
        with mute_logger("odoo.http"):
            answer = self.url_open("/web/dataset/call_kw", json={"params": params}, timeout=60).json()
        self.assertIn("You are not allowed to access 'Attachment'", answer["error"]["data"]["message"])
        self.env.invalidate_all()
        self.assertFalse(self.env["ir.attachment"].sudo().search([("name", "=", "run.html")]))

    def test_addresses_with_letters_that_are_no_token_are_not_found(self):
        self.enrollment_ada._ensure_status_token()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        for odd in ("%C3%A9", "a-b"):
            for page in ("/my/referrals/sent/", f"/partners/status/{self.enrollment_ada.id}/"):
                with self.subTest(page + odd), mute_logger("odoo.http"):
                    self.assertEqual(self.url_open(page + odd).status_code, 404)

    def test_what_partners_type_is_text_in_the_back_office(self):
        """Notes of leads and of to-dos are HTML: tags of a partner are shown, its lines stay lines."""
        typed, shown = "<b>First</b>\nsecond line", "&lt;b&gt;First&lt;/b&gt;<br>second line"
        referral = self.refer(client=self.env["res.partner"], lead_id=False, prospect_name="Dune", note=typed)
        self.assertIn(shown, str(referral.lead_id.description))
        line = self.earned_line()
        line.with_user(self.portal_ada)._ask_from_portal(typed)
        self.assertIn(shown, str(line.question_ids.activity_ids.note))

    def test_the_package_of_a_company_is_told_of_clients_that_the_partner_brought(self):
        self.pay(self.invoice(500.0, product=self.enterprise))
        self.env.flush_all()
        portal = self.env["partner.program.portal"].with_user(self.portal_ada)
        referral = self.refer(accept=False)

        def told():
            self.env.flush_all()
            self.env.invalidate_all()
            return portal._get_packages_sudo(referral.with_user(self.portal_ada))

        self.assertFalse(told(), "submitted")
        referral.decision_reason = "Known for long"
        referral.action_reject()
        self.assertFalse(told(), "rejected")
        referral = self.acquired(self.other_client)
        self.pay(self.invoice(500.0, product=self.enterprise, client=self.other_client))
        self.assertEqual(list(told().values()), [self.package_enterprise])

    def test_lists_sorted_by_a_day_begin_with_what_is_still_to_come(self):
        referral = self.refer()
        over = self.refer(client=self.other_client)
        over.decision_reason = "Known for long"
        over.action_reject()
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        page = self.url_open("/my/referrals?sortby=clock").text
        self.assertIn(referral.name, page)
        self.assertNotIn(over.name, page)
        self.assertIn(over.name, self.url_open("/my/referrals?sortby=clock&filterby=all").text)


class TestPartPayments(PartnerProgramCommon):
    def test_what_was_paid_of_a_bill_is_not_to_be_paid_again(self):
        line = self.billed_line()
        bill = line.bill_ids
        self.pay(bill, amount=20.0)
        self.env.flush_all()
        [total] = self.env["partner.program.portal"]._get_totals(self.ada)
        self.assertEqual((total["paid"], total["to_pay"]), (20.0, 30.0))
        self.assertEqual(sum(total["coming"].values()), 30.0)
        self.pay(bill)
        [total] = self.env["partner.program.portal"]._get_totals(self.ada)
        self.assertEqual((total["paid"], total["to_pay"], dict(total["coming"])), (50.0, 0.0, {}))

    def test_the_chart_tells_each_part_payment_in_its_month(self):
        bill = self.billed_line().bill_ids
        self.pay(bill, amount=20.0)
        self.go_to("2026-03-02")
        self.pay(bill, amount=10.0)
        self.env.flush_all()
        portal, today = self.env["partner.program.portal"], fields.Date.today()
        totals = portal._get_totals(self.ada)
        months = portal._get_months(totals, today)
        chart = portal._get_chart(totals[0], portal._get_paid_by_month(self.ada, months), months, today)
        rows = [(str(row["month"]), row["paid"], row["to_come"]) for row in chart if row["paid"] or row["to_come"]]
        self.assertEqual(rows, [("2026-02-01", 20.0, 0.0), ("2026-03-01", 10.0, 20.0)])

    def test_what_the_accountant_adds_to_a_bill_is_paid_in_the_chart_too(self):
        bill = self.billed_line(post=False).bill_ids
        bill.invoice_line_ids = [Command.create({"name": "Bonus", "price_unit": 5.0, "tax_ids": [Command.clear()]})]
        bill.action_post()
        self.pay(bill)
        self.env.flush_all()
        dashboard = self.env["partner.program.portal"]._get_dashboard(self.ada)
        [total] = dashboard["totals"]
        self.assertEqual((total["paid"], sum(row["paid"] for row in total["chart"])), (55.0, 55.0))


class TestTwoCompaniesOfOneCurrency(StatementCommon):
    def test_d16_what_one_company_corrects_comes_off_its_own_bills(self):
        other = self.earn_in_other_company(2000.0)[0].company_id
        line = self.billed_line()
        self.pay(line.bill_ids)
        self.credit(line.move_id)  # the first company takes 50 back
        portal = self.env["partner.program.portal"].with_context(allowed_company_ids=(self.company + other).ids)
        self.assertEqual(other.currency_id, self.company.currency_id)
        dashboard = portal._get_dashboard(self.ada)
        self.assertCountEqual(
            [(total["title"], total["paid"], total["to_pay"], total["next_amount"]) for total in dashboard["totals"]],
            [
                (f"{self.company.name}, {self.company.currency_id.name}", 50.0, -50.0, 0.0),
                (f"{other.name}, {other.currency_id.name}", 0.0, 100.0, 100.0),
            ],
        )
        paid = {total["company_id"]: sum(row["paid"] for row in total["chart"]) for total in dashboard["totals"]}
        self.assertEqual(paid, {self.company.id: 50.0, other.id: 0.0})
        self.assertEqual({total["billed_or_to_bill"] for total in dashboard["totals"]}, {0.0, 100.0})
        [total] = portal.with_context(allowed_company_ids=other.ids)._get_totals(self.ada)
        self.assertEqual(total["title"], other.currency_id.name, "the one company need not be named")


class TestWhatWasSetOff(StatementCommon, HttpCase):
    """Only money is paid: what a refund for something else closed is nowhere told as our payment."""

    def setUp(self):
        super().setUp()
        self.line = self.billed_line()
        self.bill = self.line.bill_ids

    def told(self):
        """What the pages say of the bill: totals, promise, chart, state, last line of the history, list of payouts."""
        portal, today = self.env["partner.program.portal"], fields.Date.today()
        self.env.flush_all()
        self.env.invalidate_all()
        bills = portal._get_bills(self.ada)
        [total] = portal._get_totals(self.ada, bills)
        months = portal._get_months([total], today)
        chart = portal._get_chart(total, portal._get_paid_by_month(self.ada, months), months, today)
        self.authenticate("portal_ada", "portal_ada")
        pages = [
            html.fromstring(self.url_open(address).content).xpath(f"//tr[contains(@class, '{row}')]")
            for address, row in (
                ("/my/payouts", "o_partner_program_payout"),
                ("/my/commissions", "o_partner_program_bill"),
            )
        ]
        texts = [" ".join(rows[0].text_content().split()) for rows in pages]
        return {
            "totals": (total["paid"], total["set_off"], total["to_pay"]),
            "promise": portal._get_promise(bills, today)["count"],
            "on time": self.program_referral.with_user(self.manager).on_time_rate,
            "chart": sum(row["paid"] for row in chart),
            "state": self.line._get_portal_state(),
            "why": self.line.explanation.rpartition(", paid in full on 01/05/2026, ")[2],
            "history": self.line._get_portal_history()[-1]["text"],
            "payouts": texts,
        }

    def test_a_bill_that_was_set_off_is_not_paid(self):
        self.set_off(self.bill, 80.0)
        self.assertEqual(self.line.state, "paid", "nothing is left to pay")
        told = self.told()
        payouts = told.pop("payouts")
        self.assertTrue(all("Set off on 02/04/2026 against what you owed" in text for text in payouts), payouts)
        self.assertEqual(
            told,
            {
                "totals": (0.0, 50.0, 0.0),
                "promise": 0,
                "on time": False,
                "chart": 0.0,
                "state": "Set off",
                "why": "set off against what the partner owed.",
                "history": "Set off against what you owed",
            },
        )

    def test_a_bill_that_was_set_off_in_part_is_paid_for_the_rest(self):
        self.set_off(self.bill, 20.0)
        self.pay(self.bill)
        told = self.told()
        payouts = told.pop("payouts")
        wanted = "Paid on 02/04/2026, in part set off against what you owed"
        self.assertTrue(all(wanted in text for text in payouts), payouts)
        self.assertEqual(
            told,
            {
                "totals": (30.0, 20.0, 0.0),
                "promise": 1,
                "on time": "100 %",
                "chart": 30.0,
                "state": "Paid, in part set off",
                "why": "paid to the partner, in part set off against what it owed.",
                "history": "Paid to you, in part set off against what you owed",
            },
        )


class TestWhoApplied(PartnerProgramCommon):
    def apply(self):
        contacts = self.env["res.partner"].create(
            [
                {"name": "Sam", "parent_id": company.id, "email": "sam@both.example"}
                for company in (self.client, self.other_client)
            ]
        )
        stray = self.env["res.partner"].create({"name": "sam@both.example", "email": "sam@both.example"})
        application = self.env["partner.program.enrollment"].create(
            {
                "partner_id": stray.id,
                "program_id": self.program_referral.id,
                "applicant_id": stray.id,
                "applicant_email": "sam@both.example",
                "ambiguous_partner_ids": (self.client + self.other_client).ids,
            }
        )
        return contacts, stray, application

    def test_choosing_the_company_chooses_its_contact_who_gets_the_log_in(self):
        contacts, _stray, application = self.apply()
        application.partner_id = self.other_client
        self.assertEqual(application.applicant_id, contacts[1])
        application.action_onboard()
        self.assertEqual(application.applicant_id.user_ids.commercial_partner_id, self.other_client)

    def test_an_applicant_without_a_company_becomes_a_contact_of_the_one_chosen(self):
        _contacts, stray, application = self.apply()
        new = self.env["res.partner"].create({"name": "New Company", "is_company": True})
        application.partner_id = new
        self.assertEqual((application.applicant_id, stray.parent_id), (stray, new))

    def test_somebody_of_another_company_gets_no_log_in_for_it(self):
        application = self.env["partner.program.enrollment"].create(
            {"partner_id": self.client.id, "program_id": self.program_referral.id, "applicant_id": self.byte_contact.id}
        )
        self.assertEqual(application._get_portal_contact().commercial_partner_id, self.client)

    def test_facts_of_another_company_are_not_told(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.sudo().company_ids += other
        program = self.env["partner.program"].create(
            {"name": "Kakapoprogram", "program_type": "referral", "company_id": other.id, "commission_rate": 5}
        )
        self.env["partner.program.enrollment"].create({"partner_id": self.client.id, "program_id": program.id})
        application = self.env["partner.program.enrollment"].create(
            {"partner_id": self.client.id, "program_id": self.program_referral.id}
        )
        self.assertNotIn("Kakapoprogram", application.screening_facts)
