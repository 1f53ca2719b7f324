"""The list of partners is no longer offered to the readers of every other mailing: 1.0.0 made it public.

Contacts that 1.0.0 made for it are known as such: they had their partner from the first moment.
"""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    mailing_list = env.ref("partner_program_mass_mailing.mailing_list_partners", raise_if_not_found=False)
    if mailing_list:
        mailing_list.is_public = False
    cr.execute(
        "UPDATE mailing_contact SET made_for_partner = TRUE WHERE program_contact_id IS NOT NULL "
        "AND write_date = create_date"
    )
