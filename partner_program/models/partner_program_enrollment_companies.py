from collections import defaultdict

from odoo import api, models
from odoo.fields import Command

NOT_APPROVED = ("applied", "rejected")


class PartnerProgramEnrollment(models.Model):
    """A partner of two of our companies sees both: Odoo's rules show a user what its companies have.

    Nothing is taken away when an enrollment ends: clients keep earning, and statements stay to be read.
    """

    _inherit = "partner.program.enrollment"

    @api.model_create_multi
    def create(self, vals_list):
        enrollments = super().create(vals_list)
        enrollments.partner_id._open_program_companies_sudo()
        return enrollments

    def write(self, vals):
        result = super().write(vals)
        if {"state", "program_id", "partner_id"} & vals.keys():
            self.partner_id._open_program_companies_sudo()
        return result


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _get_program_companies_sudo(self) -> dict:
        """The companies that each of these partner companies is approved in, in one query.

        :return: ``{partner_id: companies}``
        """
        enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # of all companies, whoever asks
        companies = defaultdict(self.env["res.company"].sudo().browse)
        for partner, company in enrollments_sudo._read_group(
            [("partner_id", "in", self.commercial_partner_id.ids), ("state", "not in", NOT_APPROVED)],
            ["partner_id", "company_id"],
        ):
            companies[partner.id] |= company
        return companies

    def _get_portal_users_sudo(self):
        """The people of these partner companies who have a log-in to the portal, the oldest first."""
        users_sudo = self.env["res.users"].sudo()  # partners and their managers read no users
        return users_sudo.search(
            [("partner_id.commercial_partner_id", "in", self.commercial_partner_id.ids), ("share", "=", True)],
            order="id",
        ).filtered(lambda user: user._is_portal())

    def _get_program_readers(self):
        """Who reads our mails to this partner: the company where it has an address, else its people with a log-in."""
        self.ensure_one()
        return self if self.email else self._get_portal_users_sudo().partner_id.filtered("email").sudo(False)

    def _open_program_companies_sudo(self):
        """Let the people of these partner companies see each company whose programs they are approved in.

        A manager needs no right on users for it, and chooses neither user nor company.
        """
        companies = self._get_program_companies_sudo()
        if not companies:
            return
        for user_sudo in self._get_portal_users_sudo():
            missing = companies[user_sudo.partner_id.commercial_partner_id.id] - user_sudo.company_ids
            if missing:
                user_sudo.write({"company_ids": [Command.link(company.id) for company in missing]})
