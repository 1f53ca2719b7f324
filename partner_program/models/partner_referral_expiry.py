from odoo import models


class PartnerReferral(models.Model):
    """The end of claims that were not closed in time (D9, D13); as many statements for a thousand as for one."""

    _inherit = "partner.referral"

    def _expire(self):
        """D9, D13: what was not closed on or before its last day.

        A claim whose lead is won and that is not acquired waits for a manager: see ``_win_late``, ``_acquire_client``.
        """
        due = self.filtered(
            lambda r: (
                r.expires_on
                and r.expires_on < r.company_id._partner_program_today()
                and not (r.acquisition_event == "lead_won" and r.lead_id.won_status == "won")
            )
        )
        # Odoo writes a message for each record that is tracked, one by one: the log is written here instead.
        quiet = due.with_context(tracking_disable=True)
        for (expires_on, _lang), referrals in quiet.grouped(lambda r: (r.expires_on, r.partner_id.lang)).items():
            localized = referrals[:1]._in_partner_language()
            reason = localized.env._("Not closed by %(day)s.", day=localized._format_day(expires_on))
            referrals.write({"state": "expired", "decision_reason": reason})
        due._log_expired()

    def _log_expired(self):
        """What tracking would have written, for all at once."""
        if not self or self.env.context.get("tracking_disable"):
            return
        labels = dict(self._fields["state"]._description_selection(self.env))
        fname = self.env["ir.model.fields"]._get(self._name, "state")
        messages_sudo = self._message_log_batch(bodies=dict.fromkeys(self.ids, ""))
        self.env["mail.tracking.value"].sudo().create(  # sudo: part of the message, as Odoo's own tracking does
            [
                {
                    "field_id": fname.id,
                    "mail_message_id": message.id,
                    "old_value_char": labels["accepted"],
                    "new_value_char": labels["expired"],
                }
                for message in messages_sudo
            ]
        )
