"""Mails that nobody has changed get the words and the sender of this version; changed ones keep their words."""

from lxml import etree

from odoo import SUPERUSER_ID, api
from odoo.tools import file_path
from odoo.tools.convert import xml_import

FILES = ("agreement", "application", "clock", "enrollment", "meeting", "training")
FIELDS = ("subject", "email_from", "lang", "body_html")
RENAMED = ("mail_template_account_manager", "mail_template_agreement_new_version")
# MD5 of the four fields in English as 19.0.1.0.0 stored them.
UNCHANGED = {
    "mail_template_account_manager": "a0a36292ea93a656fc1b65556bc20b5d",
    "mail_template_agreement_new_version": "f8b4efc61ea2fa4384b015510e34d0ce",
    "mail_template_agreement_reminder": "dd1836a296e6902d54d5ca6bd9542e8d",
    "mail_template_agreement_signed": "03c470d761a8c3f3068c8c9ae4d45d35",
    "mail_template_application_approved": "34a64cb0e42881b6e78deba1597caede",
    "mail_template_application_received": "a8fa9078fc905f0ea8fa5a8e7491be41",
    "mail_template_application_rejected": "034cdefc7dd210a096d77d70854d3056",
    "mail_template_application_reopened": "2ea036375288f6db9aab47173c7e32da",
    "mail_template_claim_closing": "b8a00693033206ed6a26944bbc6dc859",
    "mail_template_claim_closing_internal": "00ef0c4dbd7d2f3c86786015158051aa",
    "mail_template_ended": "1504a5d366146f2c5ca4249ff5896b0d",
    "mail_template_files_left_out": "c7a588e22534a1f07e2fea79566fd985",
    "mail_template_meeting_pack": "1692eb06b0f21a7ac515fc2ea05c1f09",
    "mail_template_onboarding_again": "06c9b85336b7c50b7eab0d35d4f7f61d",
    "mail_template_program_changed": "b583a632a6e169c13afb9c71678e784f",
    "mail_template_referral_by_email": "8d81226871022487edb5532a9f27c39d",
    "mail_template_referral_question": "a3a899e356c7ec78c4d08615a69b8168",
    "mail_template_resumed": "9ddbf04af2f0146524461cfa5ae807a7",
    "mail_template_suspended": "82ddd16fd8a62303393b84850baa5024",
    "mail_template_training_expires": "d0000920c49e65f7348eb01f6d10896e",
    "mail_template_welcome": "3396c70316a95705146eaf12509bcf90",
}

# The meeting pack went to clients and other guests of a meeting too.
PACK = "mail_template_meeting_pack"
PACK_TO_ALL = "{{ ','.join(str(id) for id in object.event_id.partner_ids.ids) }}"
PACK_TO_OWN = "{{ ','.join(str(id) for id in object._get_pack_recipients().ids) }}"


def migrate(cr, version):
    _renew_unchanged_mails(cr)
    _send_packs_to_own_people(cr)


def _send_packs_to_own_people(cr):
    """Whatever words the mail has; other recipients that somebody chose stay."""
    cr.execute(
        """
        UPDATE mail_template template
           SET partner_to = %s
          FROM ir_model_data data
         WHERE data.res_id = template.id AND data.model = 'mail.template' AND data.module = 'partner_program'
           AND data.name = %s AND template.partner_to = %s
        """,
        [PACK_TO_OWN, PACK, PACK_TO_ALL],
    )


def _renew_unchanged_mails(cr):
    cr.execute(
        """
        SELECT data.name, template.id,
               md5(concat_ws('|', subject->>'en_US', COALESCE(email_from, ''), COALESCE(template.lang, ''),
                             body_html->>'en_US'))
          FROM mail_template template
          JOIN ir_model_data data
            ON data.res_id = template.id AND data.model = 'mail.template' AND data.module = 'partner_program'
        """
    )
    unchanged = {name: template_id for name, template_id, digest in cr.fetchall() if UNCHANGED.get(name) == digest}
    # Odoo loads the translation of a subject only where there is none: the old one would stay.
    cr.execute(
        "UPDATE mail_template SET subject = jsonb_build_object('en_US', subject->'en_US') WHERE id = ANY(%s)",
        [[unchanged[name] for name in RENAMED if name in unchanged]],
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.invalidate_all()
    for topic in FILES:
        root = etree.parse(file_path(f"partner_program/data/mail_template_{topic}_data.xml")).getroot()
        for element in root.xpath("//record | //field"):
            key, kept = ("id", unchanged) if element.tag == "record" else ("name", FIELDS)
            if element.get(key) not in kept:
                element.getparent().remove(element)
        xml_import(env, "partner_program", {}, "init", noupdate=True).parse(root)
