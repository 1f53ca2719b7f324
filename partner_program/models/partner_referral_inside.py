from odoo import models

DECISION_ACTIVITY = "partner_program.mail_activity_type_referral_decision"


class PartnerReferral(models.Model):
    """Who inside the company hears of a referral, and reads what the partner writes (P4, P22)."""

    _inherit = "partner.referral"

    def _get_responsible(self):
        """The salesperson, or else whoever is responsible for the partner: one user."""
        self.ensure_one()
        user = self.user_id.filtered("active")
        return user or self.enrollment_id._get_responsibles()[:1]

    def _schedule_decision(self):
        """Put the answer that the partner was promised on the list of whoever gives it."""
        for referral in self:
            user = referral._get_responsible()
            referral.activity_schedule(
                DECISION_ACTIVITY,
                summary=referral.with_context(lang=user.lang).env._(
                    "Decide on the referral of %(partner)s", partner=referral.partner_id.name
                ),
                date_deadline=referral._get_decision_day(),
                user_id=user.id,
            )

    def _ensure_followed(self):
        """The salesperson of today follows; who is responsible for the partner does when no colleague follows."""
        for referral in self.sudo():  # partners write; who hears of it is decided for them
            salesperson = referral.user_id.filtered("active")
            followers = referral.message_partner_ids
            if salesperson.partner_id - followers:
                referral.message_subscribe(salesperson.partner_id.ids)
            elif not followers.user_ids.filtered(lambda user: user.active and not user.share):
                referral.message_subscribe(referral.enrollment_id._get_responsibles().partner_id.ids)

    def message_post(self, **kwargs):
        # EXTENDS mail: Odoo subscribes a salesperson who is chosen by hand, not one who comes with the lead
        if kwargs.get("message_type") in ("comment", "email"):
            self._ensure_followed()
        return super().message_post(**kwargs)

    def write(self, vals):
        is_decision = vals.get("state", "submitted") != "submitted"
        waiting = self.filtered(lambda referral: referral.state == "submitted") if is_decision else self.browse()
        result = super().write(vals)
        if waiting:
            waiting_sudo = waiting.sudo()  # the to-do may be a colleague's
            waiting_sudo.activity_unlink([DECISION_ACTIVITY])
        return result
