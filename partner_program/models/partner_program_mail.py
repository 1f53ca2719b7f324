from odoo import SUPERUSER_ID, models


class PartnerProgram(models.Model):
    """Mails to the address of a program that nobody can be made an applicant of (P24)."""

    _inherit = "partner.program"
    _partner_program_limits_files = True

    def message_update(self, msg_dict, update_vals=None):
        # EXTENDS mail: nothing is lost; somebody has to look at it
        result = super().message_update(msg_dict, update_vals)
        if not msg_dict.get("parent_id"):
            for program in self:
                program._tell_of_stray_mail(msg_dict)
        return result

    def _tell_of_stray_mail(self, msg_dict):
        self.message_notify(
            partner_ids=self._get_responsibles_sudo().partner_id.ids,
            subject=self.env._("A mail to %(program)s made no application", program=self.name),
            body=self.env._(
                "“%(subject)s” from %(sender)s has no sender outside of the company. It is kept on the program: "
                "enter the application by hand if it is one.",
                subject=msg_dict.get("subject") or "…",
                sender=msg_dict.get("email_from") or self.env._("an unknown sender"),
            ),
        )

    def _get_responsibles_sudo(self):
        """Who looks after the partners of the program: by its rules, else who has the role in its company."""
        self.ensure_one()
        program_sudo = self.sudo()  # strangers write to the address
        if ruled := program_sudo.manager_rule_ids.user_id.filtered("active"):
            return ruled
        managers_sudo = program_sudo.env.ref("partner_program.group_manager").all_user_ids
        colleagues = managers_sudo.filtered(
            lambda user: (
                user.active
                and not user.share
                and user.id != SUPERUSER_ID
                and program_sudo.company_id in user.company_ids
            )
        )
        return colleagues.sorted("id") or program_sudo.env.ref("base.user_admin")
