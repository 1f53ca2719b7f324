"""Sub-tasks and templates are work among colleagues: no partner sees or hears of them (P5, P18)."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import TicketsCommon


@tagged("post_install", "-at_install")
class TestSubtasks(TicketsCommon):
    def part_of(self, task, **values):
        """A sub-task as a colleague adds it in the tab of the ticket."""
        values = {"name": "Is it their own mistake?", "description": "<p>Look at their config</p>", **values}
        return (
            self.env["project.task"]
            .with_user(self.manager)
            .with_context(default_parent_id=task.id, default_partner_id=task.partner_id.id)
            .create({"parent_id": task.id, "project_id": task.project_id.id, **values})
            .sudo()
        )

    def test_p18_a_subtask_of_a_ticket_is_for_colleagues(self):
        ticket = self.ticket()
        part = self.part_of(ticket)
        self.part_of(part, name="Ask the developers")
        self.assertEqual(part.project_id, ticket.project_id)
        self.answer(part, body="They never read the manual")
        self.env.flush_all()
        text = self.page("/my/tickets", "portal_byte")
        self.assertIn("Help me", text)
        self.assertNotIn("Is it their own mistake?", text)
        self.assertNotIn("Ask the developers", text)
        self.page(f"/my/tickets/{part.id}", "portal_byte", status=404)
        self.assertEqual(self.enrollment_byte.open_ticket_count, 1)
        self.assertEqual(self.enrollment_byte.first_answer_hours, 0, "nobody has answered the partner")
        self.assertEqual([one["name"] for one in self.enrollment_byte._get_pack_tickets()], ["Help me"])
        self.assertEqual(self.Task.search(self.enrollment_byte.action_view_tickets()["domain"]), ticket)

    def test_p18_no_partner_gets_mail_about_a_subtask(self):
        ticket = self.ticket()
        self.assertIn(self.byte_contact, ticket.message_partner_ids)
        part = self.part_of(ticket)
        elsewhere = self.env["project.project"].sudo().create({"name": "Development", "company_id": self.company.id})
        moved = self.part_of(ticket, project_id=elsewhere.id)
        for task in part + moved:
            self.assertNotIn(self.byte_contact, task.message_partner_ids)
            self.assertIn(self.manager.partner_id, task.message_partner_ids)
            comment = self.answer(task, user=self.salesperson)
            self.assertNotIn(self.byte_contact, comment.notified_partner_ids)

    def test_p18_a_subtask_has_no_customer_whom_odoo_would_write_to(self):
        ticket = self.ticket()
        ticket.stage_id.mail_template_id = self.env.ref("project.mail_template_data_project_task").sudo()
        plan = self.Task.create({"name": "Ask the developers", "project_id": ticket.project_id.id})
        plan.parent_id = ticket
        part = self.part_of(ticket)
        with Form(self.Task.with_context(default_parent_id=ticket.id, default_partner_id=self.byte_contact.id)) as form:
            form.name, form.project_id = "Try it out", ticket.project_id
        self.env.flush_all()
        self.assertEqual(part.stage_id, ticket.stage_id)
        for task in plan + part + form.record:
            self.assertFalse(task.partner_id)
            self.assertFalse(task._message_get_suggested_recipients())
            self.assertNotIn(self.byte_contact, task.message_ids.partner_ids + task.message_ids.notified_partner_ids)

    def test_p5_a_subtask_or_template_is_no_idea(self):
        idea = self.ticket(use="ideas", name="Dark mode")
        part = self.part_of(idea, name="Ask for an offer")
        template = self.Task.create(
            {"name": "Form for proposals", "project_id": idea.project_id.id, "is_template": True}
        )
        self.env.flush_all()
        text = self.page("/my/ideas", "portal_cypress")
        self.assertIn("Dark mode", text)
        for task in part + template:
            self.assertNotIn(task.name, text)
            self.page(f"/my/ideas/{task.id}/vote", "portal_cypress", {}, status=404, token_from="/my/ideas")

    def test_p18_a_ticket_that_becomes_part_of_another_task_is_still_one(self):
        ticket, idea = self.ticket(), self.ticket(use="ideas", name="Dark mode")
        for task, plan in ((ticket, "Bugs of the import"), (idea, "Version 20")):
            task.parent_id = self.Task.create({"name": plan, "project_id": task.project_id.id})
        self.env.flush_all()
        self.assertIn("Help me", self.page("/my/tickets", "portal_byte"))
        self.assertIn("Dark mode", self.page("/my/ideas", "portal_cypress"))
        self.assertEqual(self.enrollment_byte.open_ticket_count, 1)

    def test_p22_subtasks_of_a_ticket_go_to_the_next_account_manager(self):
        part = self.part_of(self.ticket(), user_ids=[Command.set(self.manager.ids)])
        nick = self._new_user("nick", "partner_program.group_manager")
        self.enrollment_byte.account_manager_id = nick
        self.assertEqual(part.user_ids, nick)

    def test_a_project_of_partners_is_not_open_to_them_by_odoos_own_pages(self):
        project = self.env["project.project"].sudo().create({"name": "Help", "company_id": self.company.id})
        self.assertEqual(project.privacy_visibility, "portal", "as Odoo makes it")
        self.company.partner_support_project_id = project
        ticket = self.ticket()
        note = self.answer(ticket, subtype="mail.mt_note", body="Their third question")
        file = self.env["ir.attachment"].create(
            {"name": "x", "raw": b"x", "res_model": ticket._name, "res_id": ticket.id}
        )
        note.attachment_ids = file
        part = self.part_of(ticket)
        self.env.flush_all()
        for records in (ticket + part, file, note):
            with self.assertRefused(".", AccessError):
                records.with_user(self.portal_byte).read(["display_name"])
            found = records.with_user(self.portal_byte).search([("id", "in", records.ids)])
            self.assertFalse(found)
        self.assertNotIn("Is it their", self.page("/my/tasks", "portal_byte"))
        self.page(f"/my/tickets/{ticket.id}", "portal_byte")
        with self.assertRefused("on the pages of the program"):
            project.privacy_visibility = "invited_users"

    def test_p18_an_update_closes_projects_and_keeps_subtasks_among_colleagues(self):
        ticket = self.ticket()
        part = self.part_of(ticket)
        project, theirs = ticket.project_id, self.ticket(name="With portal user")
        theirs.with_user(self.portal_byte).sudo().parent_id = part  # of the partner itself
        self.env.flush_all()
        self.env.cr.execute("UPDATE project_project SET privacy_visibility = 'portal' WHERE id = %s", project.ids)
        self.env.cr.execute(
            "UPDATE project_task SET create_uid = CASE WHEN id = %s THEN %s ELSE %s END WHERE project_id = %s",
            (theirs.id, self.portal_byte.id, self.manager.id, project.id),
        )
        self.env.invalidate_all()
        part.write({"partner_id": self.byte_contact.id, "partner_enrollment_id": self.enrollment_byte.id})
        part.message_subscribe(self.byte_contact.ids)
        self.update()
        self.assertEqual(project.privacy_visibility, "employees")
        self.assertEqual(
            (ticket + part + theirs).mapped(lambda task: task.partner_enrollment_id.id),
            [
                self.enrollment_byte.id,
                False,
                self.enrollment_byte.id,
            ],
        )
        self.assertEqual((ticket + part + theirs).mapped(lambda task: bool(task.partner_id)), [True, False, True])
        following = [self.byte_contact in task.message_partner_ids for task in ticket + part]
        self.assertEqual(following, [True, False])
