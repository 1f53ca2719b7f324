{
    "name": "Partner Program: Newsletter",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Contacts of active partners are on the newsletter's list by themselves, unless they opt out",
    "author": "FieldPro",
    "website": "https://www.fieldpro.example",
    "license": "LGPL-3",
    "depends": ["partner_program", "mass_mailing"],
    "data": [
        "data/mailing_list_data.xml",
        "data/ir_cron_data.xml",
        "views/newsletter_templates.xml",
        "views/mailing_mailing_views.xml",
    ],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
}
