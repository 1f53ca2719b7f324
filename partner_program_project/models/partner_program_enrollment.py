from odoo import api, fields, models
from odoo.tools import SQL

from .project_task import OPEN, SPOKEN


class PartnerProgramEnrollment(models.Model):
    """Tickets of a partner, and how long it waits for an answer (P18)."""

    _inherit = "partner.program.enrollment"

    open_ticket_count = fields.Integer(
        "Open Tickets", compute="_compute_tickets", groups="partner_program.group_manager"
    )
    first_answer_hours = fields.Float(
        "Hours to First Answer",
        compute="_compute_tickets",
        groups="partner_program.group_manager",
        help="On average, over the tickets of this partner that were answered.",
    )

    @api.model
    def _get_affiliates_sudo(self, partners):
        """Active affiliate enrollments of these people's companies: who may send tickets and ideas."""
        enrollments_sudo = self.sudo()  # partners have no right on enrollments, and mails come from anybody
        return enrollments_sudo.search(
            [
                ("partner_id", "in", partners.commercial_partner_id.ids),
                ("program_type", "=", "affiliate"),
                ("state", "=", "active"),
            ]
        )

    def _compute_tickets(self):
        """Those of before a change of program too: they are the same partner's."""
        everything = self._origin._with_previous()
        counts = dict(
            self.env["project.task"]
            .sudo()  # how many there are is no secret to account managers
            ._read_group(everything._get_open_ticket_domain(), ["partner_enrollment_id"], ["__count"])
        )
        answered = everything._get_first_answer_hours()
        for enrollment in self:
            history = enrollment._origin._with_previous()
            enrollment.open_ticket_count = sum(counts.get(one, 0) for one in history)
            times = [answered[one.id] for one in history if one.id in answered]
            number = sum(count for _hours, count in times)
            enrollment.first_answer_hours = sum(hours for hours, _count in times) / number if number else 0.0

    def _get_open_ticket_domain(self):
        return [
            *self.env["project.task"]._get_partner_tasks_domain("support"),
            ("partner_enrollment_id", "in", self.ids),
            *OPEN,
        ]

    def _get_first_answer_hours(self) -> dict[int, tuple[float, int]]:
        """Hours from ticket to first answer in all, and of how many tickets, on each enrollment; in one query."""
        if not self.ids:
            return {}
        self.env["mail.message"].flush_model()
        self.env["project.task"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT task.partner_enrollment_id,
                       SUM(EXTRACT(EPOCH FROM answer.date - task.create_date)) / 3600,
                       COUNT(*)
                  FROM project_task task
                  JOIN LATERAL (
                       SELECT MIN(message.date) AS date
                         FROM mail_message message
                         JOIN res_users colleague ON colleague.partner_id = message.author_id AND NOT colleague.share
                    LEFT JOIN mail_message_subtype subtype ON subtype.id = message.subtype_id
                        WHERE message.model = 'project.task'
                          AND message.res_id = task.id
                          AND message.message_type IN %(spoken)s
                          AND subtype.internal IS NOT TRUE
                          AND message.is_internal IS NOT TRUE
                       ) answer ON answer.date IS NOT NULL
                 WHERE task.partner_enrollment_id IN %(ids)s
                   AND task.partner_program_use = 'support'
                   AND task.has_template_ancestor IS NOT TRUE
                 GROUP BY task.partner_enrollment_id
                """,
                spoken=SPOKEN,
                ids=tuple(self.ids),
            )
        )
        return {enrollment_id: (float(hours), count) for enrollment_id, hours, count in rows}

    def _get_pack_tickets(self) -> list[dict]:
        # EXTENDS partner_program
        tickets = self.env["project.task"].search(self._with_previous()._get_open_ticket_domain(), order="create_date")
        zone = self.company_id._partner_program_local_date
        return super()._get_pack_tickets() + [
            {"name": ticket.name, "stage": ticket.stage_id.name or "", "since": zone(ticket.create_date)}
            for ticket in tickets
        ]

    def _get_documents_to_hand_over(self) -> dict:
        # EXTENDS partner_program: tickets and ideas that are not closed, with what colleagues do for them
        tasks = self.env["project.task"].search(
            [
                "|",
                ("partner_enrollment_id", "in", self.ids),
                ("parent_id.partner_enrollment_id", "in", self.ids),
                ("partner_program_use", "!=", False),
                *OPEN,
            ]
        )
        return {**super()._get_documents_to_hand_over(), tasks._name: tasks}

    def _hand_over_activities(self, previous):
        # EXTENDS partner_program: the work itself goes along too, or what the partner answers would reach nobody
        result = super()._hand_over_activities(previous)
        history_sudo = self.sudo()._with_previous()  # tickets of every colleague
        history_sudo._get_documents_to_hand_over()["project.task"]._hand_over(previous, self.account_manager_id)
        return result

    def action_view_tickets(self):
        """Open the tickets of this partner."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program_project.partner_ticket_action")
        action["domain"] = [
            *self.env["project.task"]._get_partner_tasks_domain("support"),
            ("partner_enrollment_id", "in", self._with_previous().ids),
        ]
        action["context"] = {}
        return action
