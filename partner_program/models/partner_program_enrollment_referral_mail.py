from odoo import fields, models, tools
from odoo.exceptions import UserError


class PartnerProgramEnrollment(models.Model):
    """Mails of an active partner: a referral, if they name a client (P4, P24)."""

    _inherit = "partner.program.enrollment"

    mail_problem = fields.Char(
        readonly=True, copy=False, help="Why the last mail of the partner made no referral; the answer quotes it."
    )

    def _receive_referral_mail(self, msg_dict, contact, received_on):
        """Make a referral of a mail, dated when it was received.

        What is missing is asked for by reply. A mail that names no client stays with the enrollment, and the answer
        says what a referral needs.

        :return: the record that keeps the mail
        """
        self.ensure_one()
        if contact:
            msg_dict["author_id"] = contact.id
        if answered := self._find_answered_referral(msg_dict):
            answered.message_update(msg_dict)
            return answered
        return self._refer_by_mail(msg_dict, received_on) or self

    def _find_answered_referral(self, msg_dict):
        """The referral that a mail to the address answers: Odoo takes it for a new one, as the address is another's."""
        references = f"{msg_dict.get('in_reply_to') or ''} {msg_dict.get('references') or ''}".split()
        messages_sudo = self.env["mail.message"].sudo()  # the mails that we sent
        answered = messages_sudo.search(
            [("message_id", "in", references[-32:]), ("model", "=", "partner.referral")], order="id desc", limit=1
        )
        referral = self.env["partner.referral"].browse(answered.res_id).exists()
        return referral.filtered(lambda one: one.partner_id == self.partner_id)

    def message_update(self, msg_dict, update_vals=None):
        # EXTENDS mail: an answer that names the client is the referral
        result = super().message_update(msg_dict, update_vals)
        for enrollment in self:
            people = self.env["res.partner"].search([("id", "child_of", enrollment.partner_id.ids)])
            if enrollment.mail_problem and enrollment.state == "active" and msg_dict.get("author_id") in people.ids:
                enrollment._refer_by_mail(msg_dict, fields.Datetime.now())
        return result

    def _refer_by_mail(self, msg_dict, received_on):
        """The referral of a mail; none, and an answer that says why, when it cannot be registered."""
        referrals = self.env["partner.referral"]
        client = referrals._parse_prospect(msg_dict)
        if not (client.get("prospect_name") or client.get("prospect_email")):
            return self._ask_for_client(self.env._("it does not say who the client is"))
        if self._is_about_itself(client):
            return self._ask_for_client(self.env._("a partner cannot refer itself"))
        vals = {
            **client,
            "enrollment_id": self.id,
            "referred_on": received_on or fields.Datetime.now(),
            "source": "email",
            "note": tools.html2plaintext(msg_dict.get("body") or "")[:5000],
        }
        try:
            with self.env.cr.savepoint():
                referral = referrals._register_referrals([vals])
        except UserError as error:
            return self._ask_for_client(str(error))
        self.mail_problem = False
        if msg_dict.get("author_id"):
            referral.message_subscribe([msg_dict["author_id"]])
        self.env["mail.template"]._partner_program_send("partner_program.mail_template_referral_by_email", referral)
        return referral

    def _is_about_itself(self, client) -> bool:
        """D11, as far as a mail tells: the name or an address of the partner itself."""
        name, email = client.get("prospect_name") or "", client.get("prospect_email")
        people = self.env["res.partner"].search([("id", "child_of", self.partner_id.ids)])
        return name.casefold() == self.partner_id.name.casefold() or email in people.mapped("email_normalized")

    def _ask_for_client(self, problem):
        """Answer what a referral needs; the mail itself stays with the enrollment, where the manager reads it."""
        self.mail_problem = problem
        self.env["mail.template"]._partner_program_send("partner_program.mail_template_referral_question", self)
        return self.env["partner.referral"]
