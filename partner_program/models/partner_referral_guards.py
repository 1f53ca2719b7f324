from odoo import api, models
from odoo.exceptions import AccessError, UserError

from .partner_referral import DERIVED_FIELDS, GUARDED_FIELDS


class PartnerReferral(models.Model):
    """Who may change what of a claim, and when: money follows from these fields."""

    _inherit = "partner.referral"

    def _may_decide_everything(self) -> bool:
        return self.env.su or self.env.user.has_group("partner_program.group_manager")

    def _check_guarded(self, fnames):
        if not self.env.su and DERIVED_FIELDS.intersection(fnames):
            raise AccessError(
                self.env._("Partner, program and company of a referral follow from its enrollment: change that one.")
            )
        if self._may_decide_everything():
            return
        if guarded := GUARDED_FIELDS.intersection(fnames):
            raise AccessError(
                self.env._(
                    "Only a partner manager changes %(fields)s of a referral.",
                    fields=", ".join(
                        sorted(self._fields[fname].get_description(self.env)["string"] for fname in guarded)
                    ),
                )
            )

    @api.model
    def _check_company_chosen(self, enrollment_ids):
        """A branch reads the partners of its parent company, but a claim belongs to the company that pays for it."""
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # names of companies are no secret
        others_sudo = enrollments_sudo.browse(filter(None, enrollment_ids)).company_id - self.env.companies
        if others_sudo and not self.env.su:
            raise UserError(
                self.env._(
                    "This is a partner of %(company)s, which pays for its clients: choose that company at the top "
                    "right, or ask a colleague who works for it to register the referral.",
                    company=others_sudo[0].name,
                )
            )

    def _check_undecided(self, vals):
        """Who referred whom and when is the claim itself: after the decision only a manager corrects it.

        A prospect that becomes a contact is no correction: an empty client or lead may be filled in.
        """
        claim = {"referred_on", "enrollment_id", "client_id", "lead_id"}.intersection(vals)
        if not claim or self._may_decide_everything():
            return
        if decided := self.filtered(
            lambda referral: referral.state != "submitted" and any(referral[fname] for fname in claim)
        ):
            raise AccessError(
                self.env._(
                    "Referral %(referral)s was decided: only a partner manager changes partner, client or date.",
                    referral=decided[0].name,
                )
            )

    def _check_no_other_claim(self):
        """A completed referral does not earn again while another partner earns on the client (D10)."""
        for referral in self:
            if referral.state == "completed" and referral._get_protecting_claims():
                raise UserError(
                    self.env._(
                        "The window of %(referral)s cannot be changed: another partner earns on this client by now.",
                        referral=referral.display_name,
                    )
                )

    def _is_partner_itself(self, client) -> bool:
        """Whether this client is the partner, one of its parents, or belongs to it (D11)."""
        self.ensure_one()
        return self.enrollment_id._is_itself(client)

    def _check_not_barred(self, client):
        for referral in self:
            if not referral._is_partner_itself(client) and referral._is_barred(client):
                raise UserError(
                    self.env._("%(client)s is protected by another referral: reject this one.", client=client.name)
                )

    def _check_no_later_earner(self, client):
        """Who earns on a client that a claim received later has earned on meanwhile: a manager decides (D10)."""
        if self._may_decide_everything():
            return
        for referral in self:
            if referral._get_later_earner(client):
                raise UserError(
                    self.env._(
                        "Another referral, received later than %(referral)s, has earned on %(client)s meanwhile. Only "
                        "a partner manager decides who earns from here: ask one to choose the client.",
                        referral=referral.name,
                        client=client.name,
                    )
                )
