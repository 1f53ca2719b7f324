"""A partner of two of our companies: its people see both, and a manager who looks sees what they see (P20, P25)."""

from odoo.fields import Command, Date
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from .common import PartnerProgramCommon
from .test_leaks import PIXEL

PERIOD = "?date_from=2026-01-01&date_to=2026-02-28"


class TestPartnerOfTwoCompanies(PartnerProgramCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.env["res.company"].create({"name": "Second Inc", "currency_id": cls.env.ref("base.EUR").id})
        cls.third = cls.env["res.company"].create({"name": "Third Inc"})
        for user in (cls.env.user, cls.manager):
            user.sudo().company_ids = [Command.link(company.id) for company in cls.second + cls.third]
        agreement = cls.env["partner.program.agreement"].create(
            {"name": "Second Terms", "body": "<p>Avocetcontract</p>"}
        )
        common = {"program_type": "affiliate", "commission_rate": 20.0, "agreement_id": agreement.id}
        cls.second_program, cls.third_program = cls.env["partner.program"].create(
            [
                {**common, "name": "Second Affiliate", "company_id": cls.second.id},
                {**common, "name": "Third Affiliate", "company_id": cls.third.id},
            ]
        )
        assert cls.portal_ada.company_ids == cls.company

    def enroll(self, program, **vals):
        vals = {"partner_id": self.ada.id, "program_id": program.id, "applicant_id": self.ada_contact.id, **vals}
        return self.env["partner.program.enrollment"].create(vals)

    def test_the_second_company_is_there_once_it_has_approved_the_partner(self):
        application = self.enroll(self.second_program)
        self.assertEqual(self.portal_ada.company_ids, self.company, "anybody can apply")
        application.with_user(self.manager).action_onboard()
        self.assertEqual(self.portal_ada.company_ids, self.company + self.second)
        self.assertEqual(self.portal_ada.company_id, self.company)
        self.assertFalse(self.portal_byte.company_ids - self.company)
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        self.assertIn("Avocetcontract", self.url_open("/my/agreement").text)
        contract = self.second_program.agreement_id
        signed = self.make_jsonrpc_request(
            f"/my/agreement/{application.id}/sign?checksum={contract._get_text_checksum(application)}",
            {
                "agreement_id": contract.id,
                "name": "Ann of Ada",
                "signature": PIXEL,
            },
        )
        self.assertEqual(signed.get("redirect_url"), "/my/agreement?message=signed", signed)
        self.env.invalidate_all()
        self.assertEqual(application.signed_by, "Ann of Ada")

    def test_a_partner_that_was_brought_in_sees_it_too_and_keeps_it(self):
        enrollment = self.enroll(self.second_program, state="active")
        self.assertIn(self.second, self.portal_ada.company_ids)
        enrollment.write({"state": "ended", "end_reason": "x"})
        self.assertIn(self.second, self.portal_ada.company_ids, "clients keep earning")

    def test_objectives_of_each_company_are_those_of_its_latest_quarter(self):
        second = self.enroll(self.second_program, state="active")
        common = {"quarter": "4", "year": "2025", "target_clients": 2}
        before, of_second = self.env["partner.program.objective"].create(
            [{**common, "enrollment_id": one.id} for one in (self.enrollment_ada, second)]
        )
        portal = self.env["partner.program.portal"].with_user(self.portal_ada)

        def shown():
            return [one for one, _figures in portal._get_dashboard(self.ada)["objectives"]]

        self.assertCountEqual(shown(), before + of_second)
        now = before.copy({"quarter": "1", "year": "2026"})
        self.assertCountEqual(shown(), now + of_second)

    def test_a_statement_is_on_the_paper_of_who_owes_the_money(self):
        """The log-in of a customer of the first company, which the second one made its partner."""
        self.enroll(self.second_program, state="active")
        self.enrollment_ada.unlink()
        self.assertEqual(self.portal_ada.company_ids, self.company + self.second)
        Report = type(self.env["ir.actions.report"])
        self.patch(Report, "_render_qweb_pdf", Report._render_qweb_html)
        Statement = self.env["partner.commission.statement"].with_user(self.portal_ada)
        companies = self.company + self.second
        period = Date.to_date("2026-01-01"), Date.to_date("2026-01-31")
        papers = {}
        for name, their in (("both", companies), ("second", self.second)):
            papers[name] = Statement._render_file(self.ada, their, *period, "pdf").decode()
        self.assertIn("Second Inc", papers["second"], "what a paper of the second company has")
        self.assertIn("Second Inc", papers["both"])
        self.assertNotIn(self.company.name, papers["both"])

    def test_the_balances_name_their_company_where_the_reader_has_several(self):
        self.enroll(self.second_program, state="active")
        self.billed_line()
        companies = self.second + self.company
        values = self.env["report.partner_program.report_statement"]._get_report_values(
            self.ada.ids, {"date_from": "2026-01-01", "date_to": "2026-02-28", "company_ids": companies.ids}
        )
        self.assertEqual((values["company"], values["many_companies"]), (self.company, True))

    def test_a_colleague_with_a_log_in_of_another_way_sees_the_second_company(self):
        self.enroll(self.second_program, state="active")
        contact = self.env["res.partner"].create({"name": "Nora", "email": "nora@elsewhere.example"})
        nora = self._new_user("nora", "base.group_portal", partner=contact)
        self.assertEqual(nora.company_ids, self.company)
        contact.parent_id = self.ada
        self.assertEqual(nora.company_ids, self.company + self.second)
        colleague = self.env["res.partner"].create({"name": "Olga", "parent_id": self.ada.id})
        olga = self._new_user("olga", "base.group_portal", partner=colleague)
        self.assertEqual(olga.company_ids, self.company + self.second, "made in Settings")

    def test_people_below_a_contact_that_becomes_part_of_the_partner_see_the_second_company(self):
        self.enroll(self.second_program, state="active")
        agency = self.env["res.partner"].create({"name": "Agency", "is_company": True})
        contact = self.env["res.partner"].create({"name": "Nora", "parent_id": agency.id, "email": "nora@a.example"})
        nora = self._new_user("nora", "base.group_portal", partner=contact)
        agency.write({"is_company": False, "parent_id": self.ada.id})
        self.assertEqual(nora.commercial_partner_id, self.ada)
        self.assertEqual(nora.company_ids, self.company + self.second)

    def test_a_rejected_application_opens_nothing(self):
        self.enroll(self.second_program).action_reject()
        self.assertEqual(self.portal_ada.company_ids, self.company)

    def test_colleagues_who_are_invited_see_both(self):
        self.enroll(self.second_program, state="active")
        self.enroll(self.third_program)
        Enrollment = self.env["partner.program.enrollment"].with_user(self.portal_ada)
        contact = Enrollment._invite_colleague("Nina", "nina@ada.example")
        self.assertEqual(contact.user_ids.company_ids, self.company + self.second)

    def test_see_as_partner_shows_the_companies_of_the_partner_and_no_other(self):
        self.enroll(self.second_program, state="active")
        in_third = self.enroll(self.third_program, state="active")
        self.portal_ada.sudo().company_ids = [Command.unlink(self.third.id)]
        self.env["partner.referral"].create(
            [
                {"enrollment_id": in_third.id, "prospect_name": "Thirdprospect"},
                {"enrollment_id": self.enrollment_ada.id, "prospect_name": "Firstprospect"},
            ]
        )
        self.env.flush_all()
        seen = {}
        for login, page in (("portal_ada", "/my/partner"), ("mona", f"/my/partner/as/{self.enrollment_ada.id}")):
            self.authenticate(login, login)
            text = self.url_open(page).text
            seen[login] = {word for word in ("Thirdprospect", "Firstprospect") if word in text}
        self.assertEqual(seen, {"portal_ada": {"Firstprospect"}, "mona": {"Firstprospect"}})

    def test_own_referrals_in_another_company_are_no_duplicates_to_show(self):
        enrollment = self.enroll(self.second_program, state="active")
        vals = {"prospect_name": "Ember Energy", "prospect_email": "eve@ember.example"}
        referrals = self.env["partner.referral"].with_user(self.portal_ada)
        both = {"allowed_company_ids": (self.company + self.second).ids}
        there = referrals.with_context(**both)._register_from_portal(enrollment.sudo(), vals, "a")
        self.assertEqual(there.company_id, self.second)
        # A site shows its own company only.
        here = referrals.with_context(allowed_company_ids=self.company.ids)
        self.assertFalse(here._find_own_duplicates(self.ada, vals))
        found = referrals.with_context(**both)._find_own_duplicates(self.ada, vals)
        self.assertEqual(found.mapped("display_name"), [there.display_name])

    def test_the_names_of_programs_that_are_not_the_readers_are_not_shown(self):
        self.env["partner.program.resource"].create(
            {
                "name": "Deck for all",
                "category": "deck",
                "url": "https://deck.example",
                "program_ids": [Command.set((self.program_referral + self.second_program).ids)],
            }
        )
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        page = self.url_open("/my/resources").text
        self.assertIn("Deck for all", page)
        self.assertIn(self.program_referral.name, page)
        self.assertNotIn("Second Affiliate", page)


class TestBranches(PartnerProgramCommon, HttpCase):
    """Branches share the programs of their parent company, so they read its enrollments, but not its figures."""

    def test_people_of_a_branch_get_neither_statement_nor_page_of_a_partner_of_the_parent(self):
        self.earned_line()
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        user = new_test_user(
            self.env,
            "bruno",
            "partner_program.group_manager,account.group_account_invoice",
            company_id=branch.id,
            company_ids=branch.ids,
        )
        self.env.flush_all()
        self.assertTrue(self.enrollment_ada.with_user(user).has_access("read"))
        pages = [f"/my/partner/as/{self.enrollment_ada.id}"]
        for extension in ("pdf", "csv", "xlsx"):
            pages.append(f"/partner_program/statement/{self.enrollment_ada.id}/{extension}{PERIOD}")
        for login, status in (("bruno", 404), ("mona", 200)):
            self.authenticate(login, login)
            for page in pages:
                with self.subTest(login + page), mute_logger("odoo.http"):
                    self.assertEqual(self.url_open(page).status_code, status)
        for one, shown in ((user, False), (self.manager, True)):
            enrollment = self.enrollment_ada.with_user(one).with_context(allowed_company_ids=one.company_ids.ids)
            self.assertEqual(enrollment.is_of_own_company, shown)


class TestWhoManagesTheTeam(PartnerProgramCommon):
    def test_applying_gives_nobody_a_say_over_colleagues(self):
        """A junior of a customer with access to the portal fills in the public form."""
        boss, junior = self.env["res.partner"].create(
            [
                {"name": "Bea Boss", "parent_id": self.client.id, "email": "bea@cobalt.example"},
                {"name": "Jim Junior", "parent_id": self.client.id, "email": "jim@cobalt.example"},
            ]
        )
        boss = self._new_user("portal_boss", "base.group_portal", partner=boss)
        junior = self._new_user("portal_junior", "base.group_portal", partner=junior)
        application = self.env["partner.program.enrollment"]._apply(
            self.company,
            {
                "name": "Jim Junior",
                "email": "jim@cobalt.example",
                "company_name": "Cobalt Clinics",
                "company_kind": "customer",
                "application_text": "x",
                "expected_volume": "",
                "country_id": self.env.ref("base.be").id,
                "program_id": self.program_referral.id,
            },
            "10.0.0.1",
        )
        self.assertEqual((application.partner_id, application.state), (self.client, "applied"))
        Enrollment = self.env["partner.program.enrollment"].with_user(junior)
        self.assertFalse(Enrollment._may_manage_team())
        with self.assertRefused("Ask the person of your company"):
            Enrollment._remove_colleague(boss.id)
        with self.assertRefused("Ask the person of your company"):
            Enrollment._invite_colleague("Mallory", "mallory@outside.example")
        application.action_onboard()
        self.assertTrue(Enrollment._may_manage_team(), "a manager has approved it")
