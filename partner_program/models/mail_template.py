from odoo import api, models


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
        return template_sudo.send_mail_batch(records.ids, email_values=email_values)

    @api.model
    def _partner_program_action(self):
        """The list of our templates, each with its switch; opened from the settings."""
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.mail_template_action")
        data = self.env["ir.model.data"].sudo()  # external identifiers are technical data, read for anybody
        ids = data.search([("model", "=", self._name), ("module", "=like", "partner\\_program%")]).mapped("res_id")
        action["domain"] = [("id", "in", ids)]
        return action
