from odoo import http
from odoo.http import request
from odoo.tools import plaintext2html

from odoo.addons.partner_program.controllers.portal import PartnerProgramPortal, form_of, once_a_day, typed_text
from odoo.addons.partner_program.controllers.uploads import read_uploads

from ..models.project_task import OPEN

MAX_FILE_MB = 25  # of a few files, so that all of them stay below what Odoo takes in a request
MAX_NAME, MAX_TEXT = 200, 20000
MAX_CLOSED = 200  # tickets of the past that are listed


class PartnerTickets(PartnerProgramPortal):
    """Affiliates ask for help, and see how it stands (P18)."""

    @http.route("/my/tickets", type="http", auth="user", website=True, readonly=once_a_day("tickets"), methods=["GET"])
    def portal_my_tickets(self, **kw):
        """The tickets of the reader's company, open ones first, and the form for a new one."""
        return self._render_tickets()

    @http.route("/my/tickets/new", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/tickets")
    def portal_new_ticket(self, name="", description="", priority="0", enrollment_id="", **kw):
        """Send a ticket; what is missing is asked for, and nothing that was typed is lost."""
        enrollment_sudo = self._choose_affiliate_sudo(enrollment_id)
        form = self._read_form(name, description, enrollment_sudo)
        form["priority"] = priority if priority in dict(self._get_priorities()) else "0"
        files, problem = self._read_files()
        if form["problem"] or problem:
            return self._render_tickets({**form, "problem": form["problem"] or problem})
        if sent_sudo := self._find_sent_sudo("support", enrollment_sudo, form, files):
            return request.redirect(f"/my/tickets/{sent_sudo.id}")
        ticket_sudo = request.env["project.task"]._create_partner_task_sudo(
            "support", enrollment_sudo, request.env.user.partner_id, self._prepare_task(form)
        )
        self._attach(ticket_sudo, files)
        request.env["partner.program.portal.log"]._log("ticket", ticket_sudo.name)
        return request.redirect(f"/my/tickets/{ticket_sudo.id}")

    @http.route(
        "/my/tickets/<int:ticket_id>",
        type="http",
        auth="user",
        website=True,
        readonly=once_a_day("ticket"),
        methods=["GET"],
    )
    def portal_ticket(self, ticket_id, **kw):
        """One ticket with its conversation."""
        return self._render_ticket(self._find_task_sudo("support", ticket_id))

    @http.route("/my/tickets/<int:ticket_id>/reply", type="http", auth="user", website=True, methods=["GET", "POST"])
    @form_of("/my/tickets/{ticket_id}")
    def portal_ticket_reply(self, ticket_id, description="", **kw):
        """Add to the conversation."""
        ticket_sudo = self._find_task_sudo("support", ticket_id)
        files, problem = self._read_files()
        text = typed_text(description)
        if not text:
            problem = request.env._("Write your answer first.")
        problem = self._check_length(text) or problem
        if problem:
            return self._render_ticket(ticket_sudo, {"description": text, "problem": problem})
        message = ticket_sudo.message_post(
            body=plaintext2html(text),
            author_id=request.env.user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=files,
        )
        request.env["partner.program.portal.log"]._log("reply", ticket_sudo.name)
        return request.redirect(f"/my/tickets/{ticket_sudo.id}#message_{message.id}")

    @http.route(
        "/my/tickets/<int:ticket_id>/file/<int:file_id>", type="http", auth="user", website=True, methods=["GET"]
    )
    def portal_ticket_file(self, ticket_id, file_id, **kw):
        """A file of the ticket or of its conversation."""
        ticket_sudo = self._find_task_sudo("support", ticket_id)
        file_sudo = self._get_files(ticket_sudo).filtered(lambda one: one.id == file_id)
        if not file_sudo:
            raise request.not_found()
        request.env["partner.program.portal.log"]._log("ticket_file", file_sudo.name)
        stream = request.env["ir.binary"]._get_stream_from(file_sudo)
        return stream.get_response(as_attachment=True, content_security_policy="default-src 'none'; sandbox")

    # ------------------------------------------------------------
    # WHO, WHAT
    # ------------------------------------------------------------

    def _get_affiliates_sudo(self, must_be_active=False):
        """The affiliate enrollments of the reader's company: all that are active, or else one; else not found."""
        enrollments_sudo = self._get_own_enrollments_sudo().filtered(
            lambda one: one.program_type == "affiliate" and one.state in ("active", "suspended", "ended")
        )
        active = enrollments_sudo.filtered(lambda one: one.state == "active")
        if not enrollments_sudo or (must_be_active and not active):
            raise request.not_found()
        return active or enrollments_sudo[:1]

    def _choose_affiliate_sudo(self, enrollment_id):
        """The active enrollment that something is sent for: the one that was chosen, or the oldest."""
        active_sudo = self._get_affiliates_sudo(must_be_active=True)
        return active_sudo.filtered(lambda one: str(one.id) == enrollment_id) or active_sudo[:1]

    def _find_task_sudo(self, use, task_id):
        affiliates_sudo = self._get_affiliates_sudo()
        task_sudo = request.env["project.task"]._search_partner_tasks_sudo(use, affiliates_sudo, [("id", "=", task_id)])
        if not task_sudo:
            raise request.not_found()
        return task_sudo

    def _find_sent_sudo(self, use, enrollment_sudo, form, files=()):
        """What the reader has sent with this form and these files just now, if it is a second click."""
        names = sorted(name for name, _content in files)
        sent_sudo = request.env["project.task"]._find_just_sent_sudo(
            use, enrollment_sudo, request.env.user.partner_id, self._prepare_task(form)
        )
        return sent_sudo.filtered(lambda one: sorted(self._get_files(one).mapped("name")) == names)[:1]

    def _get_files(self, task_sudo):
        own = request.env["ir.attachment"].sudo()  # files of a ticket that was found for the reader
        files = own.search(
            [("res_model", "=", "project.task"), ("res_id", "=", task_sudo.id), ("res_field", "=", False)]
        )
        spoken = task_sudo._get_spoken_messages().attachment_ids
        internal = task_sudo.message_ids.attachment_ids - spoken  # files of notes
        return (files - internal) | spoken

    # ------------------------------------------------------------
    # FORM
    # ------------------------------------------------------------

    def _read_form(self, name, description, enrollment_sudo) -> dict:
        form = {"name": typed_text(name), "description": typed_text(description), "problem": ""}
        form["enrollment_id"] = enrollment_sudo.id
        if not form["name"]:
            form["problem"] = request.env._("Give it a title first: a few words are enough.")
        elif len(form["name"]) > MAX_NAME:
            form["problem"] = request.env._("Make the title shorter, and write the rest into the description.")
        elif not form["description"]:
            form["problem"] = request.env._("Describe it first, so that we can help.")
        else:
            form["problem"] = self._check_length(form["description"])
        return form

    def _check_length(self, text) -> str:
        if len(text) <= MAX_TEXT:
            return ""
        return request.env._("The description is too long. Put the rest into a file, and attach it.")

    def _read_files(self) -> tuple:
        """``([(name, content)], problem)``; checked before anything is made."""
        return read_uploads(request.httprequest.files.getlist("files"), MAX_FILE_MB)

    def _prepare_task(self, form) -> dict:
        values = {"name": form["name"], "description": plaintext2html(form["description"])}
        return {**values, "priority": form["priority"]} if "priority" in form else values

    def _attach(self, task_sudo, files):
        task_sudo.env["ir.attachment"].create(
            [
                {"name": name, "raw": content, "res_model": task_sudo._name, "res_id": task_sudo.id}
                for name, content in files
            ]
        )

    def _get_priorities(self):
        return request.env["project.task"]._fields["priority"]._description_selection(request.env)

    # ------------------------------------------------------------
    # PAGES
    # ------------------------------------------------------------

    def _render_tickets(self, form=None):
        affiliates_sudo = self._get_affiliates_sudo()
        tasks = request.env["project.task"]
        open_sudo = tasks._search_partner_tasks_sudo("support", affiliates_sudo, OPEN, order="create_date desc")
        closed_sudo = tasks._search_partner_tasks_sudo(
            "support", affiliates_sudo, [("id", "not in", open_sudo.ids)], order="create_date desc", limit=MAX_CLOSED
        )
        values = {
            **self._prepare_partner_program_values("tickets"),
            "tickets_sudo": open_sudo + closed_sudo,
            "affiliates_sudo": affiliates_sudo,
            "may_send": affiliates_sudo[0].state == "active",
            "priorities": self._get_priorities(),
            "form": form or {},
            "project_email": self._get_project_email(affiliates_sudo, "support"),
        }
        return request.render("partner_program_project.portal_my_tickets", values)

    def _render_ticket(self, ticket_sudo, form=None):
        values = {
            **self._prepare_partner_program_values("ticket", ticket_sudo),
            "ticket_sudo": ticket_sudo,
            "messages_sudo": ticket_sudo._get_spoken_messages(),
            "files_sudo": self._get_files(ticket_sudo) - ticket_sudo._get_spoken_messages().attachment_ids,
            "form": form or {},
        }
        return request.render("partner_program_project.portal_ticket", values)

    def _get_project_email(self, affiliates_sudo, use):
        """The address of the project; none when there are several companies to choose from."""
        project_sudo = affiliates_sudo.company_id.mapped(f"partner_{use}_project_id")
        return project_sudo.alias_email if len(project_sudo) == 1 and project_sudo.alias_name else False
