"""A partner that is a person becomes a contact of a company: what it has goes along."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from .statements import statements
from .test_statement import StatementCommon

BILLING_RUN = "odoo.addons.partner_program.models.partner_commission_line_billing_run"


@tagged("post_install", "-at_install")
class TestPartnerCompany(StatementCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pia, cls.firm = cls.env["res.partner"].create(
            [
                {"name": "Pia Person", "email": "pia@firm.example"},
                {"name": "Firm", "is_company": True, "email": "office@firm.example"},
            ]
        )
        cls.portal_pia = cls._new_user("portal_pia", "base.group_portal", partner=cls.pia)
        cls.enrollment_pia = cls.env["partner.program.enrollment"].create(
            {"partner_id": cls.pia.id, "program_id": cls.program_referral.id, "state": "active"}
            | {"date_start": "2025-01-01"}
        )

    def join(self):
        self.pia.with_user(self.salesperson).parent_id = self.firm
        self.env.flush_all()

    def own_lines(self):
        return self.env["partner.commission.line"].with_user(self.portal_pia).search([])

    def test_what_the_person_has_earned_goes_along(self):
        line = self.billed_line(enrollment=self.enrollment_pia)
        self.pay(line.bill_ids)
        later = self.invoice(400)
        self.pay(later)
        self.go_to("2026-03-20")
        told = self.statement("2026-02", partner=self.pia)
        self.assertEqual(told["paid"], 50.0)
        self.join()
        self.assertEqual(self.enrollment_pia.partner_id, self.firm)
        self.assertEqual((line + self.line_of(later)).partner_id, self.firm)
        self.assertEqual(self.own_lines(), line + self.line_of(later))
        self.assertEqual(self.statement("2026-02", partner=self.firm), told)
        bills, mended = self.run_all()
        self.assertFalse(mended)
        self.assertBill(bills, partner_id=self.firm.id, amount_total=20.0)
        bills.action_post()
        self.assertAddsUp(self.firm)

    def test_a_draft_goes_on(self):
        draft = self.billed_line(enrollment=self.enrollment_pia, post=False).bill_ids
        later = self.invoice(400)
        self.pay(later)
        self.join()
        self.assertEqual(self.run_bills("2026-03-20"), draft)
        self.assertBill(draft, amount_total=70.0)
        draft.action_post()

    def test_bills_go_along_where_a_company_is_called_a_person(self):
        self.pia.write({"is_company": True, "parent_id": self.firm.id})
        draft = self.billed_line(enrollment=self.enrollment_pia, post=False).bill_ids
        self.pia.with_user(self.salesperson).is_company = False
        self.assertEqual(self.enrollment_pia.partner_id, self.firm)
        self.pay(self.invoice(400))
        self.assertEqual(self.run_bills("2026-03-20"), draft)
        self.assertBill(draft, amount_total=70.0)
        draft.action_post()
        self.assertAddsUp(self.firm)

    def test_d15_the_bank_account_stays_with_the_person_and_somebody_is_told(self):
        self.program_referral.bank_account_required = True
        self.enrollment_pia.account_manager_id = self.manager
        account = self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": self.pia.id})
        line = self.earned_line(enrollment=self.enrollment_pia)
        self.join()
        self.assertEqual(account.partner_id, self.pia, "of the company nobody has said that it is paid there")
        self.assertLine(line, state="held", hold_reason="bank account unknown")
        to_do = self.enrollment_pia.activity_ids
        self.assertEqual((to_do.user_id, to_do.summary), (self.manager, "Enter the bank account of Firm"))
        self.assertIn("Pia Person is a contact of Firm now", to_do.note)
        self.env["partner.program.enrollment"]._follow_companies()
        self.env["account.move"]._follow_bank_accounts()
        self.assertEqual(self.enrollment_pia.activity_ids, to_do)

    def test_d15_nobody_is_told_where_the_company_has_an_account_or_the_person_had_none(self):
        for owners in ((), (self.firm,), (self.firm, self.pia)):
            with self.subTest(owners=owners), self.cr.savepoint() as savepoint:
                for owner in owners:
                    self.env["res.partner.bank"].create({"acc_number": "1234567890", "partner_id": owner.id})
                self.join()
                self.assertEqual(self.enrollment_pia.partner_id, self.firm)
                self.assertFalse(self.enrollment_pia.activity_ids)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_a_company_that_is_a_partner_of_the_program_takes_no_second_one(self):
        self.enrollment_ada.partner_id = self.firm
        with self.assertRefused("Pia Person and Firm are both partners of the program Referral"), self.cr.savepoint():
            self.join()
        self.enrollment_ada.action_end()
        self.join()
        self.assertEqual(self.enrollment_pia.partner_id, self.firm)

    def test_a_client_of_the_person_does_not_become_its_company(self):
        self.acquired(enrollment=self.enrollment_pia, client=self.firm)
        with self.assertRefused("has referred Firm as a client"), self.cr.savepoint():
            self.join()

    def test_who_was_refused_as_the_partner_of_a_client_may_join_it(self):
        referral = self.refer(enrollment=self.enrollment_pia, client=self.firm, accept=False)
        with self.assertRefused("Reject or withdraw the referral first"), self.cr.savepoint():
            self.join()
        referral.write({"state": "rejected", "decision_reason": "Known to us"})
        self.join()
        self.assertEqual(self.enrollment_pia.partner_id, self.firm)

    def test_what_was_changed_behind_the_orm_is_followed_at_night_or_told(self):
        self.acquired(enrollment=self.enrollment_pia)
        other = self.ada.copy({"name": "Solo", "is_company": False})
        solo = self.enrollment_pia.copy({"partner_id": other.id, "state": "active", "date_start": "2025-01-01"})
        self.env.flush_all()
        for person, company in ((self.pia, self.firm), (other, self.ada)):
            self.cr.execute(
                "UPDATE res_partner SET parent_id = %(id)s, commercial_partner_id = %(id)s WHERE id = %(person)s",
                {"id": company.id, "person": person.id},
            )
        self.env.invalidate_all()
        with mute_logger(BILLING_RUN):
            self.run_all()
        self.assertEqual(self.enrollment_pia.partner_id, self.firm)
        self.assertEqual(solo.partner_id, other, "Ada is a partner already")
        self.assertIn("both partners of the program", solo.activity_ids.note)

    def test_other_contacts_cost_the_same_however_many_they_are(self):
        counts = []
        for size in (1, 10, 100):
            contacts = self.env["res.partner"].create([{"name": f"Contact {n}"} for n in range(size)])
            self.env.flush_all()
            with statements() as sent:
                contacts.parent_id = self.firm
            counts.append(len([one for one in sent if "partner_program_" in one or "partner_referral" in one]))
        self.assertLessEqual(max(counts), 8, counts)
