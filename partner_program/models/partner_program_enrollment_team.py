from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize
from odoo.tools.sql import escape_psql

MEMBERS_AT_MOST = 50
NAME_AT_MOST, EMAIL_AT_MOST = 100, 254  # characters
INVITATIONS_A_DAY = 20  # each sends a mail in the name of the company
TEAM_STATES = ("onboarding", "active", "suspended")  # not "applied": anybody can apply in the name of a company


class PartnerProgramEnrollment(models.Model):
    """Who of a partner may invite and remove colleagues; the pages ask these methods and nothing else.

    They work for the current user and its own company, whatever a request
    names: rights on users and contacts are raised only behind that check.
    """

    _inherit = "partner.program.enrollment"

    team_manager_ids = fields.Many2many(
        "res.partner",
        "partner_program_enrollment_team_manager_rel",
        "enrollment_id",
        "partner_id",
        string="May Manage Team",
        domain="[('id', 'child_of', partner_id)]",
        help="Contacts of the partner who may invite colleagues to the portal and remove them. "
        "Empty: the person who applied, else whoever of the partner has had access to the portal for longest.",
    )

    @api.model
    def _get_team_sudo(self):
        """Users with access to the portal of the reader's company, the oldest first."""
        return self.env.user.commercial_partner_id._get_portal_users_sudo()

    @api.model
    def _get_team_managers_sudo(self):
        """Contacts of the reader's company who may manage its team; none without a running enrollment."""
        enrollments_sudo = self.sudo().search(  # partners have no right on enrollments
            [("partner_id", "=", self.env.user.commercial_partner_id.id), ("state", "in", TEAM_STATES)]
        )
        if not enrollments_sudo:
            return self.env["res.partner"].sudo()  # nobody; as below
        team_sudo = self._get_team_sudo().partner_id
        # A contact that has moved to another company since has no right here.
        chosen_sudo = enrollments_sudo.team_manager_ids & team_sudo
        applicants = set(map(email_normalize, filter(None, enrollments_sudo.mapped("applicant_email"))))
        applied_sudo = team_sudo.filtered(lambda contact: contact.email_normalized in applicants)
        return chosen_sudo or applied_sudo or team_sudo[:1]

    @api.model
    def _may_manage_team(self) -> bool:
        user = self.env.user
        return user._is_portal() and user.partner_id in self._get_team_managers_sudo()

    @api.model
    def _check_may_manage_team(self):
        if not self._may_manage_team():
            raise UserError(self.env._("Ask the person of your company who manages the team, or your account manager."))

    @api.model
    def _invite_colleague(self, name, email):
        """Give a colleague access to the portal; the invitation goes by e-mail.

        :raise ValidationError: with a sentence for the form; says nothing about other companies' people
        """
        self._check_may_manage_team()
        name, normalized = (name or "").strip(), email_normalize(email or "")
        if not name:
            raise ValidationError(self.env._("Enter the name of your colleague."))
        if len(name) > NAME_AT_MOST:
            raise ValidationError(self.env._("This is too long: use %(size)s characters at most.", size=NAME_AT_MOST))
        if not normalized or len(normalized) > EMAIL_AT_MOST:
            raise ValidationError(self.env._("Enter one valid e-mail address."))
        team_sudo = self._get_team_sudo()
        invited = f"{name} <{normalized}>"
        in_team = team_sudo.filtered(lambda user: user.login == normalized)
        if in_team and self._count_invitations(timedelta(minutes=1), invited):  # a double click
            return in_team.partner_id
        if normalized in team_sudo.mapped("email_normalized") or normalized in team_sudo.mapped("login"):
            raise ValidationError(self.env._("This colleague has access already."))
        if len(team_sudo) >= MEMBERS_AT_MOST:
            raise ValidationError(
                self.env._(
                    "Your company has %(count)s people in the portal, which is the most. Remove somebody first.",
                    count=MEMBERS_AT_MOST,
                )
            )
        if self._count_invitations(timedelta(days=1)) >= INVITATIONS_A_DAY:
            raise ValidationError(self.env._("That is enough invitations for today. Go on tomorrow."))
        users_sudo = self.env["res.users"].sudo().with_context(active_test=False)  # partners read no users
        company = self.env.user.commercial_partner_id
        taken_sudo = users_sudo.search(
            ["|", ("login", "=ilike", escape_psql(normalized)), ("email_normalized", "=", normalized)]
        )
        if taken_sudo.filtered(lambda user: user.active or user.partner_id.commercial_partner_id != company):
            raise ValidationError(
                self.env._("This address cannot be invited. Use another one, or ask your account manager.")
            )
        contact_sudo = taken_sudo.partner_id[:1] or self._find_or_create_colleague_sudo(company, name, normalized)
        contact_sudo.filtered(lambda contact: not contact.active).action_unarchive()  # who left is back
        wizards_sudo = self.env[
            "portal.wizard"
        ].sudo()  # partners have no right on it; who is invited was checked above
        wizard_sudo = wizards_sudo.create({"partner_ids": contact_sudo.ids})
        wizard_sudo.user_ids.action_grant_access()
        self.env["partner.program.portal.log"]._log("invite", invited)
        return contact_sudo

    @api.model
    def _count_invitations(self, within: timedelta, invited=None) -> int:
        """Of the reader's company; of that colleague, or of all."""
        log_sudo = self.env["partner.program.portal.log"].sudo()  # partners do not read the log
        return log_sudo.search_count(
            [
                ("partner_id", "=", self.env.user.commercial_partner_id.id),
                ("action", "=", "invite"),
                ("create_date", ">", fields.Datetime.now() - within),
                *([("detail", "=", invited)] if invited else ()),
            ]
        )

    @api.model
    def _find_or_create_colleague_sudo(self, company, name, email):
        contacts_sudo = self.env["res.partner"].sudo()  # the right to invite includes noting the contact
        known_sudo = contacts_sudo.search(
            [("commercial_partner_id", "=", company.id), ("email_normalized", "=", email), ("is_company", "=", False)],
            limit=1,
        )
        return known_sudo or contacts_sudo.create(
            {"name": name, "email": email, "parent_id": company.id, "lang": self.env.user.lang, "type": "contact"}
        )

    @api.model
    def _remove_colleague(self, user_id):
        """Take the access to the portal away from a colleague; the contact stays. A second time does nothing.

        :raise UserError: not a colleague, or the user itself
        """
        self._check_may_manage_team()
        user_sudo = self._get_team_sudo().filtered(lambda user: user.id == user_id)
        if not user_sudo and self._was_in_team(user_id):
            return
        if not user_sudo:
            raise UserError(self.env._("This person is not in your team any more."))
        if user_sudo == self.env.user:
            raise UserError(self.env._("You cannot remove yourself: ask your account manager."))
        wizards_sudo = self.env[
            "portal.wizard"
        ].sudo()  # partners have no right on it; who is removed was checked above
        wizard_sudo = wizards_sudo.create({"partner_ids": user_sudo.partner_id.ids})
        wizard_sudo.user_ids.action_revoke_access()
        self.env["partner.program.portal.log"]._log("remove", f"{user_sudo.name} <{user_sudo.login}>")

    @api.model
    def _was_in_team(self, user_id) -> bool:
        """Whether this is somebody of the reader's company whose access was taken away."""
        users_sudo = self.env["res.users"].sudo().with_context(active_test=False)  # partners read no users
        company = self.env.user.commercial_partner_id
        return bool(
            users_sudo.search_count(
                [("id", "=", user_id), ("active", "=", False), ("partner_id.commercial_partner_id", "=", company.id)]
            )
        )
