"""Statements, payouts, resources and team, as partners use them; statements by e-mail; the back-office twin."""

import csv
import io
from datetime import timedelta
from unittest.mock import patch

from lxml import html
from openpyxl import load_workbook

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.http import Request
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from ..models import partner_commission_statement, partner_program_enrollment_team
from .common import PartnerProgramCommon
from .test_access import AccessCommon
from .test_statement import StatementCommon

PERIOD = "?date_from=2026-01-01&date_to=2026-02-28"


class TestStatementPages(AccessCommon, HttpCase):
    def get(self, address, **options):
        response = self.url_open(address, **options)
        self.assertEqual(response.status_code, 200, address)
        return html.fromstring(response.content) if "text/html" in response.headers["Content-Type"] else response

    def text(self, node):
        return " ".join(node.text_content().replace("\xa0", " ").split())

    def balances(self, page):
        rows = page.xpath("//table[contains(@class, 'o_partner_program_balances')]//tr")
        return {row.get("name"): self.text(row.find("td")) for row in rows}

    def test_a_file_that_would_not_be_done_in_time_asks_for_a_shorter_period(self):
        self.authenticate("portal_ada", "portal_ada")
        with patch.object(partner_commission_statement, "ENTRIES_PER_FILE", 0):
            page = self.get(f"/my/statements/file/xlsx{PERIOD}")
            self.assertIn("Choose a shorter period", self.text(page.get_element_by_id("period_error")))
            self.assertEqual(page.get_element_by_id("date_from").get("value"), "2026-01-01", "what was asked for stays")
        self.assertFalse(self.env["partner.program.portal.log"].search([("action", "=", "statement")]))

    def test_a_file_of_what_may_not_be_read_is_no_matter_of_the_period(self):
        self.authenticate("portal_ada", "portal_ada")

        def refuse(*args):
            raise AccessError(self.registry.db_name)

        with (
            patch.object(self.registry["partner.commission.statement"], "_render_file", refuse),
            mute_logger("odoo.http"),
        ):
            response = self.url_open(f"/my/statements/file/xlsx{PERIOD}")
        self.assertEqual(response.status_code, 403)
        self.assertNotIn("period_error", response.text)

    def test_months_lead_to_the_statement_which_says_why(self):
        self.authenticate("portal_ada", "portal_ada")
        months = self.get("/my/statements")
        rows = [self.text(row) for row in months.xpath("//tr[contains(@class, 'o_partner_program_month')]")]
        self.assertEqual([row.split("PDF")[0].strip() for row in rows], ["February 2026", "January 2026"])
        page = self.get(months.xpath("//a[text()='February 2026']/@href")[0])
        self.assertEqual(
            self.balances(page),
            {
                "opening": "$ 50.00",
                "earned": "$ 0.00",
                "correction": "$ 0.00",
                "paid": "$ 0.00",
                "closing": "$ 50.00",
                "on_bills": "$ 50.00",
                "not_billed": "$ 0.00",
                "billed": "$ 50.00",
            },
        )
        text = self.text(self.get("/my/statements/period" + PERIOD))
        self.assertIn(f"5 % of $ 1,000.00 on invoice {self.paid.name} of 01/05/2026 (month 1 of 12)", text)
        self.assertIn(f"Billed: {self.bill.name}", text)

    def test_files_carry_the_same_figures(self):
        self.authenticate("portal_ada", "portal_ada")
        rows = list(csv.reader(io.StringIO(self.get(f"/my/statements/file/csv{PERIOD}").content.decode("utf-8-sig"))))
        amounts = {row[1]: row[6] for row in rows[1:] if not row[2] and not row[4]}
        self.assertEqual(
            amounts,
            {
                "Opening balance": "0.0",
                "Earned in the period": "50.0",
                "Corrections in the period": "0.0",
                "Billed in the period": "50.0",
                "Paid in the period": "0.0",
                "Closing balance": "50.0",
                "of which on bills": "50.0",
                "of which not billed yet": "0.0",
            },
        )
        [earned] = [row for row in rows[1:] if row[2]]
        self.assertEqual(earned[:7], ["2026-01-05", "Earned", "Cobalt Clinics", self.paid.name, "", "USD", "50.0"])
        self.assertIn("5 % of", earned[7])
        sheet = load_workbook(io.BytesIO(self.get(f"/my/statements/file/xlsx{PERIOD}").content)).active
        cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
        self.assertEqual([row[1] for row in cells], [row[1] for row in rows])
        self.assertEqual(sum(row[6] for row in cells[1:] if row[1] == "Closing balance"), 50)
        log = self.env["partner.program.portal.log"].search([])
        self.assertEqual(log.mapped("action"), ["statement", "statement"])
        self.assertEqual(set(log.mapped("user_name")), {"Ann of Ada"})

    def test_a_statement_is_of_one_partner_and_one_company_also_for_whoever_may_read_all(self):
        Movement = self.env["partner.commission.movement"].sudo()
        period = (Datetime.to_datetime("2026-01-01").date(), Datetime.to_datetime("2026-12-31").date())
        for partner, earned in ((self.ada, [50.0]), (self.byte, [17530.86]), (self.client, [])):
            rows = Movement._get_statement(partner, self.company, *period)
            self.assertEqual([row["earned"] for row in rows], earned)
        other = self.env["res.company"].create({"name": "Other Inc"})
        self.assertFalse(Movement._get_statement(self.ada, other, *period))
        self.assertFalse(Movement._get_bill_entries(self.ada, other, *period))
        self.assertFalse(Movement._get_commission_entries(self.client, self.company, *period))

    def test_a_period_that_is_none_gets_a_sentence(self):
        self.authenticate("portal_ada", "portal_ada")
        for query, sentence in (
            ("?date_from=2026-02-30&date_to=2026-03-01", "Choose the first and the last day"),
            ("?date_from=2026-03-01", "Choose the first and the last day"),
            ("?date_from=2026-03-01&date_to=2026-02-01", "The first day has to come before the last day"),
        ):
            page = self.get("/my/statements/period" + query)
            self.assertIn(sentence, self.text(page.get_element_by_id("period_error")))

    def test_text_that_a_spreadsheet_would_run_stays_text(self):
        self.client.name = '=HYPERLINK("http://evil.example")'
        self.env.flush_all()
        self.authenticate("portal_ada", "portal_ada")
        content = self.get(f"/my/statements/file/csv{PERIOD}").content.decode("utf-8-sig")
        self.assertIn("'=HYPERLINK", content)
        sheet = load_workbook(io.BytesIO(self.get(f"/my/statements/file/xlsx{PERIOD}").content)).active
        names = [cell for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=HYPERLINK")]
        self.assertEqual({cell.data_type for cell in names}, {"s"})

    def test_the_queries_of_a_statement_are_few_and_constant(self):
        """25 at most, however many rows: see benchmarks for a million."""
        self.authenticate("portal_ada", "portal_ada")
        Movement = self.env["partner.commission.movement"].with_user(self.portal_ada)
        company = self.ada.with_user(self.portal_ada)
        period = (Datetime.to_datetime("2026-01-01").date(), Datetime.to_datetime("2026-12-31").date())
        self.env.flush_all()
        self.env.invalidate_all()
        Movement._get_statement(company, self.company, *period)
        with self.assertQueryCount(2):
            Movement._get_statement(company, self.company, *period)

    def test_payouts_show_status_and_payment_date_and_give_the_self_billed_pdf(self):
        self.authenticate("portal_ada", "portal_ada")
        row = self.get("/my/payouts").xpath("//tr[contains(@class, 'o_partner_program_payout')]")
        self.assertEqual(len(row), 1)
        self.assertIn("To be paid by 02/04/2026", self.text(row[0]))
        self.pay(self.bill, on="2026-02-10")
        self.env.flush_all()
        text = self.text(self.get("/my/payouts?filterby=paid"))
        self.assertIn("Paid on 02/10/2026", text)
        self.assertIn("No payout matches", self.text(self.get("/my/payouts?filterby=to_pay")))
        response = self.url_open(f"/my/payouts/{self.bill.id}/pdf")
        self.assertIn("Self Billing", response.text)  # in tests Odoo gives the page that becomes the PDF
        self.assertNotIn("Proforma", response.text)
        draft = self.run_bills("2026-06-01")
        self.assertFalse(draft & self.bill)
        for bill in (self.other_bill, self.paid):
            response = self.url_open(f"/my/payouts/{bill.id}/pdf", allow_redirects=False)
            self.assertEqual(response.headers["Location"], "/my/payouts")

    def test_a_late_payout_says_so(self):
        self.go_to("2026-02-05")
        self.authenticate("portal_ada", "portal_ada")
        for address in ("/my/payouts", "/my/commissions", f"/my/commissions/{self.line.id}"):
            text = self.text(self.get(address))
            self.assertIn("Was due on 02/04/2026", text, address)
            self.assertNotIn("To be paid by 02/04/2026", text, address)

    def test_a_draft_is_no_payout(self):
        self.pay(self.open)
        draft = self.run_bills("2026-03-06") - self.bill
        self.assertEqual(draft.mapped("state"), ["draft"])
        self.authenticate("portal_ada", "portal_ada")
        self.assertEqual(len(self.get("/my/payouts").xpath("//tr[contains(@class, 'o_partner_program_payout')]")), 1)
        response = self.url_open(f"/my/payouts/{draft.id}/pdf", allow_redirects=False)
        self.assertEqual(response.headers["Location"], "/my/payouts")

    def test_resources_of_active_programs_by_category_with_the_newest_marked(self):
        new, _old = self.env["partner.program.resource"].create(
            [
                {"name": "Deck", "category": "deck", "url": "https://deck.example", "program_ids": []},
                {"name": "Guide", "category": "knowledge", "url": "https://guide.example"},
            ]
        )
        self.env.cr.execute(
            "UPDATE partner_program_resource SET create_date = create_date - interval '40 days' WHERE id <> %s",
            [new.id],
        )
        self.env.invalidate_all()
        self.authenticate("portal_ada", "portal_ada")
        page = self.get("/my/resources")
        sections = page.xpath("//section[contains(@class, 'o_partner_program_resources')]")
        texts = [self.text(section) for section in sections]
        self.assertIn("Company Deck Deck New Open Deck (new window)", texts)
        self.assertIn("Knowledge Base Guide Open Guide (new window)", texts)
        self.env["partner.program.resource"].search([]).active = False
        self.env.flush_all()
        self.assertIn("Ask your account manager", self.text(self.get("/my/resources")))
        self.enrollment_ada.state = "suspended"
        self.env.flush_all()
        self.assertIn("nothing for you here yet", self.text(self.get("/my/resources")))

    def test_the_file_for_managers_and_accountants_only(self):
        address = f"/partner_program/statement/{self.enrollment_ada.id}/csv{PERIOD}"
        for login, status in (("mona", 200), ("archie", 200), ("sally", 404), ("eddy", 404), ("portal_ada", 404)):
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                self.assertEqual(self.url_open(address).status_code, status, login)


class TestTeam(AccessCommon, HttpCase):
    def post(self, address, **data):
        data["csrf_token"] = Request.csrf_token(self)
        return " ".join(html.fromstring(self.url_open(address, data=data).content).text_content().split())

    def test_the_first_with_access_invites_a_colleague_who_sees_the_same_and_may_invite_nobody(self):
        self.authenticate("portal_ada", "portal_ada")
        text = self.post("/my/team/invite", name="Nina", email="Nina@Ada.example")
        self.assertIn("Nina nina@ada.example", text)
        user = self.env["res.users"].search([("login", "=", "nina@ada.example")])
        self.assertEqual(user.partner_id.parent_id, self.ada)
        self.assertTrue(user._is_portal())
        invited = self.env["partner.program.portal.log"].search([("action", "=", "invite")])
        self.assertEqual(invited.detail, "Nina <nina@ada.example>")
        line = self.env["partner.commission.line"].with_user(user).search([])
        self.assertEqual(line, self.line + self.open_line)
        user.password = "nina@ada.example"
        self.env.flush_all()
        self.authenticate(user.login, user.login)
        page = self.url_open("/my/team").text
        self.assertNotIn("/my/team/invite", page)
        self.assertIn("To invite or remove somebody, ask Ann of Ada", page)
        self.assertIn("Ask the person of your company", self.post("/my/team/invite", name="X", email="x@ada.example"))
        self.assertFalse(self.env["res.users"].search([("login", "=", "x@ada.example")]))
        # and out again
        self.authenticate("portal_ada", "portal_ada")
        text = self.post(f"/my/team/{user.id}/remove")
        self.assertNotIn("Nina nina@ada.example", text, "but in the log")
        self.env.invalidate_all()
        self.assertFalse(user.active)
        self.assertFalse(user._is_portal())

    def test_a_colleague_who_was_archived_meanwhile_is_invited_again(self):
        self.authenticate("portal_ada", "portal_ada")
        self.post("/my/team/invite", name="Nina", email="nina@ada.example")
        user = self.env["res.users"].search([("login", "=", "nina@ada.example")])
        self.post(f"/my/team/{user.id}/remove")
        self.env.invalidate_all()
        user.partner_id.action_archive()
        self.go_to("2026-02-05")
        self.authenticate("portal_ada", "portal_ada")
        self.assertIn("Nina nina@ada.example", self.post("/my/team/invite", name="Nina", email="nina@ada.example"))
        self.env.invalidate_all()
        self.assertTrue(user.active and user.partner_id.active)

    def test_inviting_twice_at_once_is_inviting(self):
        """A double click: the second request finds the colleague in the team."""
        self.authenticate("portal_ada", "portal_ada")
        for _time in range(2):
            text = self.post("/my/team/invite", name="Nina", email="nina@ada.example")
            self.assertIn("Nina nina@ada.example", text)
            self.assertNotIn("has access already", text)
        user = self.env["res.users"].search([("login", "=", "nina@ada.example")])
        for _time in range(2):
            self.assertNotIn("not in your team", self.post(f"/my/team/{user.id}/remove"))
        self.assertFalse(user.active)
        self.assertIn("Nina nina@ada.example", self.post("/my/team/invite", name="Nina", email="nina@ada.example"))
        self.env.invalidate_all()
        self.assertTrue(user.active, "removed by mistake, and invited again within the minute")
        log = self.env["partner.program.portal.log"].search([("action", "=", "invite")])
        self.assertEqual(len(log), 2)
        self.go_to("2026-02-05")
        self.authenticate("portal_ada", "portal_ada")
        self.assertIn("has access already", self.post("/my/team/invite", name="Nina", email="nina@ada.example"))

    def test_who_may_manage_is_chosen_on_the_enrollment(self):
        colleague = self.env["res.partner"].create({"name": "Cole", "parent_id": self.ada.id, "email": "c@ada.example"})
        self._new_user("portal_cole", "base.group_portal", partner=colleague)
        Enrollment = self.env["partner.program.enrollment"]
        self.assertTrue(Enrollment.with_user(self.portal_ada)._may_manage_team())
        self.enrollment_ada.applicant_email = "Cole <c@ada.example>"
        self.assertFalse(Enrollment.with_user(self.portal_ada)._may_manage_team(), "Cole applied")
        self.enrollment_ada.team_manager_ids = self.ada_contact
        self.assertTrue(Enrollment.with_user(self.portal_ada)._may_manage_team())
        self.enrollment_ada.state = "ended"
        self.assertFalse(Enrollment.with_user(self.portal_ada)._may_manage_team())

    def test_who_has_moved_to_another_company_manages_the_team_of_neither(self):
        colleague = self.env["res.partner"].create({"name": "Cole", "parent_id": self.ada.id, "email": "c@ada.example"})
        cole = self._new_user("portal_cole", "base.group_portal", partner=colleague)
        self.enrollment_ada.team_manager_ids = self.ada_contact
        self.enrollment_byte.team_manager_ids = self.byte_contact
        Enrollment = self.env["partner.program.enrollment"]
        self.assertFalse(Enrollment.with_user(cole)._may_manage_team())
        self.ada_contact.parent_id = self.byte
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(Enrollment.with_user(cole)._may_manage_team(), "somebody has to")
        for user in (cole, self.portal_byte):
            with self.assertRefused("Ask the person of your company"):
                Enrollment.with_user(self.portal_ada)._remove_colleague(user.id)

    def test_nobody_of_another_company_can_be_invited_or_removed(self):
        self.authenticate("portal_ada", "portal_ada")
        users = self.env["res.users"].sudo().with_context(active_test=False)
        before = users.search([]).mapped(lambda user: (user.id, user.active, user.partner_id.commercial_partner_id.id))
        for email in ("ben@byte.example", self.portal_byte.login, self.accountant.email or self.accountant.login):
            text = self.post("/my/team/invite", name="Somebody", email=email)
            self.assertRegex(text, "This address cannot be invited|Enter one valid e-mail address")
            self.assertNotIn("Byte Builders", text)
        for user in (self.portal_byte, self.accountant, self.env.ref("base.user_admin")):
            self.assertIn("not in your team any more", self.post(f"/my/team/{user.id}/remove"))
        self.assertIn("cannot remove yourself", self.post(f"/my/team/{self.portal_ada.id}/remove"))
        after = users.search([]).mapped(lambda user: (user.id, user.active, user.partner_id.commercial_partner_id.id))
        self.assertEqual(after, before)

    def test_the_team_has_a_size_and_names_have_a_length(self):
        Enrollment = self.env["partner.program.enrollment"].with_user(self.portal_ada)
        with self.assertRefused("too long"):
            Enrollment._invite_colleague("N" * 101, "nina@ada.example")
        with self.assertRefused("one valid e-mail address"):
            Enrollment._invite_colleague("Nina", f"{'n' * 250}@ada.example")
        with self.assertRefused("has access already"):
            Enrollment._invite_colleague("Ann", self.portal_ada.email or self.portal_ada.login)
        with patch.object(partner_program_enrollment_team, "MEMBERS_AT_MOST", 1), self.assertRefused("is the most"):
            Enrollment._invite_colleague("Nina", "nina@ada.example")

    def test_the_number_of_invitations_a_day_is_limited(self):
        Enrollment = self.env["partner.program.enrollment"].with_user(self.portal_ada)
        for number in range(20):
            self.env["partner.program.portal.log"].with_user(self.portal_ada)._log("invite", str(number))
        with self.assertRefused("enough invitations for today"):
            Enrollment._invite_colleague("Nina", "nina@ada.example")

    def test_the_log_is_for_managers_and_goes_by_itself(self):
        Log = self.env["partner.program.portal.log"]
        old = Log.with_user(self.portal_ada)._log("setting", "old")
        new = Log.with_user(self.portal_ada)._log("setting", "new")
        for operation in ("write", "unlink", "create"):
            self.assertFalse(Log.with_user(self.manager).has_access(operation))
        with self.assertRaises(AccessError):
            Log.with_user(self.portal_ada).search([])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE partner_program_portal_log SET create_date = %s WHERE id = %s",
            [Datetime.now() - timedelta(days=401), old.id],
        )
        self.env.invalidate_all()
        Log.with_user(SUPERUSER_ID)._gc_old_rows()
        self.assertEqual(Log.search([("id", "in", (old + new).ids)]).ids, new.ids)


