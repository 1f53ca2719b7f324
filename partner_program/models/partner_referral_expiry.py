from odoo import api, fields, models

from ..engine import eligibility


class PartnerReferral(models.Model):
    """The end of claims that were not closed in time (D9, D13); as many statements for a thousand as for one."""

    _inherit = "partner.referral"

    is_over = fields.Boolean(
        compute="_compute_is_over",
        groups="base.group_user",
        help="The last day of the undecided referral is over, and nothing was in time: accepted, it would expire.",
    )

    @api.depends("state", "expires_on", "client_id", "lead_id.won_status", "lead_id.date_closed")
    def _compute_is_over(self):
        """Tells the form what can be done; accepting looks for itself, see ``_check_not_over``."""
        undecided_sudo = self.sudo().filtered(lambda r: r.state == "submitted")  # leads and payments that count
        over_sudo = undecided_sudo.filtered(lambda r: r._is_overdue() or r._is_won_too_late())
        paying_sudo = over_sudo.filtered(lambda r: r.client_id and r.acquisition_event == "entry_payment")
        in_time = paying_sudo._find_package_payments()
        for referral, referral_sudo in zip(self, self.sudo(), strict=True):
            referral.is_over = referral_sudo in over_sudo and referral_sudo not in in_time

    def _expire(self):
        """D9, D13: what was not closed on or before its last day.

        A claim that a manager has to decide on does not end by itself before: what was in time stays in time.
        """
        due = self._filter_expiring()
        # Odoo writes a message for each record that is tracked, one by one: the log is written here instead.
        quiet = due.with_context(tracking_disable=True)
        for (expires_on, _lang), referrals in quiet.grouped(lambda r: (r.expires_on, r.partner_id.lang)).items():
            localized = referrals[:1]._in_partner_language()
            reason = localized.env._("Not closed by %(day)s.", day=localized._format_day(expires_on))
            referrals.write({"state": "expired", "decision_reason": reason})
        due._log_expired()

    def _filter_expiring(self):
        """Accepted claims whose last day is over, and that nobody has to decide on: they protect nothing any more."""
        due = self.filtered(lambda r: r.state == "accepted" and r._is_overdue() and not r._waits_for_client())
        if due:
            reviews_sudo = self.env["partner.referral.review"].sudo()  # whether there is any
            due -= reviews_sudo.search([("referral_id", "in", due.ids), ("state", "=", "open")]).referral_id
        return due

    def _is_overdue(self) -> bool:
        """Whether the last day is over. A won lead that is not acquired: see ``_win_late``, ``_acquire_client``."""
        self.ensure_one()
        is_over = bool(self.expires_on) and self.expires_on < self.company_id._partner_program_today()
        return is_over and not self._is_won()

    def _is_won(self) -> bool:
        """Whether the lead is won that acquires the client; a claim that is still accepted waits for a manager then."""
        self.ensure_one()
        lead_sudo = self.sudo().lead_id  # whoever may see it
        return self.acquisition_event == "lead_won" and lead_sudo.won_status == "won"

    def _is_won_too_late(self) -> bool:
        """Whether the lead was won after the last day, and never in time before: see ``_win_late``."""
        self.ensure_one()
        is_late = self._is_won() and not eligibility.closed_in_time(self._get_won_day(), self.expires_on)
        return is_late and not self.first_won_on

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
