from odoo import fields, models


class MailingContact(models.Model):
    _inherit = "mailing.contact"

    program_contact_id = fields.Many2one(
        "res.partner",
        "Contact of a Partner",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        help="Contact of an active partner: on the list of the newsletter by itself, until the partnership ends.",
    )
    made_for_partner = fields.Boolean("Made for the Newsletter", readonly=True, copy=False)  # others are marketing's

    def _follow_partner_contact(self, contact):
        """Name and address are those of the contact of the partner; only what differs is written."""
        self.ensure_one()
        vals = {}
        if self.program_contact_id != contact and not self.program_contact_id:
            vals["program_contact_id"] = contact.id
        if self.program_contact_id == contact:
            if self.email_normalized != contact.email_normalized:
                vals["email"] = contact.email
            if self.name != contact.name:
                vals["name"] = contact.name
        if vals:
            self.write(vals)

    def _leave_partners(self):
        """The contact of the partner is deleted: no newsletter any more, and of what was made for it no address
        without another use.

        Who said no stays noted, or a contact with that address would get it again.
        """
        mailing_list = self.env.ref("partner_program_mass_mailing.mailing_list_partners", raise_if_not_found=False)
        self.env["mailing.subscription"].search(
            [
                ("contact_id", "in", self.ids),
                ("list_id", "in", mailing_list.ids if mailing_list else []),
                ("opt_out", "=", False),
            ]
        ).unlink()
        self.filtered(lambda one: one.made_for_partner and not one.subscription_ids).unlink()