class TestStatementMail(StatementCommon):
    def mail(self, on):
        self.go_to(on)
        return self.env["partner.commission.statement"].with_user(SUPERUSER_ID)._cron_mail_statements()

    def mails(self):
        statement = self.env["ir.model"]._get("partner.commission.statement")
        return self.env["mail.mail"].sudo().search([("model", "=", statement.model)])

    def test_once_a_month_with_the_pdf_and_not_again(self):
        self.earned_line()
        sent = self.mail("2026-02-01")
        self.assertEqual(
            (sent.partner_id, str(sent.date_from), str(sent.date_to)), (self.ada, "2026-01-01", "2026-01-31")
        )
        [mail] = self.mails()
        self.assertEqual(mail.recipient_ids, self.ada)
        self.assertEqual(mail.subject, "Your commission statement January 2026")
        self.assertEqual(mail.attachment_ids.mapped("name"), ["Statement_2026-01-01_2026-01-31.pdf"])
        self.assertFalse(self.mail("2026-02-01"))
        self.assertFalse(self.mail("2026-02-15"))
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(str(self.mail("2026-03-02").date_from), "2026-02-01")  # the first nights were missed
        with self.assertRefused("has been mailed to the partner already"):
            sent.copy()

    def test_not_where_nothing_moved_nor_where_it_is_switched_off(self):
        self.assertFalse(self.mail("2026-02-01"))
        self.go_to("2026-01-05")
        self.earned_line()
        self.env["partner.commission.statement"].with_user(self.portal_ada)._set_mailed(self.ada, self.company, False)
        self.assertFalse(self.enrollment_ada.statement_by_mail)
        self.assertFalse(self.mail("2026-02-05"))
        self.assertEqual(self.env["partner.program.portal.log"].search([]).detail, "Statement by e-mail: off")

    def test_what_the_partner_chose_holds_for_enrollments_that_begin_later(self):
        self.earned_line()
        Statement = self.env["partner.commission.statement"].with_user(self.portal_ada)
        Statement._set_mailed(self.ada, self.company, False)
        successor = self.enrollment_ada._change_program(self.program_affiliate)
        other = self.env["partner.program.enrollment"].create(
            {"partner_id": self.ada_contact.id, "program_id": self.program_referral.copy().id, "state": "onboarding"}
        )
        stray = self.env["partner.program.enrollment"].create(
            {"partner_id": self.other_client.id, "program_id": self.program_referral.copy().id}
        )
        self.assertTrue(stray.statement_by_mail)
        stray.partner_id = self.ada  # the company of the applicant was chosen
        successor.with_context(partner_program_no_mail=True).state = "active"
        self.assertEqual((successor + other + stray).mapped("statement_by_mail"), [False] * 3)
        self.assertFalse(self.mail("2026-02-05"))
        Statement._set_mailed(self.ada, self.company, True)
        self.assertTrue(all((self.enrollment_ada + successor + other).mapped("statement_by_mail")))
        self.assertTrue(self.enrollment_byte.statement_by_mail)
        self.assertEqual(self.mail("2026-02-05").partner_id, self.ada)

    def test_a_statement_that_cannot_be_made_stops_no_other_and_is_tried_again(self):
        self.earned_line()
        other = self.env["partner.program.enrollment"].create(
            {"partner_id": self.other_client.id, "program_id": self.program_referral.id, "state": "active"}
        )
        self.acquired(enrollment=other, client=self.byte)
        self.pay(self.invoice(700, client=self.byte), on="2026-02-04")
        Statement = self.registry["partner.commission.statement"]
        render, reason = Statement._render_file, "No PDF today"

        def fail(statement, partner, *args):
            if partner == self.ada:
                raise UserError(reason)
            return render(statement, partner, *args)

        with (
            patch.object(Statement, "_render_file", fail),
            mute_logger("odoo.addons.partner_program.models.partner_commission_statement"),
        ):
            self.assertEqual(self.mail("2026-03-01").partner_id, self.other_client)
        self.assertEqual(self.mail("2026-03-02").partner_id, self.ada)

    def test_the_switch_of_the_template_stops_all(self):
        self.earned_line()
        self.env.ref("partner_program.mail_template_statement").active = False
        self.mail("2026-02-01")
        self.assertFalse(self.mails())

    def test_in_the_language_of_the_partner_and_to_its_people_where_the_company_has_no_address(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.ada.write({"lang": "fr_FR", "email": False})
        self.earned_line()
        sent = self.mail("2026-02-01")
        self.assertEqual(sent.recipient_ids, self.ada_contact)
        [mail] = self.mails()
        self.assertIn("janvier 2026", mail.subject)

    def test_one_query_finds_the_partners_however_many(self):
        self.earned_line()
        self.go_to("2026-02-05")
        Statement = self.env["partner.commission.statement"].with_user(SUPERUSER_ID)
        Statement._prepare_last_month()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            self.assertEqual(len(Statement._prepare_last_month()), 1)


class TestBackOfficeTwin(PartnerProgramCommon):
    def test_a_spreadsheet_shows_the_decimals_of_each_currency(self):
        heading = ("Date", "What", "Client", "Invoice", "Bill", "Currency", "Amount", "How it comes about", "Company")
        rows = [
            (Datetime.now().date(), "Earned", "", "", "", currency, amount, "", "Us")
            for currency, amount in (("KWD", 1.234), ("JPY", 100.0), ("USD", 1234.5))
        ]
        content = self.env["partner.commission.statement"]._write_xlsx([heading, *rows])
        cells = list(load_workbook(io.BytesIO(content)).active.columns)[6][1:]
        self.assertEqual(
            [(cell.value, cell.number_format) for cell in cells],
            [(1.234, "#,##0.000"), (100, "#,##0"), (1234.5, "#,##0.00")],
        )

    def test_the_statement_of_a_partner_from_its_enrollment(self):
        self.earned_line()
        for user in (self.manager, self.accountant):
            enrollment = self.enrollment_ada.with_user(user)
            action = enrollment.action_open_statement()
            wizard = self.env[action["res_model"]].with_user(user).with_context(**action["context"]).create({})
            self.assertEqual((str(wizard.date_from), str(wizard.date_to)), ("2026-01-01", "2026-01-31"))
            self.assertIn("50.00", wizard.balances)
            self.assertEqual(
                wizard.action_pdf()["url"],
                f"/partner_program/statement/{enrollment.id}/pdf?date_from=2026-01-01&date_to=2026-01-31",
            )
            action = wizard.action_movements()
            self.assertEqual(
                self.env[action["res_model"]].with_user(user).search(action["domain"]).mapped("amount"), [50.0]
            )
            wizard.date_to = "2025-01-01"
            with self.assertRefused("The first day has to come before the last day"):
                wizard.action_xlsx()

    def test_the_real_pdf(self):
        self.earned_line()
        self.env.flush_all()
        pdf = (
            self.env["partner.commission.statement"]
            .with_context(force_report_rendering=True)
            ._render_file(self.ada, self.company, *map(Datetime.to_datetime, ("2026-01-01", "2026-01-31")), "pdf")
        )
        self.assertEqual(pdf[:4], b"%PDF")
