from odoo import api, models


class PartnerProgramEnrollment(models.Model):
    """Who gets the newsletter (P21): contacts of active partners, unless they said no."""

    _inherit = "partner.program.enrollment"

    @api.model_create_multi
    def create(self, vals_list):
        enrollments = super().create(vals_list)
        if active := enrollments.filtered(lambda enrollment: enrollment.state == "active"):
            active._sync_newsletter(active.partner_id)
        return enrollments

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._sync_newsletter(self.partner_id)
        return result

    @api.model
    def _cron_sync_newsletter(self):
        """Scheduled action: contacts who came, left, or changed their address."""
        return self._sync_newsletter()

    @api.model
    def _sync_newsletter(self, partners=None):
        """Bring the list up to the contacts of active partners; of these companies, or of all.

        Whoever opted out stays opted out, also when the partner leaves and comes back: that subscription is never
        touched. An address is on the list once, whoever has it.

        :return: ``(joined, left)``: how many subscriptions were made and ended
        """
        env = self.sudo().env  # whoever activates a partner has no right on mailing lists
        mailing_list = env.ref("partner_program_mass_mailing.mailing_list_partners", raise_if_not_found=False)
        if not mailing_list:
            return 0, 0
        wanted = env[self._name]._get_newsletter_contacts(partners)
        known = env["mailing.contact"].search(
            [
                "|",
                ("program_contact_id", "in", wanted.ids),
                ("email_normalized", "in", wanted.mapped("email_normalized")),
            ]
        )
        subscriptions = env["mailing.subscription"].search(
            [("list_id", "=", mailing_list.id), ("contact_id", "in", known.ids)]
        )
        # Of several with one address, or of one person: who said no speaks for all, then who is on the list.
        said = {one.contact_id: 2 if one.opt_out else 1 for one in subscriptions}
        known = known.sorted(lambda one: said.get(one, 0))
        by_contact = {one.program_contact_id: one for one in known if one.program_contact_id}
        by_email = {one.email_normalized: one for one in known}
        keep, new = env["mailing.contact"], {}
        for contact in wanted:
            own = by_contact.get(contact)
            found = own if said.get(own) == 2 else by_email.get(contact.email_normalized) or own
            if found:
                found._follow_partner_contact(contact)
                keep |= found
            else:
                new.setdefault(contact.email_normalized, contact)
        keep |= env["mailing.contact"].create([self._prepare_mailing_contact(contact) for contact in new.values()])
        joined = keep - subscriptions.contact_id
        env["mailing.subscription"].create(
            [{"contact_id": contact.id, "list_id": mailing_list.id} for contact in joined]
        )
        return len(joined), self._leave_newsletter(mailing_list, keep, partners)

    @api.model
    def _get_newsletter_contacts(self, partners, domain=()):
        """People and companies with an address, of active partners; addresses for invoices and deliveries are none."""
        active = [("state", "=", "active")]
        if partners is not None:
            active.append(("partner_id", "in", partners.ids))
        companies = self.search(active).partner_id
        return self.env["res.partner"].search(
            [
                ("commercial_partner_id", "in", companies.ids),
                ("email_normalized", "!=", False),
                "|",
                ("type", "=", False),
                ("type", "in", ("contact", "other")),
                *domain,
            ],
            order="id",
        )

    @api.model
    def _leave_newsletter(self, mailing_list, keep, partners) -> int:
        """End the subscriptions of contacts whose partner is not active any more; what they decided stays noted."""
        domain = [
            ("list_id", "=", mailing_list.id),
            ("opt_out", "=", False),
            ("contact_id", "not in", keep.ids),
            ("contact_id.program_contact_id", "!=", False),
        ]
        if partners is not None:
            domain.append(("contact_id.program_contact_id.commercial_partner_id", "in", partners.ids))
        leaving = mailing_list.env["mailing.subscription"].search(domain)
        if partners is not None and leaving:  # the address may be that of another active partner too
            emails = leaving.contact_id.mapped("email_normalized")
            enrollments = mailing_list.env[self._name]
            shared = enrollments._get_newsletter_contacts(None, [("email_normalized", "in", emails)])
            others = set(shared.mapped("email_normalized"))
            leaving = leaving.filtered(lambda one: one.contact_id.email_normalized not in others)
        count = len(leaving)
        leaving.unlink()
        return count

    @api.model
    def _prepare_mailing_contact(self, contact) -> dict:
        return {
            "name": contact.name,
            "email": contact.email,
            "company_name": contact.commercial_company_name,
            "country_id": contact.country_id.id,
            "program_contact_id": contact.id,
            "made_for_partner": True,
        }
