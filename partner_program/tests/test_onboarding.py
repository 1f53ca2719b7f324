"""From the application to the active partner: screening, checklist, account manager, and what comes later."""

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..models.partner_program_enrollment_life import STATE_MAILS
from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class OnboardingCommon(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "office@fieldpro.example"
        cls.program_affiliate.write(
            {"bank_account_required": True, "tax_id_required": True, "account_manager_required": True}
        )
        cls.enrollments = cls.env["partner.program.enrollment"]
        cls.new, cls.newcomer = cls.env["res.partner"].create(
            [
                {"name": "New Ideas", "is_company": True, "country_id": cls.env.ref("base.fr").id},
                {"name": "Nora New", "email": "nora@new.example", "lang": "en_US"},
            ]
        )
        cls.newcomer.parent_id = cls.new

    def application(self, program=None, **vals):
        return self.enrollments.create(
            {
                "partner_id": self.new.id,
                "program_id": (program or self.program_affiliate).id,
                "applicant_id": self.newcomer.id,
                "applicant_email": "nora@new.example",
                **vals,
            }
        )

    def settle(self):
        """What happens at the end of a transaction."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.flush_all()

    def subjects(self, record):
        """Subjects of the mails to outside about a record, and to whom they went."""
        domain = [("model", "=", record._name), ("res_id", "=", record.id), ("is_notification", "=", False)]
        mails = self.env["mail.mail"].sudo().search(domain, order="id")
        self.assertLessEqual(set(mails.recipient_ids.mapped("email")), {self.newcomer.email, self.ada_contact.email})
        return mails.mapped("subject")


class TestScreening(OnboardingCommon):
    def test_p2_a_customer_fits_the_referral_program_and_the_facts_say_why(self):
        self.pay(self.invoice(500.0, client=self.new))
        application = self.application(is_program_open=True)
        self.assertEqual(application.suggested_program_id, self.program_referral)
        self.assertIn("Existing customer: one invoice paid, of 01/05/2026.", application.screening_facts)
        application.with_user(self.manager).action_use_suggestion()
        self.assertEqual((application.program_id, application.is_program_open), (self.program_referral, False))

    def test_p3_companies_in_contact_with_the_target_customers_fit_the_affiliate_program(self):
        for kind in ("it_provider", "reseller", "agency", "consultancy", "contact"):
            with self.subTest(kind=kind):
                self.assertEqual(
                    self.application(company_kind=kind, state="rejected").suggested_program_id, self.program_affiliate
                )
        application = self.application(company_kind="consultancy")
        self.assertIn("Not a customer", application.screening_facts)
        self.assertIn("Kind of company: Consultancy.", application.screening_facts)
        self.assertIn("Country: France.", application.screening_facts)
        self.assertIn("Enrolled before: Affiliate, Rejected.", application.screening_facts)

    def test_p2_p3_approval_waits_until_the_program_is_chosen(self):
        application = self.application(self.program_referral, company_kind="consultancy", is_program_open=True)
        application = application.with_user(self.manager)
        with self.assertRefused("By the facts Affiliate fits"):
            application.action_onboard()
        self.assertEqual(self.subjects(application), [])
        application.action_use_suggestion()
        application.action_onboard()
        self.assertEqual((application.state, application.program_id), ("onboarding", self.program_affiliate))

    def test_p2_p3_so_it_does_where_no_program_fits_by_the_facts(self):
        application = self.application(is_program_open=True).with_user(self.manager)
        with self.assertRefused("if Affiliate is right"):
            application.action_onboard()
        application.program_id = self.program_referral
        self.assertFalse(application.is_program_open, "it is chosen now")
        application.write({"is_program_open": True})
        application.is_program_open = False
        application.action_onboard()
        self.assertEqual((application.state, application.program_id), ("onboarding", self.program_referral))

    def test_p2_p3_who_fits_both_gets_what_was_applied_for(self):
        self.pay(self.invoice(500.0, client=self.new))
        application = self.application(self.program_referral, company_kind="reseller")
        self.assertEqual(application.suggested_program_id, self.program_referral)
        application.is_program_open = True
        self.assertEqual(application.suggested_program_id, self.program_affiliate)

    def test_nothing_known_nothing_suggested(self):
        application = self.application(company_kind="other")
        self.assertFalse(application.suggested_program_id)
        self.assertFalse(self.application(self.program_referral).suggested_program_id)

    def test_screening_takes_the_same_queries_for_one_and_for_many(self):
        partners = self.env["res.partner"].create([{"name": f"Applicant {number}"} for number in range(10)])
        self.application()
        many = self.enrollments.create(
            [{"partner_id": partner.id, "program_id": self.program_affiliate.id} for partner in partners]
        )
        counts = []
        for records in (many[:1], many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("suggested_program_id")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1, counts)

    def test_approval_gives_portal_access_without_rights_on_users(self):
        application = self.application()
        self.assertFalse(self.manager.has_group("base.group_erp_manager"))
        application.with_user(self.manager).action_onboard()
        user = self.newcomer.sudo().user_ids
        self.assertEqual((user.login, user.share), ("nora@new.example", True))
        self.assertTrue(user.has_group("base.group_portal"))
        self.assertEqual(self.subjects(application), ["Welcome to the Affiliate program: what is left to do"])
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", application.id), ("model", "=", application._name)])
        for item in ("Contract signed", "Staff trained", "Bank account", "Tax data", "Account manager"):
            self.assertIn(item, mail.body_html)

    def test_approval_goes_on_when_the_address_is_somebody_elses_log_in(self):
        self._new_user("nora@new.example", "base.group_portal")
        application = self.application()
        application.with_user(self.manager).action_onboard()
        self.assertEqual(application.state, "onboarding")
        self.assertIn("Give portal access to New Ideas", application.activity_ids.mapped("summary"))
        self.assertFalse(self.newcomer.sudo().user_ids)

    def test_rejection_tells_the_reason(self):
        application = self.application()
        wizard = self.env["partner.program.enrollment.decision"].with_user(self.manager)
        decision = wizard.create({"enrollment_id": application.id, "kind": "reject"})
        with self.assertRefused("Say why"):
            decision.action_confirm()
        decision.reason = "We look for partners in <Spain>."
        decision.action_confirm()
        self.assertEqual((application.state, application.decision_reason), ("rejected", decision.reason))
        self.assertEqual(self.subjects(application), ["Your application for our partner program"])
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", application.id), ("model", "=", application._name)])
        self.assertIn("partners in &lt;Spain&gt;.", mail.body_html)
        application.program_id = self.program_referral
        self.assertEqual(len(self.subjects(application)), 1, "who was rejected is on no program")
        application.program_id = self.program_affiliate
        application.with_user(self.manager).action_reopen()
        self.assertEqual((application.state, application.decision_reason), ("applied", False))
        self.assertEqual(application.activity_ids.summary, "Look at the application of New Ideas", "on a list again")

    def test_a_salesperson_decides_nothing(self):
        application = self.application(company_kind="consultancy", is_program_open=True)
        for action in ("action_onboard", "action_use_suggestion", "action_reject", "action_sign", "action_activate"):
            with self.subTest(action=action), self.assertRefused(".", AccessError):
                getattr(application.with_user(self.salesperson), action)()


class TestChecklist(OnboardingCommon):
    def keys(self, enrollment, done):
        return [item["key"] for item in enrollment._get_checklist() if item["done"] == done]

    def test_d15_items_complete_themselves_and_the_partner_becomes_active(self):
        enrollment = self.application()
        enrollment.with_user(self.manager).action_onboard()
        everything = ["agreement", "training", "bank_account", "tax_id", "account_manager"]
        self.assertEqual(self.keys(enrollment, False), everything)
        self.assertEqual(
            enrollment.missing_requirements,
            "contract not signed, trained staff: 0 of 1, bank account unknown, tax ID unknown",
        )
        self.assertIn("Read the contract and sign it online.", enrollment.checklist_html)
        enrollment.with_user(self.manager).action_sign()
        enrollment.trained_contact_ids = [Command.link(self.newcomer.id)]
        bank = self.env["res.partner.bank"].create(
            {"acc_number": "FR7630006000011234567890189", "partner_id": self.new.id}
        )
        self.new.vat = "/"
        self.settle()
        self.assertEqual((enrollment.state, self.keys(enrollment, False)), ("onboarding", ["account_manager"]))
        self.assertTrue(enrollment.requirements_met, "a manager who is missing holds no payout")
        self.assertIn("0189", enrollment.checklist_html)
        self.assertNotIn("FR7630006", enrollment.checklist_html)
        enrollment.account_manager_id = self.manager
        self.settle()
        self.assertEqual((enrollment.state, enrollment.date_start.isoformat()), ("active", "2026-01-05"))
        self.assertEqual(self.subjects(enrollment)[-1], "Welcome to the Affiliate program")
        bank.unlink()
        self.settle()
        self.assertEqual((enrollment.state, enrollment.requirements_met), ("active", False))

    def test_welcome_names_the_manager_and_the_resources(self):
        self.env["partner.program.resource"].create(
            [
                {"name": "Our Deck", "url": "https://fieldpro.example/deck", "category": "deck"},
                {
                    "name": "Branding Kit",
                    "attachment_id": self.env["ir.attachment"].create({"name": "kit.zip", "raw": b"PK"}).id,
                    "category": "branding",
                },
                {
                    "name": "Referral Guide",
                    "url": "https://fieldpro.example/guide",
                    "program_ids": [Command.link(self.program_referral.id)],
                },
            ]
        )
        self.manager.email = "mona@fieldpro.example"
        enrollment = self.application(account_manager_id=self.manager.id)
        enrollment.action_activate()
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", enrollment.id), ("model", "=", enrollment._name)])
        self.assertIn("Our Deck", mail.body_html)
        self.assertRegex(mail.body_html, r'<a href="[^"]*/my/resources">Branding Kit')
        self.assertNotIn("Referral Guide", mail.body_html)
        self.assertIn("mailto:mona@fieldpro.example", mail.body_html)
        self.assertEqual(mail.email_from, self.manager.email_formatted)

    def test_a_program_that_asks_for_nothing_makes_active_at_approval(self):
        enrollment = self.application(self.program_referral)
        self.settle()  # days before it is approved
        enrollment.with_user(self.manager).action_onboard()
        self.settle()
        self.assertEqual(enrollment.state, "active")
        self.assertEqual(self.subjects(enrollment), ["Welcome to the Referral program"], "one mail, not two")

    def test_d15_a_bank_account_that_is_missing_holds_and_its_arrival_releases(self):
        line = self.earned_line()
        self.program_referral.bank_account_required = True
        self.assertLine(line, state="held", hold_code="requirements", hold_reason="bank account unknown")
        self.assertFalse(self.run_bills())
        account = self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": self.ada.id})
        self.assertLine(line, state="earned")
        account.active = False
        self.assertLine(line, state="held")
        account.active = True
        self.assertEqual(self.run_bills().amount_total, 50.0)

    def test_d15_tax_data_missing_holds_and_its_arrival_releases(self):
        line = self.earned_line()
        self.program_referral.tax_id_required = True
        self.assertLine(line, state="held", hold_reason="tax ID unknown")
        self.ada.vat = "/"
        self.assertLine(line, state="earned")

    def test_d15_a_new_version_of_the_contract_holds_from_its_day_on(self):
        self.enrollment_byte.partner_id.vat = "/"
        self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": self.byte.id})
        self.byte_contact.email = self.newcomer.email
        self.assertTrue(self.enrollment_byte.requirements_met)
        second = self.agreement.copy({"version": 2, "sign_by": "2026-02-28"})
        self.program_affiliate.agreement_id = second
        self.assertEqual(self.subjects(self.enrollment_byte), ["Please sign our contract"])
        self.assertTrue(self.enrollment_byte.requirements_met)
        item = self.enrollment_byte._get_checklist()[0]
        self.assertEqual((item["done"], item["holds"]), (False, False))
        self.assertIn("by 02/28/2026", item["todo"])
        self.refer(self.enrollment_byte, self.other_client, lead_id=False)
        self.go_to("2026-02-28")
        self.run_all()
        self.assertTrue(self.enrollment_byte.requirements_met)
        self.go_to("2026-03-01")
        self.run_all()
        self.assertEqual(self.enrollment_byte.missing_requirements, "new version of the contract not signed")
        self.enrollment_byte.with_user(self.manager).action_sign()
        self.assertTrue(self.enrollment_byte.requirements_met)

    def test_d15_a_first_contract_is_told_to_everybody_whose_payouts_wait_for_it(self):
        self.earned_line()
        self.enrollment_ada.action_end()
        self.enrollment_byte.with_context(partner_program_no_mail=True).write(
            {"program_id": self.program_referral.id, "state": "onboarding", "signed_on": False, "agreement_id": False}
        )
        before = self.env["mail.mail"].search([])
        self.program_referral.agreement_id = self.agreement.create({"name": "Referral Terms", "body": "<p>Terms</p>"})
        mails = self.env["mail.mail"].search([]) - before
        self.assertEqual(
            {(mail.res_id, mail.subject) for mail in mails},
            {(one.id, "Please sign our contract") for one in self.enrollment_ada + self.enrollment_byte},
        )
        self.assertIn("there is a contract to sign", mails[0].body_html)
        self.assertIn("Payouts are held until then", mails[0].body_html)
        self.enrollment_ada.with_context(partner_program_no_mail=True).write({"for_cause": True, "end_reason": "Fraud"})
        before = self.env["mail.mail"].search([])
        self.program_referral.agreement_id = self.program_referral.agreement_id.copy({"version": 2})
        mails = self.env["mail.mail"].search([]) - before
        self.assertEqual(mails.mapped("res_id"), self.enrollment_byte.ids, "who ended for cause is paid nothing more")

    def test_d15_a_further_version_does_not_put_off_what_was_due(self):
        self.program_affiliate.write({"bank_account_required": False, "tax_id_required": False})
        versions = [
            self.agreement.copy({"version": number, "sign_by": day}) for number, day in ((2, "2026-02-28"), (3, False))
        ]
        self.program_affiliate.agreement_id = versions[0]
        self.refer(self.enrollment_byte, self.other_client, lead_id=False)
        self.go_to("2026-03-01")
        self.run_all()
        self.assertFalse(self.enrollment_byte.requirements_met)
        versions[1].sign_by = "2026-06-30"
        self.program_affiliate.agreement_id = versions[1]
        versions[0].active = False  # it is asked for no more, and yet it was due
        self.env.invalidate_all()
        self.run_all()
        self.env["partner.program.training"]._cron_sync_training()
        self.assertEqual(self.enrollment_byte.missing_requirements, "new version of the contract not signed")
        self.assertFalse(self.enrollment_byte.requirements_met)
        self.assertTrue(self.enrollment_byte._get_checklist()[0]["holds"])
        with self.assertRefused("Affiliate has asked its partners to sign Test Agreement, version 2"):
            versions[0].unlink()
        self.enrollment_byte.with_user(self.manager).action_sign()
        self.assertTrue(self.enrollment_byte.requirements_met)
        self.agreement.copy({"version": 4, "sign_by": "2026-03-02"})  # a draft that no program asks for
        fifth = self.agreement.copy({"version": 5, "sign_by": "2026-06-30"})
        self.program_affiliate.agreement_id = fifth
        self.go_to("2026-03-10")
        self.run_all()
        self.assertTrue(self.enrollment_byte.requirements_met)

    def test_d15_another_contract_has_to_be_signed_before_anything_is_paid(self):
        self.program_affiliate.account_manager_required = False
        other = self.agreement.create({"name": "Referral Terms", "body": "<p>Terms</p>", "sign_by": "2026-12-31"})
        self.program_referral.agreement_id = other
        self.enrollment_byte._change_program(self.program_referral)
        self.settle()
        self.assertRecordValues(
            self.enrollment_byte, [{"state": "onboarding", "missing_requirements": "contract not signed"}]
        )
        self.enrollment_byte.with_user(self.manager).action_sign()
        self.settle()
        self.assertRecordValues(self.enrollment_byte, [{"state": "active", "agreement_id": other.id}])


class TestAccountManager(OnboardingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marc = cls._new_user("marc", "partner_program.group_manager")
        cls.env["partner.program.manager.rule"].create(
            [
                {"program_id": cls.program_affiliate.id, "user_id": cls.manager.id, "sequence": 1},
                {
                    "program_id": cls.program_affiliate.id,
                    "user_id": cls.marc.id,
                    "sequence": 2,
                    "country_ids": [Command.link(cls.env.ref("base.fr").id)],
                },
            ]
        )

    def test_p22_the_rule_that_fits_best_then_the_fewest_partners(self):
        application = self.application()
        application.with_user(self.manager).action_onboard()
        self.assertEqual(application.account_manager_id, self.marc, "he looks after France")
        countries = [False, False, self.env.ref("base.de").id]
        partners = self.env["res.partner"].create([{"name": "P", "country_id": country} for country in countries])
        self.program_affiliate.manager_rule_ids[1].country_ids = False
        others = self.enrollments.create(
            [{"partner_id": partner.id, "program_id": self.program_affiliate.id} for partner in partners]
        )
        others.with_user(self.manager).action_onboard()
        self.assertEqual(others.account_manager_id, self.manager + self.marc)
        self.assertEqual(others.mapped("account_manager_id.login"), ["mona", "marc"])
        counts = self.enrollments._read_group(
            [("program_id", "=", self.program_affiliate.id), ("account_manager_id", "!=", False)],
            ["account_manager_id"],
            ["__count"],
        )
        self.assertEqual({count for _user, count in counts}, {2}, "shared evenly")

    def test_p22_a_language_is_looked_after_too(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.env["res.lang"]._lang_get("fr_FR")
        self.program_affiliate.manager_rule_ids[1].write({"country_ids": False, "lang_ids": [Command.set(french.ids)]})
        self.newcomer.lang = "fr_FR"
        application = self.application()
        application.action_assign_account_manager()
        self.assertEqual(application.account_manager_id, self.marc)

    def test_p22_a_rule_for_a_language_that_was_deactivated_does_not_fit_all(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.env["res.lang"]._lang_get("fr_FR")
        self.program_affiliate.manager_rule_ids[0].unlink()
        self.program_affiliate.manager_rule_ids.write({"country_ids": False, "lang_ids": [Command.set(french.ids)]})
        french.active = False
        self.env.invalidate_all()
        with self.assertRefused("No rule of Affiliate fits"):
            self.application().action_assign_account_manager()

    def test_p22_by_rule_says_so_where_no_rule_fits(self):
        self.program_affiliate.manager_rule_ids.unlink()
        application = self.application()
        with self.assertRefused("No rule of Affiliate fits"):
            application.action_assign_account_manager()
        application.action_onboard()
        self.assertEqual(application.state, "onboarding", "somebody chooses later")

    def test_p24_who_is_chosen_while_the_application_waits_has_the_to_do(self):
        application = self.application()
        application._tell_of_application()
        todo = application.activity_ids
        self.assertNotEqual(todo.user_id, self.manager)
        application.account_manager_id = self.manager
        self.assertEqual((application.activity_ids, todo.user_id), (todo, self.manager))

    def test_p22_handing_over_moves_what_is_open_and_tells_the_partner(self):
        enrollment = self.enrollment_ada
        self.ada_contact.email = "ann@ada.example"
        enrollment.account_manager_id = self.manager
        referral = self.refer()
        todo, done, other = (
            record.activity_schedule("mail.mail_activity_data_todo", summary=summary, user_id=user.id)
            for record, summary, user in (
                (enrollment, "open", self.manager),
                (referral, "finished", self.manager),
                (referral, "of sales", self.salesperson),
            )
        )
        done.action_done()
        on_referral = referral.activity_schedule("mail.mail_activity_data_todo", user_id=self.manager.id)
        people = self.manager.partner_id + self.ada_contact
        past, coming, private = self.env["calendar.event"].create(
            [
                {
                    "name": name,
                    "start": start,
                    "stop": start.replace("10:", "11:"),
                    "user_id": self.manager.id,
                    "partner_ids": [Command.set(attendees.ids)],
                }
                for name, start, attendees in (
                    ("past", "2026-01-02 10:00:00", people),
                    ("coming", "2026-01-20 10:00:00", people),
                    ("private", "2026-01-21 10:00:00", self.manager.partner_id),
                )
            ]
        )
        before = len(self.subjects(enrollment))
        enrollment.with_user(self.manager).account_manager_id = self.marc
        self.assertEqual((todo + on_referral).user_id, self.marc)
        self.assertEqual(other.user_id, self.salesperson)
        self.assertEqual((past.user_id, private.user_id), (self.manager, self.manager))
        self.assertEqual((coming.user_id, coming.partner_ids), (self.marc, self.marc.partner_id + self.ada_contact))
        self.assertEqual(self.subjects(enrollment)[before:], ["Marc is your account manager"])

    def test_p22_handing_over_leaves_what_is_about_another_enrollment(self):
        other = self.enrollments.create(
            {
                "partner_id": self.ada.id,
                "program_id": self.program_affiliate.id,
                "state": "active",
                "account_manager_id": self.manager.id,
                "monthly_meeting": True,
            }
        )
        self.enrollment_ada.write({"account_manager_id": self.manager.id, "monthly_meeting": True})
        self.refer()  # of the program that is handed over
        self.refer(other, client=self.other_client)
        first, second = (
            self.env["partner.commission.question"].create({"commission_line_id": line.id, "question": "Why?"})
            for line in (
                self._line_of(self.enrollment_ada, self.client),
                self._line_of(other, self.other_client),
            )
        )
        self.enrollment_ada.account_manager_id = self.marc
        self.assertEqual(first.activity_ids.user_id, self.marc)
        self.assertEqual(second.activity_ids.user_id, self.manager)
        self.assertEqual(self.enrollment_ada.meeting_ids.user_id, self.marc)
        self.assertEqual(other.meeting_ids.user_id, self.manager)
        self.assertEqual(other.meeting_ids.partner_ids, self.manager.partner_id + self.ada_contact)

    def test_p22_handing_over_takes_nobody_out_of_a_meeting_with_others(self):
        (self.enrollment_ada + self.enrollment_byte).account_manager_id = self.manager
        people = self.manager.partner_id + self.salesperson.partner_id + self.ada_contact
        own, webinar, partner_day = self.env["calendar.event"].create(
            [
                {
                    "name": name,
                    "start": "2026-01-20 10:00:00",
                    "stop": "2026-01-20 11:00:00",
                    "user_id": user.id,
                    "partner_ids": [Command.set(attendees.ids)],
                }
                for name, user, attendees in (
                    ("own", self.manager, people),
                    ("webinar", self.manager, people + self.byte_contact),
                    ("partner day", self.salesperson, people + self.client_contact),
                )
            ]
        )
        self.enrollment_ada.account_manager_id = self.marc
        self.assertEqual(
            (own.user_id, own.partner_ids), (self.marc, people - self.manager.partner_id + self.marc.partner_id)
        )
        self.assertEqual(webinar.user_id, self.manager)
        self.assertEqual(webinar.partner_ids, people + self.byte_contact + self.marc.partner_id)
        self.assertEqual(partner_day.user_id, self.salesperson)
        self.assertEqual(partner_day.partner_ids, people + self.client_contact + self.marc.partner_id)

    def test_p22_a_manager_who_was_taken_off_first_hands_over_to_the_next(self):
        enrollment = self.enrollment_byte
        enrollment.write({"account_manager_id": self.manager.id, "monthly_meeting": True})
        stand_in = enrollment.meeting_ids[:1]
        stand_in.user_id = self.salesperson
        to_do = enrollment.activity_schedule("mail.mail_activity_data_todo", user_id=self.manager.id)
        meeting = self.env["partner.program.meeting"]._of_events(stand_in)
        agreed = meeting.action_ids.create(
            [
                {"meeting_id": meeting.id, "name": "Call", "user_id": user.id}
                for user in (self.manager, self.salesperson)
            ]
        )
        enrollment.account_manager_id = False
        self.assertEqual(to_do.user_id, self.manager, "nobody is there to take it over")
        enrollment.account_manager_id = self.manager
        self.assertEqual((enrollment.meeting_ids - stand_in).user_id, self.manager)
        self.assertIn(self.manager.partner_id, enrollment.message_partner_ids)
        enrollment.account_manager_id = False
        enrollment.account_manager_id = self.marc
        self.assertEqual(stand_in.user_id, self.salesperson)
        self.assertEqual((enrollment.meeting_ids - stand_in).user_id, self.marc)
        self.assertEqual((enrollment.meeting_ids - stand_in).partner_ids, self.marc.partner_id + self.byte_contact)
        self.assertEqual(to_do.user_id, self.marc)
        self.assertEqual(agreed.mapped("user_id.login"), ["marc", "sally"])
        self.assertFalse(enrollment.former_manager_id)
        self.assertEqual(len(enrollment.meeting_ids), 12, "no second series")

    def test_p22_so_does_one_who_left_before_a_change_of_program(self):
        self.program_referral.monthly_meeting = True
        self.enrollment_byte.write({"account_manager_id": self.manager.id, "monthly_meeting": True})
        events = self.enrollment_byte.meeting_ids
        self.refer(self.enrollment_byte)
        to_do = self.enrollment_byte.referral_ids.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.manager.id
        )
        self.manager.active = False
        successor = self.enrollment_byte._change_program(self.program_referral)
        self.assertEqual((successor.account_manager_id, events.user_id), (self.env["res.users"], self.manager))
        successor.account_manager_id = self.marc
        self.assertEqual((events.user_id, to_do.user_id), (self.marc, self.marc))
        self.assertEqual(events.partner_ids, self.marc.partner_id + self.byte_contact)

    def _line_of(self, enrollment, client):
        """A commission line of the enrollment, for an invoice of the client that is paid."""
        for lead in enrollment.referral_ids.lead_id:
            lead.action_set_won()
        self.pay(self.invoice(client=client, product=self.starter))
        return enrollment.referral_ids.commission_line_ids

    def test_p22_handing_over_many_takes_the_queries_of_one(self):
        partners = self.env["res.partner"].create([{"name": f"Partner {number}"} for number in range(20)])
        enrollments = self.enrollments.create(
            [
                {
                    "partner_id": partner.id,
                    "program_id": self.program_referral.id,
                    "state": "active",
                    "account_manager_id": self.manager.id,
                }
                for partner in partners
            ]
        )
        self.env.ref("partner_program.mail_template_account_manager").active = False
        counts = []
        for some in (enrollments[:2], enrollments[2:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_context(tracking_disable=True).account_manager_id = self.marc
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)

    def test_p22_a_rule_of_somebody_without_the_role_stops_no_approval(self):
        role = self.env.ref("partner_program.group_manager")
        self.marc.sudo().group_ids -= role  # he looks after France
        application = self.application()
        application.with_user(self.manager).action_onboard()
        self.assertEqual((application.state, application.account_manager_id), ("onboarding", self.manager))
        self.assertNotIn(self.marc, self.program_affiliate._get_responsibles_sudo())

    def test_p22_an_account_manager_who_has_left_is_named_nowhere_and_replaced(self):
        enrollment = self.enrollment_byte
        enrollment.write({"account_manager_id": self.marc.id, "monthly_meeting": True})
        self.program_affiliate.account_manager_required = True
        self.assertIn("Marc", enrollment._get_mail_sender())
        self.marc.active = False
        to_do = enrollment.activity_ids
        self.assertEqual(to_do.summary, "Choose another account manager: the former one has left or lost the role")
        self.assertEqual(to_do.user_id, self.manager)
        self.assertFalse(self.enrollment_ada.activity_ids)
        self.assertNotIn("Marc", enrollment._get_mail_sender() + enrollment._get_mail_copy())
        item = enrollment._get_checklist_account_manager()
        self.assertEqual((item["done"], item["todo"]), (False, "Assign an account manager."))
        portal = self.env["partner.program.portal"].with_user(self.portal_byte)
        self.assertFalse(portal._get_dashboard(self.byte)["manager_sudo"])
        planned = len(enrollment.meeting_ids)
        self.go_to("2026-12-20")
        self.assertFalse(self.enrollments._cron_meetings(), "no pack for a meeting with nobody")
        self.env.invalidate_all()
        self.assertEqual(len(enrollment.meeting_ids), planned)
        with self.assertRefused("Choose the account manager"):
            enrollment.action_plan_meetings()
        enrollment.account_manager_id = self.manager
        self.assertFalse(enrollment.activity_ids)
        self.assertTrue(enrollment._get_checklist_account_manager()["done"])
        self.assertGreater(len(enrollment.meeting_ids), planned)

    def test_p22_an_account_manager_needs_the_role(self):
        for user in (self.salesperson, self.portal_ada):
            with self.assertRefused("has not the role of an account partner manager", ValidationError):
                self.enrollment_ada.account_manager_id = user
        with self.assertRefused("in the list already"):
            self.program_affiliate.manager_rule_ids.create(
                {"program_id": self.program_affiliate.id, "user_id": self.marc.id}
            )

    def test_p22_an_account_manager_works_in_the_company_of_the_program(self):
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        self.marc.sudo().write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        with self.assertRefused("Marc does not work in", ValidationError):
            self.enrollment_byte.account_manager_id = self.marc
        application = self.application()  # of a country that he looks after
        application.with_user(self.manager).action_onboard()
        self.assertEqual(application.account_manager_id, self.manager)
        self.assertNotIn(self.marc, self.program_affiliate._get_responsibles_sudo())
        for record, name in (
            (self.enrollment_byte, "account_manager_id"),
            (application.program_id.manager_rule_ids, "user_id"),
        ):
            domain = record.fields_get([name])[name]["domain"]
            offered = self.env["res.users"].search(safe_eval(domain, {"company_id": self.company.id}))
            self.assertIn(self.manager, offered)
            self.assertNotIn(self.marc, offered)


class TestMailsOfEnrollments(OnboardingCommon):
    def test_every_mail_can_be_previewed_and_says_who_writes_to_whom(self):
        enrollment = self.application(account_manager_id=self.manager.id, state="active", applied_on=False)
        templates = self.env["mail.template"].search([("model", "=", enrollment._name)])
        keys = {key.partition(".")[2] for key in templates.get_external_id().values()}
        sent_on_steps = {xmlid for _origins, _state, xmlid in STATE_MAILS}
        self.assertLessEqual(sent_on_steps, keys)
        self.assertGreater(len(templates), 10)
        for template in templates:
            with self.subTest(template=template.name):
                self.assertTrue(template.description, "the list of the settings says when it is sent")
                values = template._generate_template(
                    enrollment.ids, ("body_html", "subject", "partner_to", "email_from", "lang")
                )[enrollment.id]
                self.assertEqual(values["partner_ids"], self.newcomer.ids)
                self.assertEqual(values["email_from"], self.manager.email_formatted)
                self.assertTrue(values["subject"])
                for text in ("Nora New", self.manager.name):
                    self.assertIn(text, values["body_html"])
                for leftover in ("{{", "t-out", "False"):
                    self.assertNotIn(leftover, values["body_html"])


class TestLife(OnboardingCommon):
    def setUp(self):
        super().setUp()
        self.ada_contact.email = "ann@ada.example"

    def decide(self, enrollment, kind, **vals):
        wizard = self.env["partner.program.enrollment.decision"].with_user(self.manager)
        return wizard.create({"enrollment_id": enrollment.id, "kind": kind, **vals}).action_confirm()

    def test_a_step_that_is_not_possible_any_more_is_told_and_leaves_no_reason(self):
        enrollment = self.enrollment_ada
        for kind, state in (("reject", "active"), ("suspend", "ended"), ("end", "rejected")):
            enrollment.state = state
            with self.assertRefused("Ada Advisory is by now: "):
                self.decide(enrollment, kind, reason="No.")
            self.assertFalse(enrollment.decision_reason or enrollment.end_reason)

    def test_a_step_that_a_colleague_took_in_the_meantime_keeps_the_reason_of_the_colleague(self):
        enrollment = self.enrollment_ada
        self.decide(enrollment, "suspend", reason="The first.")
        with self.assertRefused("Ada Advisory is by now: Suspended"):
            self.decide(enrollment, "suspend", reason="The second.")
        self.decide(enrollment, "end", reason="The first.", for_cause=True)
        with self.assertRefused("Ada Advisory is by now: Ended"):
            self.decide(enrollment, "end", reason="The second.")
        self.assertRecordValues(
            enrollment, [{"decision_reason": "The first.", "end_reason": "The first.", "for_cause": True}]
        )

    def test_every_step_tells_the_partner(self):
        enrollment = self.enrollment_ada
        self.decide(enrollment, "suspend", reason="Papers have to be renewed.")
        self.assertEqual((enrollment.state, enrollment.decision_reason), ("suspended", "Papers have to be renewed."))
        enrollment.with_user(self.manager).action_activate()
        self.decide(enrollment, "end", reason="As agreed.")
        enrollment.with_user(self.manager).action_reopen()
        self.assertEqual(
            self.subjects(enrollment),
            [
                "Your partnership is suspended",
                "Your partnership is active again",
                "Your partnership has ended",
                "Your partnership is active again",
            ],
        )

    def test_every_change_of_status_has_one_mail(self):
        states = [state for state, _label in self.enrollments._fields["state"].selection]
        for before in states:
            for after in states:
                mails = [xmlid for origins, state, xmlid in STATE_MAILS if before in origins and state == after]
                self.assertEqual(len(mails), before != after, (before, after))

    def test_steps_back_tell_the_partner_too(self):
        self.program_referral.account_manager_required = True  # onboarding does not end by itself
        enrollment = self.application(self.program_referral, state="onboarding")
        for state in ("suspended", "onboarding", "rejected"):
            enrollment.with_user(self.manager).state = state
        enrollment.with_user(self.manager).action_reopen()
        self.assertEqual(
            self.subjects(enrollment),
            [
                "Your partnership is suspended",
                "Before you are an active partner again",
                "Your application for our partner program",
                "We look at your application once more",
            ],
        )

    def test_what_the_mails_say_is_true(self):
        mails = self.env["mail.mail"].sudo()

        def last(enrollment):
            ours = [("res_id", "=", enrollment.id), ("model", "=", enrollment._name), ("is_notification", "=", False)]
            return mails.search(ours, order="id desc", limit=1).body_html

        enrollment = self.application()
        self.decide(enrollment, "reject", reason="Other regions first.")
        self.assertIn("The reason: Other regions first.", " ".join(last(enrollment).replace("<span>", "").split()))
        enrollment.action_reopen()
        enrollment.with_user(self.manager).action_onboard()
        self.assertIn("A separate email gives you access", last(enrollment))
        enrollment.with_user(self.manager).action_activate()
        self.assertNotIn("everything is there", last(enrollment))
        for text in ("you are now an active partner", "payouts wait", "Bank account"):
            self.assertIn(text, last(enrollment))
        enrollment.with_user(self.manager).account_manager_id = self.manager
        self.assertIn("is your account manager from now on", last(enrollment))
        self.assertNotIn("Meetings", last(enrollment), "there are none")
        self.decide(enrollment, "suspend", reason="Papers.")
        enrollment.with_user(self.manager).action_activate()
        self.assertNotIn("what was held is paid", last(enrollment))
        self.assertIn("Bank account", last(enrollment))
        self.decide(self.enrollment_ada, "suspend", reason="Papers.")
        self.enrollment_ada.action_activate()
        self.assertIn("what was held is paid", last(self.enrollment_ada))

    def test_approval_says_how_to_get_into_the_portal(self):
        user = self._new_user("nora", "base.group_portal", self.newcomer)
        user.with_user(user)._update_last_login()
        self.newcomer.email = "nora@new.example"
        enrollment = self.application()
        enrollment.with_user(self.manager).action_onboard()
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", enrollment.id), ("model", "=", enrollment._name)])
        self.assertNotIn("A separate email", "".join(mail.mapped("body_html")))
        self.assertIn("as usual", "".join(mail.mapped("body_html")))

    def test_who_leaves_is_told_of_the_meetings(self):
        self.enrollment_ada.write({"account_manager_id": self.manager.id, "monthly_meeting": True})
        self.decide(self.enrollment_ada, "end", reason="As agreed.")
        ours = [("res_id", "=", self.enrollment_ada.id), ("model", "=", self.enrollment_ada._name)]
        mail = self.env["mail.mail"].sudo().search([*ours, ("subject", "=", "Your partnership has ended")])
        self.assertIn("meetings that were planned do not take place", mail.body_html)

    def test_existing_partners_are_brought_in_without_a_mail(self):
        self.assertFalse(self.subjects(self.enrollment_ada))
        self.assertFalse(self.subjects(self.application(state="active")))

    def test_d14_ended_for_cause_says_so(self):
        self.decide(self.enrollment_ada, "end", reason="Breach of contract.", for_cause=True)
        self.assertEqual((self.enrollment_ada.for_cause, self.enrollment_ada.state), (True, "ended"))
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", self.enrollment_ada.id)], order="id desc", limit=1)
        self.assertIn("earn no commission any more", mail.body_html)

    def test_d14_a_change_of_program_keeps_clients_on_their_terms(self):
        referral = self.acquired()
        invoice = self.invoice(1000.0)
        self.decide(self.enrollment_ada, "change", program_id=self.program_affiliate.id)
        successor = self.enrollment_ada.next_enrollment_ids
        self.assertRecordValues(
            self.enrollment_ada + successor,
            [
                {"state": "ended", "program_id": self.program_referral.id, "for_cause": False},
                {"state": "onboarding", "program_id": self.program_affiliate.id, "for_cause": False},
            ],
        )
        self.pay(invoice)
        self.assertEqual((self.line_of(invoice).earned_amount, referral.commission_rate), (50.0, 5.0))
        self.assertEqual(self.subjects(successor), ["You are now on the Affiliate program"])
        self.assertFalse(self.subjects(self.enrollment_ada), "one mail tells it all")
        with self.assertRefused("changed to Affiliate"):
            self.enrollment_ada.action_reopen()
        with self.assertRefused("history of the one that runs"):
            self.enrollment_ada.unlink()

    def test_a_change_before_the_first_referral_moves_the_enrollment(self):
        self.decide(self.enrollment_ada, "change", program_id=self.program_affiliate.id)
        self.assertEqual(
            (self.enrollment_ada.program_id, self.enrollment_ada.state), (self.program_affiliate, "onboarding")
        )
        with self.assertRefused("on Affiliate already"):
            self.enrollment_ada._change_program(self.program_affiliate)
        self.enrollment_ada.action_end()
        with self.assertRefused("Reopen the enrollment"):
            self.enrollment_ada._change_program(self.program_referral)
