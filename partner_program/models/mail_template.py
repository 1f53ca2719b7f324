from odoo import api, models, tools


class MailTemplate(models.Model):
    """The mails of the partner program: one door for all of them, and archiving a template as their switch."""

    _inherit = "mail.template"

    @api.model
    def _partner_program_send(self, xmlid, records, email_values=None):
        """Queue the mail of this template for each record; recipients and language are the template's.

        Whoever triggers it needs no right on templates, mails or the records: what is mailed follows from a step that
        the person was allowed to take.

        :param str xmlid: external identifier, such as ``partner_program.mail_template_welcome``
        :param records: records of the template's model
        :param dict email_values: values of ``mail.mail`` that win over the template's
        :return: the queued mails; none when the template is archived (switched off in the settings) or was deleted
        """
        template_sudo = self.sudo().env.ref(xmlid, raise_if_not_found=False)  # portal users and salespeople send too
        if not template_sudo or not template_sudo.active or not records:
            return self.env["mail.mail"]
        mails = template_sudo.send_mail_batch(records.ids, email_values=email_values)
        if not (template_sudo.auto_delete or template_sudo.reply_to):
            mails._partner_program_answer_to(records.sudo())  # sudo: as above
        return mails

    @api.model
    def _partner_program_action(self):
        """The list of our templates, each with its switch; opened from the settings."""
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.mail_template_action")
        data = self.env["ir.model.data"].sudo()  # external identifiers are technical data, read for anybody
        ids = data.search([("model", "=", self._name), ("module", "=like", "partner\\_program%")]).mapped("res_id")
        action["domain"] = [("id", "in", ids)]
        return action


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _partner_program_answer_to(self, records):
        """Let answers come in here, to the record that a mail is about.

        A mail of a template is answered to its sender, Odoo or not. That stays so where the company has no address
        for answers, and for mails that are deleted once sent: an answer to these would find no thread.
        """
        addresses = records._notify_get_reply_to(default=False)

        def get_reply_to(mail):
            address = tools.email_normalize(addresses.get(mail.res_id))
            return address and tools.formataddr((tools.parse_contact_from_email(mail.email_from)[0], address))

        for reply_to, mails in self.grouped(get_reply_to).items():
            if reply_to:
                mails.reply_to = reply_to
