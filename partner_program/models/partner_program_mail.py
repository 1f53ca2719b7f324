from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

MAX_STRAY_FILES = 20  # of the public form, on one program


class PartnerProgram(models.Model):
    """Mails to a program, and forms sent to it, that nobody can be made an applicant of (P24)."""

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
        people = self._get_responsibles_sudo()
        env = self.with_context(lang=people[:1].lang).env  # the gateway that reads the mail has no language
        mail = {
            "subject": msg_dict.get("subject") or "…",
            "sender": msg_dict.get("email_from") or env._("an unknown sender"),
        }
        if self.env["partner.program.enrollment"]._get_sender(msg_dict):
            body = env._(
                "“%(subject)s” from %(sender)s came through a mailing list. It is kept on the program: "
                "enter the application by hand if it is one.",
                **mail,
            )
        else:
            body = env._(
                "“%(subject)s” from %(sender)s has no sender outside of the company. It is kept on the program: "
                "enter the application by hand if it is one.",
                **mail,
            )
        self.message_notify(
            partner_ids=people.partner_id.ids,
            subject=env._("A mail to %(program)s made no application", program=self.name),
            body=body,
        )

    def _keep_stray_form(self, text, email, files, limit):
        """Keep what the public form says with an address of the company itself, as a note that who is responsible gets.

        Whoever typed it is answered as everybody is, also about too many within an hour: which addresses are ours is
        no business of strangers. Called with raised rights.

        :param Markup text: what was typed
        :param str email: the address, which is the subject of the note
        :param files: ``(name, content)``
        :param int limit: of notes within an hour, 0 for none; beyond it those with other addresses are not kept
        :raise UserError: too many with this address
        """
        self.ensure_one()
        email, messages = email_normalize(email), self.env["mail.message"]
        notes = messages.search(
            [
                *(("model", "=", self._name), ("res_id", "=", self.id), ("message_type", "=", "comment")),
                ("author_id", "=", self.env.user.partner_id.id),  # who is not logged in
                ("date", ">", fields.Datetime.subtract(fields.Datetime.now(), hours=1)),
            ]
        )
        if limit and len(notes.filtered(lambda note: note.subject == email)) >= limit:
            raise UserError(
                self.env._("We have your application and what you added. Please try again in an hour, or write to us.")
            )
        if limit and len(notes) >= limit:
            return
        kept = self.env["ir.attachment"].search_count([("res_model", "=", self._name), ("res_id", "=", self.id)])
        people = self._get_responsibles_sudo()
        head = self.with_context(lang=people[:1].lang).env._(  # the page is in the language of the visitor
            "The email address is one of our own, so this made no application: enter it by hand if it is one."
        )
        self.message_post(
            subject=email,
            body=Markup("<p>%s</p>%s") % (head, text),
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            partner_ids=people.partner_id.ids,
            attachments=list(files) if kept + len(files) <= MAX_STRAY_FILES else [],
        )

    def _get_responsibles_sudo(self):
        """Who looks after the partners of the program: by its rules, else who has the role in its company."""
        self.ensure_one()
        program_sudo = self.sudo()  # strangers write to the address
        if ruled := program_sudo.manager_rule_ids.filtered(lambda rule: rule._is_in_force()).user_id:
            return ruled
        return program_sudo.company_id._partner_program_managers_sudo()
