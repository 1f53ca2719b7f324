from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date


class MailingMailing(models.Model):
    """The newsletter of a month: a draft with the new resources, which somebody completes and sends (P21)."""

    _inherit = "mailing.mailing"

    partner_newsletter_month = fields.Date(
        readonly=True, copy=False, help="First day of the month whose newsletter for partners this is."
    )

    _partner_newsletter_uniq = models.UniqueIndex(
        "(partner_newsletter_month) WHERE partner_newsletter_month IS NOT NULL",
        "The newsletter of this month is there already.",
    )

    @api.model
    def _cron_prepare_newsletter(self):
        """Scheduled action: draft the newsletter of this month, and tell who is responsible for it.

        :return: the draft; empty when it is there already, or somebody deleted the list
        """
        if not self.env.ref("partner_program_mass_mailing.mailing_list_partners", raise_if_not_found=False):
            return self.browse()
        month = fields.Date.context_today(self).replace(day=1)
        if self.search_count([("partner_newsletter_month", "=", month)], limit=1):
            return self.browse()
        localized = self.with_context(lang=self._get_newsletter_user().lang)  # the scheduler has none
        mailing = localized._prepare_newsletter(month)
        mailing.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=localized.env._("Complete and send the newsletter for partners"),
            date_deadline=month + relativedelta(days=7),
            user_id=mailing.user_id.id,
        )
        return mailing.with_env(self.env)

    @api.model
    def _prepare_newsletter(self, month):
        """A draft to the list of partners with the resources that are new since the last newsletter.

        All partners read it, so only resources for all of them are named.
        """
        last = self.search(
            [("partner_newsletter_month", "<", month)], order="partner_newsletter_month desc", limit=1
        ).partner_newsletter_month
        since = last or month - relativedelta(months=1)
        resources = self.env["partner.program.resource"].search(
            [("create_date", ">=", since), ("program_ids", "=", False)]
        )
        body = self.env["ir.qweb"]._render(
            "partner_program_mass_mailing.newsletter",
            {"resources": resources, "month": month, "company": self.env.company, "base_url": self.get_base_url()},
        )
        mailing_list = self.env.ref("partner_program_mass_mailing.mailing_list_partners")
        title = self.env._("News for partners, %(month)s", month=format_date(self.env, month, date_format="MMMM yyyy"))
        user = self._get_newsletter_user()
        # Odoo sends a mailing from whoever made it, and answers go there: not the scheduler, which nobody reads.
        mailing_sudo = self.with_user(user).sudo()  # the scheduler may all, whatever this user may
        mailing = mailing_sudo.create(
            {
                **self._prepare_newsletter_sender(user),
                "subject": title,
                "name": title,
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                "contact_list_ids": [Command.set(mailing_list.ids)],
                "body_arch": body,
                "body_html": body,
                "user_id": user.id,
                "partner_newsletter_month": month,
            }
        )
        return mailing.with_env(self.env)

    @api.model
    def _take_back_newsletters(self, mailing_list):
        """The list goes with the add-on: what waits to be sent to it only is a draft again, and says so."""
        waiting = self.search([("contact_list_ids", "in", mailing_list.ids), ("state", "in", ("in_queue", "sending"))])
        waiting = waiting.filtered(lambda one: one.contact_list_ids == mailing_list)
        waiting.action_cancel()
        waiting._message_log_batch(
            dict.fromkeys(
                waiting.ids,
                self.env._(
                    "The newsletter for partners was uninstalled before this was sent to everybody, and its list has "
                    "no partners any more. Choose other recipients, or delete it."
                ),
            )
        )

    @api.model
    def _prepare_newsletter_sender(self, user) -> dict:
        """Odoo takes the address of the user, as far as the mail server sends from it; who has none needs another."""
        if user.email:
            return {"reply_to": user.email_formatted}
        sender = user.company_id.email_formatted or self.env.user.email_formatted
        return {"email_from": sender, "reply_to": sender}

    @api.model
    def _get_newsletter_user(self):
        """Who writes it: the first account manager who may send mailings, or else the administrator."""
        managers = self.env.ref("partner_program.group_manager").all_user_ids
        writers = self.env.ref("mass_mailing.group_mass_mailing_user").all_user_ids
        people = (managers & writers).filtered(lambda user: user.active and not user.share and user.id != 1)
        return people.sorted("id")[:1] or self.env.ref("base.user_admin")
