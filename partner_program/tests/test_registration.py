"""Registering a claim: one path for all channels, contacts that look like the client, bad input (P4; D10, D11)."""

import threading

from odoo.fields import Datetime
from odoo.tests import Form
from odoo.tools import SQL

from .common import PartnerProgramCommon


class TestRegistration(PartnerProgramCommon):
    def register(self, user=None, **vals):
        vals = {"enrollment_id": self.enrollment_ada.id, "user_id": self.salesperson.id, **vals}
        referral = self.env["partner.referral"].with_user(user or self.salesperson)._register_referrals([vals])
        return referral.with_env(self.env)

    def found(self, referral):
        return {match.partner_id: match.reason for match in referral.match_ids}

    # ------------------------------------------------------------
    # ONE PATH
    # ------------------------------------------------------------

    def test_p8_moved_to_a_program_that_is_closed_by_a_lead_it_gets_one(self):
        referral = self.register(enrollment_id=self.enrollment_byte.id, prospect_name="Foxtrot Foods")
        self.assertFalse(referral.lead_id)
        referral.with_user(self.salesperson).enrollment_id = self.enrollment_ada
        self.assertEqual(referral.lead_id.partner_name, "Foxtrot Foods")
        self.enrollment_byte.state = "suspended"
        with self.assertRefused("is not an active partner of this program"):
            referral.with_user(self.salesperson).enrollment_id = self.enrollment_byte

    def test_p7_whoever_it_is_handed_to_accepts_it_though_the_lead_stays_a_colleagues(self):
        for accept_before in (False, True):
            lead = self.lead(self.env["res.partner"], partner_name=f"Foxtrot {accept_before}")
            referral = self.register(lead_id=lead.id)
            if accept_before:
                referral.action_accept()
            referral.user_id = self.other_salesperson
            self.env.flush_all()
            self.env.invalidate_all()
            own = referral.with_user(self.other_salesperson)
            self.assertFalse(own.needs_confirmation)
            if not accept_before:
                own.action_accept()
            self.assertEqual(referral.state, "accepted")

    def test_p4_a_prospect_gets_a_number_a_lead_a_clock_and_a_verdict(self):
        referral = self.register(
            prospect_name=" Foxtrot Foods ", prospect_email="fay@foxtrot.example", note="They look for a tool"
        )
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "submitted",
                    "source": "sales",
                    "prospect_name": "Foxtrot Foods",
                    "referred_on": Datetime.now(),
                    "eligibility": "eligible",
                    "needs_confirmation": False,
                }
            ],
        )
        self.assertRecordValues(
            referral.lead_id,
            [
                {
                    "partner_name": "Foxtrot Foods",
                    "email_from": "fay@foxtrot.example",
                    "user_id": self.salesperson.id,
                    "company_id": self.company.id,
                    "referral_id": referral.id,
                }
            ],
        )

    def test_p4_the_portal_and_mails_come_through_the_same_door(self):
        for source in ("portal", "email"):
            referral = (
                self.env["partner.referral"]
                .with_user(self.portal_ada)
                .sudo()
                ._register_referrals(
                    [
                        {
                            "enrollment_id": self.enrollment_ada.id,
                            "source": source,
                            "referred_on": "2026-01-04 22:15:00",
                            "prospect_email": f"fay@{source}.example",
                        }
                    ]
                )
            )
            self.assertRecordValues(
                referral, [{"source": source, "referred_on": Datetime.to_datetime("2026-01-04 22:15:00")}]
            )
            self.assertEqual(referral.lead_id.email_from, f"fay@{source}.example")

    def test_p4_from_a_lead_a_contact_and_a_quotation(self):
        order = self.env["sale.order"].create(
            {"partner_id": self.other_client.id, "company_id": self.company.id, "user_id": self.salesperson.id}
        )
        lead = self.lead(client=self.env["res.partner"].create({"name": "Foxtrot", "is_company": True}))
        for record, client in ((self.client_contact, self.client), (order, self.other_client), (lead, lead.partner_id)):
            with self.subTest(record._name):
                action = record.with_user(self.salesperson).action_register_referral()
                Referral = self.env["partner.referral"].with_user(self.salesperson).with_context(**action["context"])
                with Form(Referral, view=action["views"][0][0]) as form:
                    form.enrollment_id = self.enrollment_ada
                referral = form.record
                self.assertEqual((referral.client_id, referral.state), (client, "submitted"))
                self.assertEqual(referral.lead_id.partner_id.commercial_partner_id, client)
                shown = referral.action_registered()
                goes_back = record == lead
                self.assertEqual(shown["type"].endswith("close"), goes_back, "others show what was found")
        self.assertEqual(lead.referral_ids.lead_id, lead)

    def test_p4_whoever_registers_keeps_sight_of_it_when_the_partner_has_an_account_manager(self):
        self.enrollment_ada.account_manager_id = self.manager
        order = self.env["sale.order"].create({"partner_id": self.other_client.id, "user_id": self.salesperson.id})
        nobodys = self.lead(client=self.env["res.partner"].create({"name": "Foxtrot"}), user_id=False)
        for record in (self.client, order, nobodys):
            with self.subTest(record._name):
                action = record.with_user(self.salesperson).action_register_referral()
                Referral = self.env["partner.referral"].with_user(self.salesperson).with_context(**action["context"])
                with Form(Referral, view=action["views"][0][0]) as form:
                    form.enrollment_id = self.enrollment_ada
                self.env.invalidate_all()
                self.assertEqual(form.record.read(["user_id"])[0]["user_id"][0], self.salesperson.id)
        # The form of the app sends the field, empty.
        referral = self.register(prospect_name="Golf Games", user_id=False)
        self.assertEqual((referral.user_id, referral.lead_id.user_id), (self.salesperson, self.salesperson))
        theirs = self.register(
            user=self.manager, lead_id=self.lead(user_id=self.other_salesperson.id).id, user_id=False
        )
        self.assertEqual(theirs.user_id, self.other_salesperson, "a lead that somebody works on stays theirs")

    def test_p4_what_the_portal_and_mails_register_is_for_the_account_manager(self):
        self.enrollment_ada.account_manager_id = self.manager
        vals = {"enrollment_id": self.enrollment_ada.id, "source": "portal", "prospect_name": "Golf Games"}
        referral = self.env["partner.referral"].with_user(self.portal_ada).sudo()._register_referrals([vals])
        self.assertEqual(referral.user_id, self.manager)

    def test_d10_the_prospect_of_a_lead_is_who_the_lead_says_and_protected(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Website",
                "partner_name": "Foxtrot Foods",
                "contact_name": "Fay Fox",
                "email_from": '"Fay" <Fay@foxtrot.example>',
                "phone": "+32 2 290 34 90",
                "user_id": self.salesperson.id,
                "company_id": self.company.id,
            }
        )
        # A browser sends every field of the dialog, those that stayed empty too.
        first = self.register(
            lead_id=lead.id,
            client_id=False,
            prospect_name=False,
            prospect_contact_name=False,
            prospect_email=False,
            prospect_phone=False,
        )
        self.assertRecordValues(
            first,
            [
                {
                    "prospect_name": "Foxtrot Foods",
                    "prospect_contact_name": "Fay Fox",
                    "prospect_email": "fay@foxtrot.example",
                    "prospect_phone": "+32 2 290 34 90",
                }
            ],
        )
        first.with_user(self.salesperson).action_accept()
        enrollment = self.env["partner.program.enrollment"].create(
            {
                "partner_id": self.byte.id,
                "program_id": self.program_referral.id,
                "state": "active",
                "date_start": "2025-01-01",
            }
        )
        second = self.register(
            enrollment_id=enrollment.id, prospect_name="Foxtrot Foods", prospect_email="bob@foxtrot.example"
        )
        with self.assertRefused("Foxtrot Foods is protected by another referral"):
            second.with_user(self.salesperson).action_accept()

    def test_p4_a_lead_that_began_with_a_mail_of_the_partner_was_received_with_it(self):
        lead = self.lead()
        self.go_to("2026-01-04 22:15:00")
        mail = lead.message_post(body="Talk to them", message_type="email", author_id=self.ada_contact.id)
        mail.sudo().date = "2025-06-01 08:00:00"  # what the sender's computer says
        self.go_to("2026-01-05 09:00:00")
        Referral = self.env["partner.referral"].with_user(self.salesperson).with_context(default_lead_id=lead.id)
        form = Form(Referral, view="partner_program.partner_referral_view_form_register")
        form.enrollment_id = self.enrollment_byte
        self.assertEqual(form.referred_on, Datetime.now(), "the mail was not theirs")
        form.enrollment_id = self.enrollment_ada
        self.assertEqual(form.referred_on, Datetime.to_datetime("2026-01-04 22:15:00"))

    def lead_of_a_mail(self):
        """A lead as the gateway makes it of a mail of the partner to the sales address."""
        self.ada.write({"street": "1 Advice Street", "city": "Adaville"})
        self.invoice(900, client=self.ada, on="2025-12-15")  # partners are customers in general
        return self.lead(self.ada_contact, name="Fwd: they need you", email_from="ann@ada.example")

    def dialog(self, lead):
        referrals = self.env["partner.referral"].with_user(self.salesperson).with_context(default_lead_id=lead.id)
        form = Form(referrals, view="partner_program.partner_referral_view_form_register")
        form.enrollment_id = self.enrollment_ada
        return form

    def test_d11_a_lead_that_a_mail_of_the_partner_made_asks_for_the_client_and_is_about_it_from_then_on(self):
        lead = self.lead_of_a_mail()
        form = self.dialog(lead)
        self.assertFalse(form.client_id)
        form.prospect_name = "Foxtrot Foods"
        referral = form.save().with_env(self.env)
        self.assertRecordValues(
            referral,
            [
                {
                    "lead_id": lead.id,
                    "client_id": False,
                    "prospect_email": False,
                    "prospect_contact_name": False,
                    "eligibility": "eligible",
                }
            ],
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "partner_id": False,
                    "partner_name": "Foxtrot Foods",
                    "contact_name": False,
                    "email_from": False,
                    "street": False,
                }
            ],
        )
        referral.with_user(self.salesperson).action_accept()
        lead.action_set_won()
        self.assertEqual((referral.state, referral.client_id.name), ("acquired", "Foxtrot Foods"))

    def test_d11_the_client_chosen_for_such_a_lead_is_its_customer_and_the_documents_of_the_partner_prove_nothing(self):
        lead = self.lead_of_a_mail()
        form = self.dialog(lead)
        form.client_id = self.other_client
        referral = form.save().with_env(self.env)
        self.assertEqual((referral.eligibility, referral.evidence_ids.ids), ("eligible", []))
        self.assertEqual((lead.partner_id, lead.email_from), (self.other_client, "hello@delta.example"))

    def test_d11_such_a_lead_whose_customer_was_emptied_gives_no_data_of_the_partner(self):
        lead = self.lead_of_a_mail()
        lead.write({"partner_id": False, "partner_name": "Foxtrot Foods"})
        referral = self.dialog(lead).save().with_env(self.env)
        self.assertEqual((referral.prospect_name, referral.prospect_email), ("Foxtrot Foods", False))
        self.assertEqual((lead.partner_name, lead.email_from), ("Foxtrot Foods", False))

    def test_d11_such_a_lead_is_not_registered_while_nobody_says_who_the_client_is(self):
        lead = self.lead_of_a_mail()
        with self.assertRefused("does not say who the client is"):
            self.register(lead_id=lead.id)
        with self.assertRefused("“Ann@ada.example” is of Ada Advisory itself. Enter the name"):
            self.register(prospect_email="Ann@ada.example")

    def test_d11_a_lead_of_the_parent_of_the_partner_is_refused_and_stays_as_it_is(self):
        self.ada.parent_id = self.env["res.partner"].create({"name": "Mother Holding", "is_company": True})
        lead = self.lead(self.ada.parent_id, partner_name="Mother Holding")
        with self.assertRefused("Ada Advisory cannot refer itself, its parent company"):
            self.dialog(lead).save()
        with self.assertRefused("Ada Advisory cannot refer itself, its parent company"):
            self.register(lead_id=lead.id, prospect_name="Mother Holding")
        self.assertEqual(lead.partner_id.name, "Mother Holding")

    def test_d11_of_a_lead_of_a_company_of_the_partner_nothing_is_taken_for_the_client(self):
        labs = self.env["res.partner"].create({"name": "Ada Labs", "is_company": True, "parent_id": self.ada.id})
        lead = self.lead(labs, partner_name="Ada Laboratories")
        with self.assertRefused("is of Ada Advisory itself and does not say who the client is"):
            self.dialog(lead).save()
        self.assertEqual(lead.partner_id, labs)
        lead.write({"partner_id": False, "email_from": "ann@ada.example", "partner_name": "Ada Labs Ltd"})
        with self.assertRefused("does not say who the client is"):
            self.register(lead_id=lead.id)

    def test_d11_the_client_comes_back_when_the_partner_itself_was_chosen_by_mistake(self):
        lead = self.lead(self.byte_contact)
        form = self.dialog(lead)
        self.assertEqual(form.client_id, self.byte)
        form.enrollment_id = self.enrollment_byte
        self.assertFalse(form.client_id)
        form.enrollment_id = self.enrollment_ada
        self.assertEqual(form.client_id, self.byte)

    def test_d11_data_of_who_has_left_the_partner_are_not_those_of_the_client(self):
        self.ada.child_ids.create(
            {"name": "Abe", "parent_id": self.ada.id, "phone": "+1 212 555 0144", "email": "abe@old.example"}
        ).active = False
        referral = self.register(
            prospect_name="Foxtrot", prospect_email="abe@old.example", prospect_phone="+1 212 555 0144"
        )
        self.assertRecordValues(referral, [{"prospect_email": False, "prospect_phone": False}])

    def test_p7_the_customer_of_a_lead_proves_nothing_about_another_client(self):
        self.invoice(900, client=self.client, on="2025-12-15")
        referral = self.register(lead_id=self.lead(self.client).id, client_id=self.other_client.id)
        self.assertEqual((referral.client_id, referral.eligibility), (self.other_client, "eligible"))

    def test_a_contact_names_who_referred_it_in_the_companies_that_are_chosen(self):
        self.refer()
        other = self.setup_other_company()["company"]
        program = self.program_referral.copy({"company_id": other.id, "bill_journal_id": False})
        enrollment = self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte.id, "program_id": program.id, "state": "active"}
        )
        self.manager.sudo().company_ids += other
        self.go_to("2026-01-06")
        lead = self.lead(company_id=other.id, user_id=False)
        theirs = self.env["partner.referral"].create(
            {"enrollment_id": enrollment.id, "client_id": self.client.id, "lead_id": lead.id}
        )
        theirs.action_accept()
        contact = self.client_contact.with_user(self.manager)
        for companies, partner in ((self.company, self.ada), (other, self.byte), (self.company + other, self.ada)):
            for reader in (contact, contact.sudo()):  # with the rule of companies, and without
                self.env.invalidate_all()
                found = reader.with_context(allowed_company_ids=companies.ids).referral_partner_id
                self.assertEqual(found, partner, companies.mapped("name"))

    def test_p4_a_program_with_unknown_keys_is_told(self):
        with self.assertRaises(ValueError):
            self.register(state="accepted")

    def test_p4_the_open_lead_of_the_client_is_taken(self):
        lead = self.lead()
        referral = self.register(client_id=self.client_contact.id)
        self.assertEqual((referral.lead_id, referral.client_id), (lead, self.client))
        second = self.register(client_id=self.other_client.id)
        self.assertEqual(second.lead_id.partner_id, self.other_client, "there was none: a new one")

    def test_p4_a_lead_that_was_open_before_is_evidence_although_it_is_taken(self):
        lead = self.lead()
        self.go_to("2026-01-12")
        referral = self.register(client_id=self.client.id)
        self.assertEqual(referral.lead_id, lead)
        self.assertEqual(referral.eligibility, "ineligible")
        self.assertEqual(referral.evidence_ids.mapped("res_id"), lead.ids)

    def test_p4_leads_of_others_two_open_ones_or_a_referred_one_are_left_alone(self):
        theirs = self.lead(user_id=self.other_salesperson.id)
        referral = self.register(client_id=self.client.id)
        self.assertNotEqual(referral.lead_id, theirs)
        again = self.register(client_id=self.client.id, enrollment_id=self.enrollment_ada.id)
        self.assertNotIn(again.lead_id, theirs + referral.lead_id)

    def test_p14_an_up_sell_is_not_the_lead_of_a_new_claim(self):
        earned = self.acquired()
        upsell = self.lead(upsell_referral_id=earned.id, upsell_package_id=self.package_pro.id)
        upsell.user_id = self.salesperson
        enrollment = self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte.id, "program_id": self.program_referral.id, "state": "active"}
        )
        referral = self.register(client_id=self.client.id, enrollment_id=enrollment.id)
        self.assertTrue(referral.lead_id)
        self.assertNotIn(referral.lead_id, upsell + earned.lead_id)
        self.assertEqual(upsell.referral_partner_id, self.ada)

    # ------------------------------------------------------------
    # CONTACTS FOUND
    # ------------------------------------------------------------

    def test_contacts_are_found_by_tax_id_mail_domain_phone_and_name_and_the_reason_is_shown(self):
        self.company.country_id = self.env.ref("base.be")
        golf, hotel, india, juliet = self.env["res.partner"].create(
            [
                {"name": "Golf", "is_company": True, "vat": "BE0477472701", "country_id": self.env.ref("base.be").id},
                {"name": "Hotel", "is_company": True, "email": "info@kilo.example"},
                {"name": "India", "is_company": True, "phone": "+32 2 290 34 90"},
                {"name": "KILO-Keys, GmbH", "is_company": True},
            ]
        )
        staff = self.env["res.partner"].create({"name": "Hal", "parent_id": hotel.id, "email": "kim@kilo.example"})
        referral = self.register(
            prospect_name="Kilo Keys",
            prospect_email='"Kim" <Kim@KILO.example>',
            prospect_phone="02 290 34 90",
            prospect_vat="BE 0477.472.701",
        )
        self.assertEqual(
            self.found(referral),
            {
                golf: "same tax ID",
                hotel: "same email address, same email domain",
                india: "same phone number",
                juliet: "same name",
            },
        )
        self.assertEqual(list(self.found(referral)), [golf, hotel, india, juliet], "the likeliest first")
        self.assertTrue(referral.needs_confirmation)
        self.assertTrue(staff)

    def test_tax_ids_are_compared_without_blanks_and_dots_by_an_index(self):
        golf = self.env["res.partner"].create({"name": "Golf", "is_company": True, "vat": "be 0477.472.701"})
        referral = self.register(prospect_name="Anything", prospect_vat="BE0477472701")
        self.assertEqual(self.found(referral), {golf: "same tax ID"})
        self.env["res.partner"].create([{"name": f"P{n}", "vat": f"BE {n}"} for n in range(1000)])
        self.env.flush_all()
        self.env.cr.execute("ANALYZE res_partner")
        query = referral._get_match_query([(0, "vat", "BE0477472701")])
        plan = "\n".join(line for (line,) in self.env.execute_query(SQL("EXPLAIN %s", query)))
        self.assertIn("using res_partner_compact_vat_idx", plan)
        self.assertIn("Index Cond: (regexp_replace(upper", plan)

    def test_contacts_of_other_companies_and_archived_ones_are_not_offered(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["res.partner"].create(
            [
                {"name": "Kilo", "is_company": True, "email": "a@kilo.example", "company_id": other.id},
                {"name": "Kilo", "is_company": True, "email": "b@kilo.example", "active": False},
            ]
        )
        ours = self.env["res.partner"].create(
            {"name": "Kilo", "is_company": True, "email": "c@kilo.example", "company_id": self.company.id}
        )
        referral = self.register(prospect_name="Kilo", prospect_email="info@kilo.example").with_user(self.salesperson)
        self.assertEqual(self.found(referral), {ours: "same email domain, same name"})
        with self.assertRefused("may be a contact that we know: Kilo."):
            referral.action_accept()

    def test_addresses_at_public_providers_say_nothing_about_the_company(self):
        private = self.env["res.partner"].create({"name": "Gina", "email": "gina@gmail.com"})
        self.assertFalse(self.found(self.register(prospect_email="georg@gmail.com")))
        self.assertEqual(self.found(self.register(prospect_email="gina@gmail.com")), {private: "same email address"})

    def test_the_partner_itself_and_our_own_company_are_not_found(self):
        self.company.partner_id.email = "us@ours.example"
        self.assertFalse(self.found(self.register(prospect_name="Ada Advisory", prospect_email="x@ours.example")))

    def test_accepting_asks_first_who_the_client_is(self):
        referral = self.register(prospect_email="boss@cobalt.example")
        self.assertEqual(self.found(referral), {self.client: "same email domain"})
        with self.assertRefused("boss@cobalt.example may be a contact that we know: Cobalt Clinics"):
            referral.with_user(self.salesperson).action_accept()
        referral.match_ids.with_user(self.salesperson).action_choose()
        self.assertEqual((referral.client_id, referral.lead_id.partner_id), (self.client, self.client))
        self.assertFalse(referral.needs_confirmation)
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual(referral.state, "accepted")

    def test_a_contact_found_when_it_is_accepted_is_on_the_screen_then(self):
        referral = self.register(prospect_name="Kilo").with_user(self.salesperson)
        kilo = self.env["res.partner"].create({"name": "Kilo", "is_company": True})
        notice = referral.action_accept()
        self.assertIn("Kilo may be a contact that we know: Kilo.", notice["params"]["message"])
        self.assertRecordValues(referral, [{"state": "submitted", "needs_confirmation": True}])
        self.assertEqual(self.found(referral), {kilo: "same name"})
        with self.assertRefused("may be a contact that we know: Kilo."):
            referral.action_accept()

    def test_p7_discussions_found_when_it_is_accepted_are_on_the_screen_then(self):
        referral = self.refer(accept=False).with_user(self.salesperson)
        self.invoice(10, on="2025-06-01")
        notice = referral.action_accept()
        self.assertIn("discussions with Cobalt Clinics shortly before the referral", notice["params"]["message"])
        self.assertRecordValues(referral, [{"state": "submitted", "eligibility": "ineligible"}])
        self.assertEqual(referral.evidence_ids.mapped("kind"), ["invoice"])

    def test_a_reason_to_override_is_not_kept_when_something_else_was_found(self):
        referral = self.register(prospect_name="Kilo").with_user(self.manager)
        self.env["res.partner"].create({"name": "Kilo", "is_company": True})
        override = {"referral_ids": referral.ids, "decision": "override", "reason": "The boss said so"}
        notice = self.env["partner.referral.decision"].with_user(self.manager).create(override).action_confirm()
        self.assertIn("may be a contact that we know", notice["params"]["message"])
        self.assertRecordValues(referral, [{"state": "submitted", "decision_reason": False}])
        self.assertNotIn("The boss said so", "".join(map(str, referral.message_ids.mapped("body"))))

    def test_none_of_these(self):
        self.invoice(10, on="2025-06-01")
        referral = self.register(prospect_email="boss@cobalt.example")
        self.assertEqual(referral.eligibility, "ineligible", "it may well be this client")
        referral.with_user(self.salesperson).action_prospect_is_new()
        self.assertRecordValues(
            referral, [{"needs_confirmation": False, "eligibility": "eligible", "client_id": False}]
        )
        referral.with_user(self.salesperson).action_accept()
        self.assertEqual(referral.state, "accepted")
        self.assertFalse(referral.client_id)

    def test_none_of_these_is_said_of_the_contacts_that_were_found(self):
        referral = self.register(prospect_name="Kilo", prospect_email="boss@kilo.example").with_user(self.salesperson)
        self.env["res.partner"].create({"name": "Kilo", "is_company": True})
        referral.action_check_eligibility()
        referral.action_prospect_is_new()
        referral.action_check_eligibility()
        self.assertFalse(referral.needs_confirmation)
        later = self.env["res.partner"].create({"name": "Kilo", "is_company": True, "email": "us@kilo.example"})
        self.invoice(10, on="2025-06-01", client=later)
        notice = referral.action_accept()
        self.assertIn("may be a contact that we know", notice["params"]["message"])
        self.assertRecordValues(
            referral, [{"state": "submitted", "needs_confirmation": True, "eligibility": "ineligible"}]
        )
        referral.action_prospect_is_new()
        referral.action_accept()
        self.assertEqual((referral.state, referral.client_id), ("accepted", self.env["res.partner"]))

    def test_other_facts_are_looked_at_again(self):
        referral = self.register(prospect_email="boss@cobalt.example")
        referral.with_user(self.salesperson).action_prospect_is_new()
        referral.with_user(self.salesperson).prospect_email = "boss@delta.example"
        self.assertEqual(self.found(referral), {self.other_client: "same email domain"})
        self.assertTrue(referral.needs_confirmation)

    def test_a_check_costs_the_same_for_one_referral_and_for_ten(self):
        """At most thirty queries for one; `./dev bench referrals` does it among a million messages."""
        known = {
            "prospect_name": "Cobalt Clinics",
            "prospect_email": "x@cobalt.example",
            "prospect_phone": "+3222903490",
        }
        self.invoice(10, on="2025-06-01")
        self.env["sale.order"].create(
            {
                "partner_id": self.client.id,
                "date_order": "2025-06-01",
                "company_id": self.company.id,
            }
        )
        self.env["calendar.event"].create(
            {
                "name": "Demo",
                "start": "2025-05-20 14:00:00",
                "stop": "2025-05-20 15:00:00",
                "partner_ids": self.client.ids,
            }
        )
        self.go_to("2025-10-01 10:00:00")
        self.client_contact.message_post(body="Please call me", message_type="email")
        self.go_to("2026-01-05 09:00:00")
        some = [self.register(**known) for _number in range(11)]
        statements = {}
        for count, referrals in ((1, some[:1]), (10, some[1:])):
            referrals = self.env["partner.referral"].union(*referrals).with_user(self.salesperson)
            referrals.action_check_eligibility()
            self.env.flush_all()
            self.env.invalidate_all()
            found = []
            threading.current_thread().query_hooks = [lambda _cr, query, *_rest, found=found: found.append(str(query))]
            referrals.action_check_eligibility()
            self.env.flush_all()
            del threading.current_thread().query_hooks
            statements[count] = found
        self.assertEqual(len(some[0].evidence_ids.mapped("kind")), 4)
        self.assertLessEqual(len(statements[1]), 30, "\n".join(one[:300] for one in statements[1]))
        self.assertLessEqual(
            len(statements[10]), len(statements[1]) + 3, "\n".join(one[:300] for one in statements[10])
        )

    def test_a_referral_that_is_typed_says_who_that_may_be(self):
        referral = (
            self.env["partner.referral"]
            .with_user(self.salesperson)
            .new({"enrollment_id": self.enrollment_ada.id, "prospect_name": "Cobalt Clinics Ltd."})
        )
        self.assertEqual(referral.match_hint, "Cobalt Clinics (same name)")

    # ------------------------------------------------------------
    # BAD INPUT
    # ------------------------------------------------------------

    def assertNothingSaved(self, pattern, **vals):  # noqa: N802
        counts = [self.env[model].search_count([]) for model in ("partner.referral", "crm.lead")]
        with self.assertRefused(pattern):
            self.register(**vals)
        self.assertEqual(counts, [self.env[model].search_count([]) for model in ("partner.referral", "crm.lead")])

    def test_a_prospect_with_neither_name_nor_mail(self):
        self.assertNothingSaved("Who was referred", prospect_name="  ", prospect_phone="+32 2 290 34 90")

    def test_an_address_that_is_none(self):
        self.assertNothingSaved("“fay at foxtrot” is not an email address", prospect_email="fay at foxtrot")

    def test_a_date_before_the_enrollment_started(self):
        self.enrollment_ada.date_start = "2026-01-02"
        self.register(client_id=self.client.id, referred_on="2026-01-02 00:00:00")
        self.assertNothingSaved(
            "Ada Advisory .Referral. is enrolled since 01/02/2026: a referral cannot be dated before, on 01/01/2026",
            client_id=self.other_client.id,
            referred_on="2026-01-01 23:59:59",
        )

    def test_a_partner_that_is_not_active(self):
        self.program_referral.account_manager_required = True  # else nothing keeps it in onboarding
        for state, word in (("suspended", "Suspended"), ("ended", "Ended"), ("onboarding", "Onboarding")):
            self.enrollment_ada.state = state
            self.assertNothingSaved(f"not an active partner of this program .{word}.", client_id=self.client.id)

    def test_d11_a_client_that_belongs_to_the_partner(self):
        mother = self.env["res.partner"].create({"name": "Mother Holding", "is_company": True})
        daughter = self.env["res.partner"].create({"name": "Daughter", "is_company": True, "parent_id": self.ada.id})
        self.ada.parent_id = mother
        for client in (self.ada, self.ada_contact, mother, daughter):
            with self.subTest(client.name):
                self.assertNothingSaved("cannot refer itself", client_id=client.id)

    def test_a_lead_with_a_live_referral(self):
        first = self.refer()
        self.assertNothingSaved(f"has a live referral already .{first.name}.", lead_id=first.lead_id.id)
        first.decision_reason = "No"
        first.action_reject()
        self.assertEqual(self.register(lead_id=first.lead_id.id).lead_id, first.lead_id)

    def test_a_lead_with_a_title_only(self):
        nobody = self.env["res.partner"]
        title = self.lead(client=nobody)
        self.assertNothingSaved("“Lead on somebody” does not say who the client is", lead_id=title.id)
        title.contact_name = "Fay Fox"
        self.assertEqual(self.register(lead_id=title.id).prospect_name_key, "fayfox")

    def test_p8_a_lead_that_was_lost(self):
        lead = self.lead()
        lead.action_set_lost()
        referral = self.register(lead_id=lead.id).with_user(self.salesperson)
        with self.assertRefused("Restore the lead “Lead on Cobalt Clinics” first"):
            referral.action_accept()
        self.assertEqual(referral.state, "submitted")
        lead.action_unarchive()
        referral.action_accept()
        self.assertEqual(referral.state, "accepted")

    def test_rejected_with_the_words_of_the_acceptance(self):
        self.invoice(10, on="2025-06-01")
        referral = self.refer(accept=False)
        decision = {"referral_ids": referral.ids, "decision": "override", "reason": "By phone"}
        Decision = self.env["partner.referral.decision"].with_user(self.manager)
        Decision.create(decision).action_confirm()
        self.assertEqual(referral.state, "accepted")
        Decision.create({**decision, "decision": "rejected"}).action_confirm()
        self.assertRecordValues(referral, [{"state": "rejected", "decision_reason": "By phone"}])

    def test_accepting_twice(self):
        referral = self.refer()
        before = self.snapshot()
        with self.assertRefused("was decided already .Accepted."):
            referral.with_user(self.salesperson).action_accept()
        self.assertEqual(self.snapshot(), before)
