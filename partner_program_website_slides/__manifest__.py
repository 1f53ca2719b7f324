{
    "name": "Partner Program: Courses",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "A partner's contact who completes a course is trained by itself",
    "author": "FieldPro",
    "website": "https://www.fieldpro.example",
    "license": "LGPL-3",
    "depends": ["partner_program", "website_slides"],
    "data": [
        "views/slide_channel_views.xml",
        "views/partner_program_training_views.xml",
    ],
    "auto_install": True,
}
