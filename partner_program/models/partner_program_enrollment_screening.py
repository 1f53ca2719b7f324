import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date

from .partner_program_enrollment_application import AFFILIATE_KINDS

_logger = logging.getLogger(__name__)


class PartnerProgramEnrollment(models.Model):
    """Looking at an application: which program fits, and why; approving it (P2, P3)."""

    _inherit = "partner.program.enrollment"

    suggested_program_id = fields.Many2one(
        "partner.program", "Program That Fits", compute="_compute_screening", compute_sudo=True
    )
    screening_facts = fields.Text("Facts", compute="_compute_screening", compute_sudo=True)

    @api.depends("partner_id", "company_kind", "company_id", "program_id", "is_program_open")
    @api.depends_context("lang")
    def _compute_screening(self):
        paid = self._get_paid_invoices()
        programs = self.env["partner.program"].search([("company_id", "in", self.company_id.ids)])
        known = self.search(
            [("partner_id", "in", self.partner_id.ids), ("company_id", "in", self.company_id.ids)]
        ).grouped(lambda enrollment: (enrollment.partner_id, enrollment.company_id))
        for enrollment in self:
            count, first, last = paid.get((enrollment.partner_id.id, enrollment.company_id.id), (0, None, None))
            own = programs.filtered(lambda program, company=enrollment.company_id: program.company_id == company)
            enrollment.suggested_program_id = enrollment._suggest_program(own, count)
            others = known.get((enrollment.partner_id, enrollment.company_id), self.browse()) - enrollment._origin
            enrollment.screening_facts = "\n".join(enrollment._get_screening_facts(others, count, first, last))

    def _get_paid_invoices(self) -> dict:
        """Paid customer invoices of the applicants, in one query.

        :return: ``{(partner_id, company_id): (count, first date, last date)}``
        """
        rows = self.env["account.move"]._read_group(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("paid", "in_payment")),
                ("commercial_partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ],
            ["commercial_partner_id", "company_id"],
            ["__count", "invoice_date:min", "invoice_date:max"],
        )
        return {(partner.id, company.id): tuple(figures) for partner, company, *figures in rows}

    def _suggest_program(self, programs, paid_count):
        """Customers fit the referral program (P2), companies in contact with the target customers the affiliate (P3).

        Both at once fit what was applied for; whoever has not chosen is suggested the stronger role.
        """
        self.ensure_one()
        fits = set()
        if paid_count or self.company_kind == "customer":
            fits.add("referral")
        if self.company_kind in AFFILIATE_KINDS:
            fits.add("affiliate")
        if len(fits) == 2:
            fits = {"affiliate"} if self.is_program_open else {self.program_id.program_type}
        return programs.filtered(lambda program: program.program_type in fits)[:1]

    def _get_screening_facts(self, others, count, first, last) -> list[str]:
        """What speaks for which program, in sentences."""
        self.ensure_one()
        facts = []
        if count == 1:
            facts.append(
                self.env._("Existing customer: one invoice paid, of %(day)s.", day=format_date(self.env, first))
            )
        elif count:
            facts.append(
                self.env._(
                    "Existing customer: %(count)s invoices paid, from %(first)s to %(last)s.",
                    count=count,
                    first=format_date(self.env, first),
                    last=format_date(self.env, last),
                )
            )
        else:
            facts.append(self.env._("Not a customer: no invoice paid so far."))
        if self.company_kind:
            kinds = dict(self._fields["company_kind"]._description_selection(self.env))
            facts.append(self.env._("Kind of company: %(kind)s.", kind=kinds[self.company_kind]))
        else:
            facts.append(self.env._("Kind of company: unknown. Ask, or look at their web site."))
        if self.partner_id.country_id:
            facts.append(self.env._("Country: %(country)s.", country=self.partner_id.country_id.name))
        states = dict(self._fields["state"]._description_selection(self.env))
        facts += [
            self.env._(
                "Enrolled before: %(program)s, %(state)s.", program=other.program_id.name, state=states[other.state]
            )
            for other in others
        ]
        return facts

    def action_use_suggestion(self):
        """Take the program that fits."""
        self.check_access("write")
        for enrollment in self:
            if enrollment.suggested_program_id and enrollment.state == "applied":
                enrollment.write({"program_id": enrollment.suggested_program_id.id, "is_program_open": False})

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def action_onboard(self):
        """Approve an application: account manager by rule, portal access, mail; what is left to do is listed."""
        self.check_access("write")
        applications = self.filtered(lambda enrollment: enrollment.state == "applied")
        if unclear := applications.filtered("ambiguous_partner_ids"):
            raise UserError(
                self.env._(
                    "%(address)s belongs to contacts of more than one company (%(companies)s). "
                    "Choose the partner company first.",
                    address=unclear[0].applicant_email,
                    companies=", ".join(unclear[0].ambiguous_partner_ids.mapped("name")),
                )
            )
        applications._check_program_chosen()
        # The to-do to look at the application goes in a moment: nobody is told that it is his.
        applications.with_context(mail_activity_quick_update=True)._assign_account_managers()
        for application in applications:
            application._grant_portal_access()  # first, as the mail of approval says what came of it
        applications.state = "onboarding"

    def _check_program_chosen(self):
        """Terms and contract are those of the program: it is not the first of the list that nobody has chosen."""
        application = self.filtered("is_program_open")[:1]
        if not application:
            return
        if suggested := application.suggested_program_id:
            raise UserError(
                self.env._(
                    "The program of %(partner)s is not chosen yet. By the facts %(program)s fits: click “Use the "
                    "Program That Fits”, or choose another one.",
                    partner=application.partner_id.name,
                    program=suggested.name,
                )
            )
        raise UserError(
            self.env._(
                "The program of %(partner)s is not chosen yet. Choose it, or untick “Program Not Chosen Yet” on the "
                "application if %(program)s is right.",
                partner=application.partner_id.name,
                program=application.program_id.name,
            )
        )

    def write(self, vals):
        if vals.get("program_id"):
            vals = {"is_program_open": False, **vals}  # now it is chosen
        # Who chooses the company has answered the question which one it is.
        if vals.get("partner_id") and "ambiguous_partner_ids" not in vals:
            vals = {**vals, "ambiguous_partner_ids": [fields.Command.clear()]}
        result = super().write(vals)
        if vals.get("partner_id") and "applicant_id" not in vals:
            for enrollment in self:
                enrollment._take_applicant_of_partner()
        return result

    def _take_applicant_of_partner(self):
        """Whoever chose the company means its contact with the address of the applicant, or that it has this one."""
        stray = self.applicant_id
        if not stray or stray.commercial_partner_id == self.partner_id:
            return
        same = stray.search(
            [
                ("commercial_partner_id", "=", self.partner_id.id),
                ("email_normalized", "=", email_normalize(self.applicant_email or stray.email) or "-"),
            ],
            order="is_company, id",
            limit=1,
        )
        if same:
            self.applicant_id = same
            self.message_subscribe(same.ids)
            self.message_unsubscribe(stray.ids)
        elif not (stray.parent_id or stray.is_company or stray.child_ids or stray.sudo().user_ids):  # sudo: whether any
            stray.parent_id = self.partner_id

    def _get_portal_contact(self):
        """The person of the partner who gets the portal access."""
        self.ensure_one()
        people = self.applicant_id | self.partner_id.child_ids.filtered(lambda contact: contact.type == "contact")
        return self._filter_own_people(people | self.partner_id).filtered("email_normalized")[:1]

    def _grant_portal_access(self):
        """Invite the applicant to the portal; a manager needs no right on users for it.

        What stands in the way (no address, or one that is somebody else's log-in) is noted, and does not undo the
        approval: access can be given later from the contact.
        """
        self.ensure_one()
        contact = self._get_portal_contact()
        if any(user.active for user in contact.sudo().user_ids):  # sudo: whether there is a log-in is no secret
            return
        problem = self.env._("no contact of the partner has an email address")
        if contact:
            wizard_sudo = (
                self.env["portal.wizard"]
                .sudo()  # managers approve partners; making users is done for them here
                .with_company(self.company_id)
                .create({"partner_ids": [fields.Command.set(contact.ids)]})
            )
            try:
                with self.env.cr.savepoint():
                    wizard_sudo.user_ids.action_grant_access()
                return
            except UserError as error:
                problem = str(error)
        _logger.info("No portal access for enrollment %s: %s", self.id, problem)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Give portal access to %(partner)s", partner=self.partner_id.name),
            note=self.env._("It could not be given at approval: %(problem)s", problem=problem),
            user_id=(self._get_account_manager() or self.env.user).id,
        )
