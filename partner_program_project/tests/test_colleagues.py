"""Colleagues without a role of ours work with the records of Odoo's applications as if no bridge were there."""

from odoo.tests import tagged

from odoo.addons.partner_program.tests.colleagues import ColleaguesCommon

# Of all bridges, where they are installed: who works with Odoo's records, model, values, and what is changed.
WORK = (
    ("project.group_project_user", "project.task", {"name": "Paint", "project_id": False}, {"name": "Glue"}),
    ("project.group_project_manager", "project.project", {"name": "House"}, {"name": "Flat"}),
    ("survey.group_survey_user", "survey.survey", {"title": "Likes"}, {"title": "Dislikes"}),
    ("website_slides.group_website_slides_officer", "slide.channel", {"name": "Cooking"}, {"name": "Baking"}),
    ("mass_mailing.group_mass_mailing_user", "mailing.mailing", {"subject": "Sale"}, {"subject": "Big sale"}),
    ("mass_mailing.group_mass_mailing_user", "mailing.contact", {"name": "Eve"}, {"email": "eve@e.example"}),
    ("base.group_partner_manager", "res.partner", {"name": "Eve"}, {"email": "eve@e.example"}),
)


@tagged("post_install", "-at_install")
class TestColleagues(ColleaguesCommon):
    def test_no_hidden_field_of_a_bridge_is_copied(self):
        hidden = self.hidden_and_copied_fields()
        self.assertFalse({field for field in hidden if not field.startswith("calendar.event.")})

    def test_records_are_opened_changed_copied_and_deleted_as_ever(self):
        for group, model, vals, change in WORK:
            if model in self.env.registry:
                with self.subTest(model=model):
                    self.work(group, model, vals, change, is_deleted=model != "slide.channel")  # managers only
