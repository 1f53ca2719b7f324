from odoo import api, fields, models
from odoo.fields import Command, Domain

from .partner_program_enrollment_life import NO_MAIL

REQUIREMENTS = ("bank_account_required", "tax_id_required", "account_manager_required")


class PartnerProgram(models.Model):
    """What a program asks of its partners besides the contract and the training, and who looks after them."""

    _inherit = "partner.program"

    bank_account_required = fields.Boolean(
        tracking=True,
        help="Commissions are held until a bank account of the partner is known. They are earned meanwhile.",
    )
    tax_id_required = fields.Boolean(
        "Tax Data Required",
        tracking=True,
        help="Commissions are held until the tax ID of the partner is known. "
        "For a partner that has none, enter a slash (/) as tax ID.",
    )
    account_manager_required = fields.Boolean(
        tracking=True,
        help="Onboarding ends only when the partner has an account manager. "
        "This is a duty of the company: it never holds payouts.",
    )
    asked_agreement_ids = fields.Many2many(
        "partner.program.agreement",
        "partner_program_asked_agreement_rel",
        readonly=True,
        copy=False,
        ondelete="restrict",
        context={"active_test": False},  # what was due is due, also when its version was archived
        help="Technical: every version of the contract that the program has asked its partners to sign.",
    )
    manager_rule_ids = fields.One2many(
        "partner.program.manager.rule",
        "program_id",
        "Account Managers",
        groups="partner_program.group_manager",
        help="Who looks after new partners. Among those whose countries and languages fit, "
        "the one with the fewest partners is chosen.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        programs = super().create(vals_list)
        programs._note_asked_agreements()
        return programs

    def write(self, vals):
        before = {program: program.agreement_id for program in self} if "agreement_id" in vals else {}
        result = super().write(vals)
        if "agreement_id" in vals:
            self._note_asked_agreements()
        for program, agreement in before.items():
            if program.agreement_id and program.agreement_id != agreement:
                program._ask_for_new_signatures()
        return result

    def _note_asked_agreements(self):
        """A version that was asked for stays asked for, until it or a later one is signed.

        A program that goes back to an earlier version withdraws the later ones.
        """
        for agreement, programs in self.filtered("agreement_id").grouped("agreement_id").items():
            withdrawn = programs.asked_agreement_ids.filtered(
                lambda one, asked=agreement: one._is_same_contract(asked) and one.version > asked.version
            )
            programs.asked_agreement_ids = [
                Command.link(agreement.id),
                *(Command.unlink(one.id) for one in withdrawn),
            ]

    def _ask_for_new_signatures(self):
        """A contract, or a new version of it: write to everybody whose payouts wait for it, now or from its day on."""
        self.ensure_one()
        if self.env.context.get(NO_MAIL):
            return
        Enrollment = self.env["partner.program.enrollment"]
        enrollments = Enrollment.search(Domain("program_id", "=", self.id) & Enrollment._get_payout_domain())
        self.env["mail.template"]._partner_program_send(
            "partner_program.mail_template_agreement_new_version",
            enrollments.filtered(lambda enrollment: enrollment._has_to_sign())._filter_once_per_contract(),
        )
