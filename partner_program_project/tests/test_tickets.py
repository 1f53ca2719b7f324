"""Tickets and ideas of affiliates: portal, email, votes, first answers (P5, P18)."""

import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.http import request
from odoo.tests import tagged

from odoo.addons.partner_program.controllers.portal import PartnerProgramPortal

from ..hooks import uninstall_hook
from .common import TicketsCommon

MODULE = "partner_program_project"
# Every route of the add-on, by hand: (authentication, methods, read-only).
ROUTES = {
    "/my/tickets": ("user", ("GET",), True),
    "/my/tickets/new": ("user", ("GET", "POST"), False),
    "/my/tickets/<int:ticket_id>": ("user", ("GET",), True),
    "/my/tickets/<int:ticket_id>/reply": ("user", ("GET", "POST"), False),
    "/my/tickets/<int:ticket_id>/file/<int:file_id>": ("user", ("GET",), False),
    "/my/ideas": ("user", ("GET",), True),
    "/my/ideas/new": ("user", ("GET", "POST"), False),
    "/my/ideas/<int:idea_id>/vote": ("user", ("GET", "POST"), False),
}


@tagged("post_install", "-at_install")
class TestTickets(TicketsCommon):
    # ------------------------------------------------------------
    # PORTAL
    # ------------------------------------------------------------

    def test_p18_who_has_left_reads_no_more_of_a_ticket(self):
        ticket = self.Task._create_partner_task_sudo(
            "support", self.enrollment_byte.sudo(), self.byte_contact, {"name": "Visit plans"}
        )
        self.assertIn(self.byte_contact, ticket.message_partner_ids)
        self.byte_contact.parent_id = self.cypress
        self.assertNotIn(self.byte_contact, ticket.message_partner_ids)

    def test_p18_an_affiliate_asks_for_help_and_sees_the_answer(self):
        text = self.page(
            "/my/tickets/new",
            "portal_byte",
            {"name": "Visit plans", "description": "Which columns?\n<script>x</script>", "priority": "2"},
            files=[("files", ("plan.csv", b"a;b", "text/csv"))],
        )
        ticket = self.Task.search([("partner_enrollment_id", "=", self.enrollment_byte.id)])
        self.assertRecordValues(
            ticket,
            [
                {
                    "name": "Visit plans",
                    "priority": "2",
                    "partner_id": self.byte_contact.id,
                    "partner_program_use": "support",
                    "user_ids": self.manager.ids,
                    "project_id": self.company.partner_support_project_id.id,
                }
            ],
        )
        self.assertIn("plan.csv", text)
        self.assertNotIn("<script>x", text)
        self.answer(ticket, body="Name, date, client")
        self.answer(ticket, subtype="mail.mt_note", body="Their third question this week")
        text = self.page(f"/my/tickets/{ticket.id}", "portal_byte")
        self.assertIn("Name, date, client", text)
        self.assertNotIn("third question", text)
        self.page(f"/my/tickets/{ticket.id}/reply", "portal_byte", {"description": "Thank you"})
        self.assertIn("Thank you", ticket.message_ids[0].body)
        self.assertEqual(ticket.message_ids[0].author_id, self.byte_contact)
        self.assertIn("Visit plans", self.page("/my/tickets", "portal_byte"))

    def test_p18_a_project_chosen_in_the_settings_takes_tickets_and_ideas(self):
        old = self.company._get_partner_project("support")
        mine = self.env["project.project"].sudo().create({"name": "Customer Support", "company_id": self.company.id})
        settings = self.env["res.config.settings"].sudo().create({"partner_support_project_id": mine.id})
        settings.execute()
        self.assertEqual((mine.partner_program_use, old.partner_program_use), ("support", "support"))
        text = self.page("/my/tickets/new", "portal_byte", {"name": "Visit plans", "description": "Which columns?"})
        self.assertIn("Visit plans", text)
        ticket = self.Task.search([("partner_enrollment_id", "=", self.enrollment_byte.id)])
        self.enrollment_byte.invalidate_recordset()
        self.assertEqual((ticket.project_id, self.enrollment_byte.open_ticket_count), (mine, 1))

    def test_p18_a_project_of_another_company_or_with_the_other_use_is_refused(self):
        projects = self.env["project.project"].sudo()
        nobodys = projects.create({"name": "Everybody's", "company_id": False})
        with self.assertRefused("“Everybody's” is no project of"):
            self.company.partner_ideas_project_id = nobodys
        of_clients = projects.create({"name": "Customer Support", "company_id": self.company.id})
        self.Task.create({"name": "A client asks", "project_id": of_clients.id})
        for project in (of_clients, self.company._get_partner_project("ideas")):
            with self.assertRefused(f"“{project.name}” is in use already"):
                self.company.partner_support_project_id = project

    def test_p18_a_project_that_takes_tickets_is_neither_archived_nor_without_company(self):
        project = self.company._get_partner_project("support")
        with self.assertRefused("Choose another project in the settings first"):
            project.active = False
        with self.assertRefused("Choose another project in the settings first"):
            project.company_id = False
        other = self.env["project.project"].sudo().create({"name": "Help", "company_id": self.company.id})
        self.company.partner_support_project_id = other
        project.active = False
        self.assertEqual(self.ticket().project_id, other)

    def test_a_project_that_somebody_made_outlives_the_add_on(self):
        projects = self.env["project.project"].sudo()
        mine = projects.create({"name": "Customer Support", "company_id": self.company.id})
        ours = self.company._get_partner_project("support") + self.company._get_partner_project("ideas")
        ours[1].description = "<p>How we decide</p>"
        self.company.partner_support_project_id = mine
        uninstall_hook(self.env(user=SUPERUSER_ID))
        self.assertEqual((ours + mine).exists(), ours[1] + mine)

    def chosen_before_the_update(self, name):
        """A project that was chosen for tickets in 19.0.1.0.0, which did not mark it, with a ticket."""
        project = self.env["project.project"].sudo().create({"name": name, "company_id": self.company.id})
        self.company.partner_support_project_id = project
        self.ticket()
        self.env.flush_all()
        self.env.cr.execute("UPDATE project_project SET partner_program_use = NULL WHERE id = %s", project.ids)
        self.env.cr.execute("UPDATE project_task SET partner_program_use = NULL WHERE project_id = %s", project.ids)
        self.env.invalidate_all()
        self.assertEqual(self.enrollment_byte.open_ticket_count, 0)
        return project

    def test_p18_an_update_finds_the_tickets_of_a_project_that_was_chosen_before(self):
        project = self.chosen_before_the_update("Customer Support")
        self.update()
        self.assertEqual(project.partner_program_use, "support")
        self.assertEqual(self.enrollment_byte.open_ticket_count, 1)

    def test_p18_an_update_leaves_a_project_with_other_work_which_does_not_stop_the_choice_of_another(self):
        project = self.chosen_before_the_update("Customer Support")
        self.Task.create({"name": "A client asks", "project_id": project.id})
        with self.assertLogs("post_migrate", "WARNING") as logs:
            self.update()
        self.assertIn("“Customer Support” is in use already", logs.output[0])
        self.assertFalse(project.partner_program_use)
        ideas = self.env["project.project"].sudo().create({"name": "Ideas", "company_id": self.company.id})
        self.company.partner_ideas_project_id = ideas
        self.assertEqual(ideas.partner_program_use, "ideas")

    def test_p18_an_update_leaves_the_partner_that_a_colleague_chose_for_a_ticket(self):
        ticket = self.ticket()
        ticket.partner_enrollment_id = False
        self.env.flush_all()
        self.update()
        self.assertFalse(ticket.partner_enrollment_id)

    def test_p18_an_update_names_a_project_that_was_archived_before(self):
        project = self.company._get_partner_project("support")
        self.env.flush_all()
        self.env.cr.execute("UPDATE project_project SET active = FALSE WHERE id = %s", project.ids)
        self.env.invalidate_all()
        with self.assertLogs("post_migrate", "WARNING") as logs:
            self.update()
        self.assertIn("Choose another project", "".join(logs.output))

    def test_p18_tickets_of_before_a_change_of_program_are_seen_on_the_one_that_runs(self):
        ticket = self.ticket()
        self.go_to("2026-01-05 15:00:00")
        self.answer(ticket)
        self.refer(self.enrollment_byte)
        program = self.program_affiliate.copy({"agreement_id": False, "trained_contacts_required": 0})
        successor = self.enrollment_byte._change_program(program)
        self.assertNotEqual(successor, self.enrollment_byte)
        for enrollment in (successor, self.enrollment_byte):
            self.assertEqual(enrollment.open_ticket_count, 1)
            self.assertGreater(enrollment.first_answer_hours, 0)
        self.assertEqual(self.Task.search(successor.action_view_tickets()["domain"]), ticket)
        second = self.ticket(successor)
        self.env.invalidate_all()
        self.assertEqual((successor + self.enrollment_byte).mapped("open_ticket_count"), [2, 1])
        self.assertEqual(self.Task.search(successor.action_view_tickets()["domain"]), ticket + second)

    def test_a_second_click_sends_nothing_twice(self):
        said = {"name": "Visit plans", "description": "Which columns?\nAll of <them>?"}
        for _double_click in range(2):
            self.page("/my/tickets/new", "portal_byte", said)
            self.page("/my/ideas/new", "portal_byte", said)
        sent = [("partner_enrollment_id", "=", self.enrollment_byte.id)]
        self.assertEqual(sorted(self.Task.search(sent).mapped("partner_program_use")), ["ideas", "support"])
        file = [("files", ("plan.csv", b"a;b", "text/csv"))]
        self.page("/my/tickets/new", "portal_byte", said, files=file)
        self.page("/my/tickets/new", "portal_byte", {**said, "description": "And which rows?"})
        self.go_to("2026-01-05 09:30:00")
        self.page("/my/tickets/new", "portal_byte", said)
        self.assertEqual(self.Task.search_count([*sent, ("partner_program_use", "=", "support")]), 4)

    def test_p18_an_old_ticket_that_is_open_is_listed_beside_many_closed_ones(self):
        self.ticket(name="Waits for long")
        self.go_to("2026-01-06 09:00:00")
        solved = {"project_id": self.company.partner_support_project_id.id, "partner_id": self.byte_contact.id}
        solved["stage_id"] = self.env.ref(f"{MODULE}.stage_ticket_solved").id
        self.Task.create([{**solved, "name": f"Solved {number}"} for number in range(201)])
        self.env.cr.execute(
            "UPDATE project_task SET create_date = create_date + interval '1 day' WHERE name ~ '^Solved'"
        )
        self.env.invalidate_all()
        text = self.page("/my/tickets", "portal_byte")
        self.assertEqual(text.count("Solved "), 200)
        self.assertLess(text.index("Waits for long"), text.index("Solved "))

    def test_p18_tickets_are_for_affiliates_and_each_sees_its_own(self):
        ticket = self.ticket()
        self.ticket(self.enrollment_cypress, name="Secret of Cypress")
        for path in ("/my/tickets", "/my/ideas", f"/my/tickets/{ticket.id}"):
            self.page(path, "portal_ada", status=404)
        self.page(f"/my/tickets/{ticket.id}", "portal_cypress", status=404)
        self.assertNotIn("Secret of Cypress", self.page("/my/tickets", "portal_byte"))
        self.page(f"/my/tickets/{ticket.id}/reply", "portal_cypress", {"description": "Hi"}, status=404)
        file = self.env["ir.attachment"].create(
            {"name": "x", "raw": b"x", "res_model": "project.task", "res_id": ticket.id}
        )
        self.page(f"/my/tickets/{ticket.id}/file/{file.id}", "portal_byte")
        self.page(f"/my/tickets/{ticket.id}/file/{file.id}", "portal_cypress", status=404)
        for user in (self.portal_byte, self.portal_ada):
            with self.assertRefused(".", AccessError):
                self.env["partner.program.idea.vote"].with_user(user).search([])

    def test_without_a_token_nothing_is_sent(self):
        self.authenticate("portal_byte", "portal_byte")
        response = self.url_open("/my/tickets/new", data={"name": "A", "description": "B"})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.Task.search([("partner_enrollment_id", "=", self.enrollment_byte.id)]))

    def test_what_is_missing_is_asked_for_and_nothing_is_lost(self):
        text = self.page("/my/tickets/new", "portal_byte", {"name": " ", "description": "Long & typed text"})
        self.assertIn("Give it a title first", text)
        self.assertIn("Long &amp; typed text", text)
        big = [("files", ("big.bin", b"x" * (25 * 1024 * 1024 + 1), "application/octet-stream"))]
        text = self.page("/my/tickets/new", "portal_byte", {"name": "Big", "description": "Kept"}, files=big)
        self.assertIn("is larger than 25 MB", text)
        self.assertIn("Kept", text)
        run = [("files", ("run.html", b"<script>x</script>", "text/html"))]
        text = self.page("/my/tickets/new", "portal_byte", {"name": "Page", "description": "Kept"}, files=run)
        self.assertIn("run.html cannot be sent", text)
        self.assertIn("Kept", text)
        self.assertFalse(self.Task.search([("partner_enrollment_id", "=", self.enrollment_byte.id)]))

    def test_characters_that_the_database_does_not_take(self):
        self.page("/my/tickets/new", "portal_byte", {"name": "A\x00b", "description": "C\x00d"})
        ticket = self.Task.search([("partner_enrollment_id", "=", self.enrollment_byte.id)])
        self.assertEqual(ticket.name, "Ab")
        self.page(f"/my/tickets/{ticket.id}/reply", "portal_byte", {"description": "E\x00f"})
        self.assertIn("Ef", ticket.message_ids[0].body)
        text = self.page(f"/my/tickets/{ticket.id}/reply", "portal_byte", {"description": "x" * 20001})
        self.assertIn("too long", text)
        self.assertIn("Ef", ticket.message_ids[0].body)

    def test_a_partner_whose_enrollment_ended_reads_but_does_not_write(self):
        ticket = self.ticket()
        self.enrollment_byte.action_end()
        self.env.flush_all()
        text = self.page("/my/tickets", "portal_byte")
        self.assertNotIn("/my/tickets/new", text)
        self.assertIn("Help me", text)
        self.page(f"/my/tickets/{ticket.id}", "portal_byte")
        self.page(
            "/my/tickets/new",
            "portal_byte",
            {"name": "A", "description": "B"},
            status=404,
            token_from=f"/my/tickets/{ticket.id}",
        )

    def test_p5_ideas_and_one_vote_per_partner(self):
        self.page("/my/ideas/new", "portal_byte", {"name": "Dark mode", "description": "For night shifts"})
        idea = self.Task.search([("partner_program_use", "=", "ideas"), ("name", "=", "Dark mode")])
        self.assertEqual((idea.partner_vote_count, idea.partner_enrollment_id), (1, self.enrollment_byte))
        text = self.page("/my/ideas", "portal_cypress")
        self.assertIn("Dark mode", text)
        self.assertNotIn("Byte Builders", text)
        for _double_click in range(2):
            self.page(f"/my/ideas/{idea.id}/vote", "portal_cypress", {"vote": "1"})
            self.assertEqual(idea.partner_vote_count, 2)
        self.assertRegex(self.page("/my/ideas", "portal_cypress"), r'name="vote"[^>]*value="0"')
        for _double_click in range(2):
            self.page(f"/my/ideas/{idea.id}/vote", "portal_cypress", {"vote": "0"})
            self.assertEqual(idea.partner_vote_count, 1, "taken back")
        with self.assertRefused("voted for the idea already"):
            self.env["partner.program.idea.vote"].sudo().create({"task_id": idea.id, "partner_id": self.byte.id})
        self.page(f"/my/ideas/{idea.id}/vote", "portal_ada", {}, status=404, token_from="/my")

    def test_p5_votes_of_a_person_who_joins_a_company_go_along_and_count_once(self):
        project = self.company._get_partner_project("ideas")
        one, other = self.Task.create([{"name": name, "project_id": project.id} for name in ("One", "Other")])
        pia, firm = self.env["res.partner"].create([{"name": "Pia"}, {"name": "Firm", "is_company": True}])
        self.enrollment_byte.create({"partner_id": pia.id, "program_id": self.program_affiliate.id, "state": "active"})
        votes = self.env["partner.program.idea.vote"]
        votes._vote_sudo(one, pia)
        votes._vote_sudo(other, pia)
        votes._vote_sudo(other, firm)
        pia.parent_id = firm
        self.assertEqual((one + other).partner_vote_ids.partner_id, firm)
        self.assertEqual((one + other).mapped("partner_vote_count"), [1, 1])

    def test_p5_votes_of_contacts_that_are_merged_or_deleted(self):
        project = self.company._get_partner_project("ideas")
        one, other, third = self.Task.create(
            [{"name": name, "project_id": project.id} for name in ("One", "Other", "Third")]
        )
        firms = self.env["res.partner"].create([{"name": name, "is_company": True} for name in ("A", "B", "C")])
        votes = self.env["partner.program.idea.vote"]
        for firm, tasks in zip(firms, (one + other, other, one + other + third), strict=True):
            for task in tasks:
                votes._vote_sudo(task, firm)
        self.assertEqual((one + other + third).mapped("partner_vote_count"), [2, 3, 1])
        merge = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        merge._merge(firms[:2].ids, firms[1])
        self.assertEqual((one + other + third).mapped("partner_vote_count"), [2, 2, 1], "one vote was given twice")
        self.assertEqual(one.partner_vote_ids.partner_id, firms[1:])
        firms[2].sudo().unlink()
        self.assertEqual((one + other + third).mapped("partner_vote_count"), [1, 1, 0])

    def test_p5_ideas_of_another_company_are_not_shown(self):
        project = self.env.ref("base.main_company").sudo()._get_partner_project("ideas")
        idea = self.Task.create({"name": "Idea of others", "project_id": project.id})
        self.assertEqual(idea.partner_program_use, "ideas")
        self.assertNotIn("Idea of others", self.page("/my/ideas", "portal_byte"))
        self.page(f"/my/ideas/{idea.id}/vote", "portal_byte", {}, status=404)

    def test_p18_an_affiliate_of_two_companies_chooses_and_reads_both(self):
        text = self.page("/my/tickets", "portal_byte")
        self.assertNotIn("For which company", text)
        other = self.setup_other_company()["company"]
        program = self.program_affiliate.copy({"company_id": other.id, "bill_journal_id": False, "agreement_id": False})
        theirs = self.env["partner.program.enrollment"].create(
            {"partner_id": self.byte.id, "program_id": program.id, "state": "active"}
        )
        both = (self.enrollment_byte + theirs).ids
        # Without the website app readers see all their companies; with it those of the site only.
        self.startPatcher(
            patch.object(
                PartnerProgramPortal,
                "_get_own_enrollments_sudo",
                lambda _self: request.env["partner.program.enrollment"].sudo().browse(both),
            )
        )
        self.Task._create_partner_task_sudo("ideas", theirs, self.byte_contact, {"name": "Idea over there"})
        self.env.flush_all()
        text = self.page("/my/tickets", "portal_byte")
        self.assertIn("For which company", text)
        sent = {"name": "Over there", "description": "Help", "enrollment_id": str(theirs.id)}
        self.page("/my/tickets/new", "portal_byte", sent)
        self.page("/my/tickets/new", "portal_byte", {"name": "Over here", "description": "Help"})
        self.page(
            "/my/tickets/new", "portal_byte", {**sent, "name": "Of Ada", "enrollment_id": str(self.enrollment_ada.id)}
        )
        tickets = self.Task.search([("partner_enrollment_id.partner_id", "=", self.byte.id)], order="id")
        self.assertEqual(
            tickets[1:].mapped(lambda one: (one.name, one.company_id)),
            [("Over there", other), ("Over here", self.company), ("Of Ada", self.company)],
        )
        text = self.page("/my/ideas", "portal_byte")
        self.assertIn("Idea over there", text)
        self.page("/my/ideas/new", "portal_byte", {**sent, "name": "Night mode"}, token_from="/my/ideas")
        self.assertEqual(self.Task.search([("name", "=", "Night mode")]).company_id, other)

    # ------------------------------------------------------------
    # EMAIL
    # ------------------------------------------------------------

    def test_p18_a_mail_of_an_affiliate_is_a_ticket(self):
        ticket = self.receive("ben@byte.example", 1)
        self.assertEqual((ticket.name, ticket.partner_enrollment_id), ("Import fails", self.enrollment_byte))
        self.assertIn("Import fails", self.page("/my/tickets", "portal_byte"))

    def test_p18_a_ticket_reaches_whoever_looks_after_the_partner(self):
        by_mail = self.receive("ben@byte.example", 11)
        self.assertEqual(by_mail.user_ids, self.manager)
        self.assertIn(self.manager.partner_id, by_mail.message_partner_ids)
        assigned = (
            self.env["mail.message"]
            .sudo()
            .search(
                [("model", "=", by_mail._name), ("res_id", "=", by_mail.id), ("message_type", "=", "user_notification")]
            )
        )
        self.assertEqual(assigned.notified_partner_ids, self.manager.partner_id)
        self.enrollment_byte.account_manager_id = False
        rule = {
            "program_id": self.program_affiliate.id,
            "user_id": self._new_user("max", "partner_program.group_manager").id,
        }
        self.env["partner.program.manager.rule"].create(rule)
        for ticket in (self.receive("ben@byte.example", 12), self.ticket()):
            self.assertEqual(ticket.user_ids.login, "max")

    def test_p22_open_tickets_and_ideas_go_to_the_next_account_manager(self):
        ticket, _idea, followed, solved = tasks = (
            self.ticket() + self.ticket(use="ideas") + self.ticket(name="Of Sally") + self.ticket(name="Solved")
        )
        followed.user_ids = self.salesperson
        solved.stage_id = self.env.ref(f"{MODULE}.stage_ticket_solved")
        for task in ticket + solved:
            task.activity_schedule("mail.mail_activity_data_todo", user_id=self.manager.id)
        nick = self._new_user("nick", "partner_program.group_manager")
        messages_sudo = self.env["mail.message"].sudo()
        before = messages_sudo.search([], order="id desc", limit=1)
        self.enrollment_byte.account_manager_id = nick
        self.assertEqual([task.user_ids for task in tasks], [nick, nick, self.salesperson, self.manager])
        following = [task.message_partner_ids & (nick + self.manager).partner_id for task in tasks]
        self.assertEqual(following, [*[nick.partner_id] * 3, self.manager.partner_id])
        self.assertEqual([task.activity_ids.user_id for task in ticket + solved], [nick, self.manager])
        written = [("id", ">", before.id), ("model", "=", ticket._name), ("message_type", "=", "user_notification")]
        self.assertFalse(messages_sudo.search(written), "one mail for each ticket is too many")

    def test_p18_what_comes_after_everybody_has_left_reaches_somebody(self):
        ticket = self.ticket()
        max_ = self._new_user("max", "partner_program.group_manager")
        self.manager.active = False
        self.program_affiliate.manager_rule_ids = [Command.create({"user_id": max_.id})]
        ticket.message_unsubscribe(self.env.user.partner_id.ids)  # who runs the tests
        note = self.answer(ticket, user=self.portal_byte)
        self.assertIn(max_.partner_id, note.notified_partner_ids)
        ticket.user_ids = self.salesperson
        ticket.message_unsubscribe(max_.partner_id.ids)
        note = self.answer(ticket, user=self.portal_byte)
        self.assertNotIn(max_.partner_id, note.notified_partner_ids, "a colleague works on it")

    def test_p18_a_mail_of_somebody_else_is_answered_and_makes_nothing(self):
        self.assertFalse(self.receive("ann@ada.example", 2))
        self.assertFalse(self.receive("nobody@nowhere.example", 3))
        self.enrollment_byte.action_suspend()
        self.assertFalse(self.receive("ben@byte.example", 4))

    # ------------------------------------------------------------
    # MEASURES
    # ------------------------------------------------------------

    def test_p18_time_to_the_first_answer(self):
        ticket, other = self.ticket(), self.ticket(name="Second")
        self.answer(ticket, subtype="mail.mt_note")
        self.answer(ticket, user=self.portal_byte)
        ticket.invalidate_recordset()
        self.assertFalse(ticket.first_answer_on, "neither notes nor the partner's own words are answers")
        for task, hours in ((ticket, 6), (ticket, 9), (other, 2)):
            message = self.answer(task)
            message.sudo().date = task.create_date + timedelta(hours=hours)
        self.env.flush_all()
        (ticket + other).invalidate_recordset()
        self.assertEqual((ticket + other).mapped("first_answer_hours"), [6.0, 2.0])
        self.assertEqual(self.enrollment_byte.with_user(self.manager).first_answer_hours, 4.0)
        self.assertEqual(self.enrollment_byte.with_user(self.manager).open_ticket_count, 2)
        other.stage_id = self.env.ref(f"{MODULE}.stage_ticket_solved")
        self.env.invalidate_all()
        self.assertEqual(self.enrollment_byte.with_user(self.manager).open_ticket_count, 1)

    def test_p23_open_tickets_are_in_the_meeting_pack(self):
        self.ticket()
        pack = self.enrollment_byte.with_user(self.manager)._get_meeting_pack(fields.Date.today())
        self.assertEqual(
            [(one["name"], one["stage"], one["since"]) for one in pack["tickets"]],
            [("Help me", "New", fields.Date.today())],
        )

    def test_figures_of_many_partners_in_the_same_number_of_queries(self):
        counts = []
        for size in (1, 10):
            companies = self.env["res.partner"].create([{"name": f"P{n}", "is_company": True} for n in range(size)])
            enrollments = self.env["partner.program.enrollment"].create(
                [
                    {"partner_id": one.id, "program_id": self.program_affiliate.id, "state": "active"}
                    for one in companies
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            enrollments.with_user(self.manager).read(["open_ticket_count", "first_answer_hours"])
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1, counts)

    # ------------------------------------------------------------
    # STRUCTURE
    # ------------------------------------------------------------

    def test_each_company_has_its_projects_and_managers_answer(self):
        project = self.company._get_partner_project("support")
        self.assertEqual(project, self.company._get_partner_project("support"))
        self.assertEqual(project.company_id, self.company)
        self.assertTrue(self.manager.has_group("project.group_project_user"))
        main = self.env.ref("base.main_company")
        self.assertTrue(main.sudo().partner_support_project_id, "made at installation, as it has programs")

    def test_every_route_is_in_the_table(self):
        threading.current_thread().dbname = self.env.cr.dbname  # as a thread that serves requests has it
        self.addCleanup(delattr, threading.current_thread(), "dbname")
        found = {}
        for rule in self.env["ir.http"].sudo().routing_map().iter_rules():
            function = getattr(rule.endpoint, "func", rule.endpoint)
            function = getattr(function, "__func__", function)
            if getattr(function, "__module__", "").startswith(f"odoo.addons.{MODULE}."):
                routing = rule.endpoint.routing
                methods = routing.get("methods")
                found[rule.rule] = (routing["auth"], methods and tuple(methods), bool(routing.get("readonly")))
        self.assertEqual(found, ROUTES)

    def test_every_view_loads_for_account_managers(self):
        data = self.env["ir.model.data"].sudo().search([("module", "=", MODULE), ("model", "=", "ir.ui.view")])
        views = self.env["ir.ui.view"].sudo().browse(data.mapped("res_id")).filtered(lambda view: view.type != "qweb")
        for view in views.filtered(lambda view: view.model != "res.config.settings"):
            root = view if view.mode == "primary" else view.inherit_id
            with self.subTest(view=view.name):
                self.env[view.model].with_user(self.manager).get_views([(root.id, root.type)])

    def test_p18_a_stage_that_somebody_deleted_is_left_out(self):
        self.env.ref(f"{MODULE}.stage_ticket_waiting").sudo().unlink()
        self.env.ref(f"{MODULE}.stage_ticket_progress").sudo().active = False
        for name in ("new", "review", "planned", "done", "declined"):
            self.env.ref(f"{MODULE}.stage_idea_{name}").sudo().unlink()
        company = self.env["res.company"].create({"name": "Later Ltd"})
        self.env["partner.program"].sudo().create({"name": "Later", "company_id": company.id})
        self.assertEqual(company.partner_support_project_id.type_ids.mapped("name"), ["New", "Solved"])
        self.assertEqual(company.partner_ideas_project_id.type_ids.mapped("name"), ["New"])
        self.assertFalse(company.partner_ideas_project_id.type_ids.user_id, "nobody's own")
        chosen = self.env["project.project"].sudo().create({"name": "Chosen", "company_id": company.id})
        company.partner_support_project_id = chosen
        self.assertEqual(
            chosen.type_ids, self.env.ref(f"{MODULE}.stage_ticket_new") + self.env.ref(f"{MODULE}.stage_ticket_solved")
        )

    def test_p18_a_company_gets_its_projects_and_their_addresses_with_its_first_program(self):
        company = self.env["res.company"].create({"name": "Later Ltd"})
        self.assertFalse(company.partner_support_project_id)
        program = self.env["partner.program"].sudo().create({"name": "Later", "company_id": company.id})
        support, ideas = company.partner_support_project_id, company.partner_ideas_project_id
        self.assertTrue(support.alias_name.startswith("partners-support"))
        self.assertTrue(ideas.alias_name.startswith("partners-ideas"))
        self.assertNotEqual(support.alias_name, self.company.partner_support_project_id.alias_name)
        program.copy({"name": "Another"})
        self.assertEqual(company.partner_support_project_id, support)
