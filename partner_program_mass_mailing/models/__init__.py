from . import mailing_contact, mailing_mailing, partner_program_enrollment, res_partner
