from odoo import models


class ResPartner(models.Model):
    """How a contact is found by what a partner tells of a prospect, among very many contacts.

    Odoo has no index for any of these questions; without them each referral reads the whole table. The expressions
    are those of ``partner.referral._get_match_query``.
    """

    _inherit = "res.partner"

    # One index answers both: the domain of a company, and one address at a public mail provider.
    _email_domain_idx = models.Index(
        "(split_part(email_normalized, '@', 2), email_normalized) WHERE email_normalized IS NOT NULL"
    )
    _phone_sanitized_idx = models.Index("(phone_sanitized) WHERE phone_sanitized IS NOT NULL")
    _squashed_name_idx = models.Index(
        "(regexp_replace(lower(name), '[ .,;:''\"&()/+_-]+', '', 'g')) WHERE is_company IS TRUE"
    )
    # Odoo's own index is on the number as it was typed.
    _compact_vat_idx = models.Index("(regexp_replace(upper(vat), '[^A-Z0-9]', '', 'g')) WHERE vat IS NOT NULL")
