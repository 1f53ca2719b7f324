from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL, html2plaintext, plaintext2html
from odoo.tools.sql import column_exists, create_column

from odoo.addons.iap.tools.iap_tools import mail_prepare_for_domain_search
from odoo.addons.partner_program.tools.mail_text import read_mail

from ..tools.nameless import MASK, without_sender

CLOSED = ("1_done", "1_canceled")
# What goes between a partner and the company: no notes, no automatic messages.
SPOKEN = ("comment", "email", "email_outgoing")
OPEN = [("state", "not in", CLOSED), ("stage_id", "not any", [("fold", "=", True)])]
SECOND_CLICK = timedelta(minutes=10)


class ProjectTask(models.Model):
    """A ticket or an idea of a partner is a task with the enrollment of who sent it (P5, P18)."""

    _inherit = "project.task"

    partner_program_use = fields.Selection(related="project_id.partner_program_use", store=True, index="btree_not_null")
    partner_enrollment_id = fields.Many2one(
        "partner.program.enrollment",
        "Partner of the Program",
        compute="_compute_partner_enrollment_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        copy=False,  # computed anew: not everybody who has a to-do, which is a task too, may read it
        groups="project.group_project_user,partner_program.group_manager",
    )
    partner_vote_ids = fields.One2many(
        "partner.program.idea.vote",
        "task_id",
        "Votes of Partners",
        groups="project.group_project_user,partner_program.group_manager",
    )
    partner_vote_count = fields.Integer("Votes", compute="_compute_partner_vote_count", store=True)
    first_answer_on = fields.Datetime("First Answer", compute="_compute_first_answer")
    first_answer_hours = fields.Float(
        "Hours to First Answer",
        compute="_compute_first_answer",
        help="From the ticket to the first message of a colleague that the partner reads. Notes do not count.",
    )

    def _auto_init(self):
        # EXTENDS base: before the add-on no task is of a partner, and Odoo would compute that for each of them
        cr, table = self.env.cr, self._table
        for name, column_type in (("partner_program_use", "varchar"), ("partner_enrollment_id", "int4")):
            if not column_exists(cr, table, name):
                create_column(cr, table, name, column_type)
        if not column_exists(cr, table, "partner_vote_count"):
            create_column(cr, table, "partner_vote_count", "int4 DEFAULT 0")  # nothing at all would sort before many
            cr.execute("ALTER TABLE project_task ALTER COLUMN partner_vote_count DROP DEFAULT")
        return super()._auto_init()

    @api.depends("partner_id", "partner_program_use")
    def _compute_partner_enrollment_id(self):
        tickets = self.filtered("partner_program_use")
        enrollments_sudo = self.env["partner.program.enrollment"]._get_affiliates_sudo(tickets.partner_id)
        for task in self:
            found = enrollments_sudo.filtered(
                lambda one, task=task: (
                    one.partner_id == task.partner_id.commercial_partner_id
                    and one.company_id == task.project_id.company_id
                )
            )
            if not task.partner_program_use:
                task.partner_enrollment_id = False
            elif task.parent_id and not task.partner_enrollment_id:
                continue  # a sub-task is work among colleagues, whatever customer they enter
            elif found and task.partner_enrollment_id not in found:
                task.partner_enrollment_id = found[:1]

    @api.depends("partner_vote_ids")
    def _compute_partner_vote_count(self):
        counts = dict(
            self.env["partner.program.idea.vote"]
            .sudo()  # how many votes there are is no secret
            ._read_group([("task_id", "in", self.ids)], ["task_id"], ["__count"])
        )
        for task in self:
            task.partner_vote_count = counts.get(task._origin, 0)

    @api.depends("message_ids")
    def _compute_first_answer(self):
        answers = self._get_first_answers()
        for task in self:
            task.first_answer_on = answers.get(task._origin.id)
            waited = task.first_answer_on and task.create_date and task.first_answer_on - task.create_date
            task.first_answer_hours = waited.total_seconds() / 3600 if waited else 0.0

    def _get_first_answers(self) -> dict:
        """When a colleague first answered each ticket, in one query."""
        ids = tuple((self.filtered("partner_program_use"))._origin.ids)
        if not ids:
            return {}
        self.env["mail.message"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT message.res_id, MIN(message.date)
                      FROM mail_message message
                      JOIN res_users colleague ON colleague.partner_id = message.author_id AND NOT colleague.share
                 LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id
                     WHERE message.model = 'project.task'
                       AND message.res_id IN %s
                       AND message.message_type IN %s
                       AND subtype.internal IS NOT TRUE
                       AND message.is_internal IS NOT TRUE
                     GROUP BY message.res_id
                    """,
                    ids,
                    SPOKEN,
                )
            )
        )

    @api.model
    def _get_default_partner_id(self, project=None, parent=None):
        # EXTENDS project, where a sub-task has the customer of its task, and customers get mail without following
        parent_sudo = parent and parent.sudo()  # who makes a sub-task need not see the ticket
        if parent_sudo and parent_sudo.partner_program_use:
            return False
        return super()._get_default_partner_id(project, parent)

    @api.model
    def default_get(self, fields):
        # EXTENDS project, where the tab with sub-tasks brings the customer along
        vals = super().default_get(fields)
        parent = self.browse(vals.get("parent_id") or self.env.context.get("default_parent_id"))
        if "partner_id" in vals and parent.sudo().partner_program_use:  # as above
            del vals["partner_id"]
        return vals

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS project, where whoever follows a task follows its sub-tasks too
        tasks = super().create(vals_list)
        tasks_sudo = tasks.sudo()  # as above
        tasks_sudo.filtered("parent_id.partner_program_use")._keep_among_colleagues()
        return tasks

    def _keep_among_colleagues(self):
        """No partner hears of these tasks."""
        self.message_unsubscribe(self.message_partner_ids.filtered("partner_share").ids)

    # ------------------------------------------------------------
    # PORTAL: callers have found the task by `_search_partner_tasks_sudo`
    # ------------------------------------------------------------

    @api.model
    def _get_partner_tasks_domain(self, use: str) -> list:
        """Tickets or ideas: no template, no sub-task of colleagues; what became part of another task stays one."""
        return [
            ("partner_program_use", "=", use),
            ("has_template_ancestor", "=", False),
            "|",
            ("parent_id", "=", False),
            ("partner_enrollment_id", "!=", False),
        ]

    @api.model
    def _search_partner_tasks_sudo(self, use: str, enrollments_sudo, domain=(), **options):
        """Tickets of the partner itself; ideas of all partners of the same company."""
        found = [*self._get_partner_tasks_domain(use), *domain]
        if use == "ideas":
            found.append(("company_id", "in", enrollments_sudo.company_id.ids))
        else:
            found.append(("partner_enrollment_id.partner_id", "in", enrollments_sudo.partner_id.ids))
        return self.sudo().search(found, **options)  # partners have no right on tasks; the domain names what is theirs

    @api.model
    def _find_just_sent_sudo(self, use: str, enrollment_sudo, person, values: dict):
        """What this person sent in the same words within the last minutes: a second click is no second ticket."""
        same = [
            ("partner_enrollment_id", "=", enrollment_sudo.id),
            ("partner_id", "=", person.id),
            ("name", "=", values["name"]),
            ("create_date", ">", fields.Datetime.now() - SECOND_CLICK),
        ]
        text = html2plaintext(values["description"])
        return self._search_partner_tasks_sudo(use, enrollment_sudo, same, order="id").filtered(
            lambda one: html2plaintext(one.description or "") == text
        )

    @api.model
    def _create_partner_task_sudo(self, use: str, enrollment_sudo, person, values: dict):
        """A ticket or idea that a person of the partner sends in the portal.

        :param dict values: `name`, `description` (HTML) and `priority`, checked by the caller
        """
        project_sudo = enrollment_sudo.company_id._get_partner_project(use)
        task_sudo = (
            self.sudo()  # as above
            .with_context(mail_create_nosubscribe=True, default_user_ids=False)
            .create(
                {
                    **values,
                    "project_id": project_sudo.id,
                    "company_id": project_sudo.company_id.id,
                    "partner_id": person.id,
                    "partner_enrollment_id": enrollment_sudo.id,
                    "user_ids": False,
                }
            )
        )
        task_sudo.message_subscribe(person.ids)
        task_sudo._assign_partner_responsible()
        return task_sudo

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        # EXTENDS project: whoever looks after the partner hears of what comes by mail too
        task = super().message_new(msg_dict, custom_values)
        task_sudo = task.sudo()  # as above
        if task_sudo.partner_program_use == "ideas" and task_sudo.partner_enrollment_id:
            task_sudo._read_idea_mail(msg_dict.get("body"))
        task_sudo._assign_partner_responsible()
        return task

    def _read_idea_mail(self, body):
        """All affiliates read what the sender typed, not who it is, as with the form; whoever proposes it is for it."""
        person, company = self.partner_id, self.partner_id.commercial_partner_id
        names = [company.name, person.phone, company.phone]
        for email in filter(None, (person.email_normalized, company.email_normalized)):
            names.append(mail_prepare_for_domain_search(email))  # the address itself where many have that domain
        text = without_sender(read_mail(body).own, person.name, names)
        # Empty, Odoo would fill it with the whole mail: signature, quotes, forwarded mails.
        self.write({"name": without_sender(self.name, person.name, names), "description": plaintext2html(text or MASK)})
        self.env["partner.program.idea.vote"]._vote_sudo(self, person)

    def _assign_partner_responsible(self):
        """What a partner sends is the work of one person; all who look after the partner read it."""
        for task in self.filtered("partner_enrollment_id"):
            people = task.partner_enrollment_id._get_responsibles()
            task.user_ids = task.user_ids or people[:1]
            task.message_subscribe(people.partner_id.ids)

    def _hand_over(self, previous, manager):
        """The new account manager takes the place of the former one, without a mail for each ticket."""
        assigned = self.filtered(lambda task: previous in task.user_ids)
        assigned.with_context(mail_auto_subscribe_no_notify=True).user_ids = [
            Command.unlink(previous.id),
            Command.link(manager.id),
        ]
        followed = assigned | self.filtered(lambda task: previous.partner_id in task.message_partner_ids)
        followed.message_unsubscribe(previous.partner_id.ids)
        followed.message_subscribe(manager.partner_id.ids)

    def _ensure_followed(self):
        """What comes after everybody who knew of the ticket has left reaches whoever looks after the partner."""
        for task in self.sudo().filtered("partner_enrollment_id"):  # partners write; who hears of it is decided here
            people = task.user_ids | task.message_partner_ids.user_ids
            if not people.filtered(lambda user: user.active and not user.share):
                task.message_subscribe(task.partner_enrollment_id._get_responsibles().partner_id.ids)

    def message_post(self, **kwargs):
        # EXTENDS mail
        if kwargs.get("message_type") in ("comment", "email"):
            self._ensure_followed()
        return super().message_post(**kwargs)

    def _get_spoken_messages(self):
        """The conversation with the partner, oldest first; never notes of colleagues."""
        self.ensure_one()
        return self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "in", SPOKEN),
                ("is_internal", "=", False),
                ("subtype_id.internal", "=", False),
            ],
            order="id",
        )

    def _is_open_for_partner(self) -> bool:
        self.ensure_one()
        return self.state not in CLOSED and not self.stage_id.fold
