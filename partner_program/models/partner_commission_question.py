from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import plaintext2html

DAYS_TO_ANSWER = 5
ANSWER_MAIL = "partner_program.mail_template_question_answered"


class PartnerCommissionQuestion(models.Model):
    """A partner doubts a commission line: the line is held until somebody has answered (D15).

    A question stays after its answer: both sides can read how the figure was settled.
    """

    _name = "partner.commission.question"
    _description = "Commission Question"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    commission_line_id = fields.Many2one("partner.commission.line", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one(related="commission_line_id.partner_id", store=True, precompute=True, index=True)
    client_id = fields.Many2one(related="commission_line_id.client_id", store=True, precompute=True)
    company_id = fields.Many2one(related="commission_line_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="commission_line_id.currency_id")
    # No related fields: they would hang under every amount of every journal entry for Odoo to look after.
    amount = fields.Monetary("Commission", compute="_compute_figures")
    explanation = fields.Text("How It Came About", compute="_compute_figures")
    question = fields.Text(required=True, help="In the words of the partner.")
    asked_by_id = fields.Many2one("res.partner", default=lambda self: self.env.user.partner_id)
    asked_on = fields.Date(default=fields.Date.context_today, required=True)
    answer = fields.Text(tracking=True, copy=False, help="The partner reads this answer.")
    outcome = fields.Selection(
        [("confirmed", "Figure confirmed"), ("corrected", "Figure corrected")], tracking=True, copy=False
    )
    state = fields.Selection(
        [("open", "Open"), ("answered", "Answered")], default="open", required=True, tracking=True, copy=False
    )

    _one_open_per_line = models.UniqueIndex(
        "(commission_line_id) WHERE state = 'open'",
        "There is an open question on this commission line already. Answer that one first.",
    )
    _answered_with_answer = models.Constraint(
        "CHECK (state = 'open' OR (answer IS NOT NULL AND outcome IS NOT NULL))",
        "Write the answer and choose the outcome first: the partner reads both.",
    )

    @api.depends("commission_line_id")
    def _compute_display_name(self):
        for question in self:
            question.display_name = question.commission_line_id.display_name

    @api.depends("commission_line_id")
    @api.depends_context("lang")
    def _compute_figures(self):
        for question in self:
            question.amount = question.commission_line_id.amount
            question.explanation = question.commission_line_id.explanation

    @api.model_create_multi
    def create(self, vals_list):
        questions = super().create(vals_list)
        for question in questions:
            question._check_not_void()
            question._schedule_answer(question.asked_on)
        lines_sudo = questions.commission_line_id.sudo()  # whoever asks need not see bills
        lines_sudo._leave_drafts()
        return questions

    def _check_not_void(self):
        self.ensure_one()
        if self.commission_line_id.state == "void":
            raise UserError(
                self.env._(
                    "%(line)s is worth nothing: there is no payout to hold. Its explanation says why.",
                    line=self.commission_line_id.display_name,
                )
            )

    def _schedule_answer(self, asked_on):
        """A to-do for the account manager; the money waits until it is done."""
        self.ensure_one()
        question_sudo = self.sudo()  # whoever asks need not see the enrollment, and the to-do is another's
        user = question_sudo.commission_line_id.enrollment_id._get_responsibles()[:1]
        question_sudo.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.with_context(lang=user.lang).env._("Answer the question on a commission"),
            note=plaintext2html(self.question),
            date_deadline=asked_on + timedelta(days=DAYS_TO_ANSWER),
            user_id=user.id,
        )

    def action_answer(self):
        """Close the question: nothing but other reasons holds the line from now on."""
        # What a colleague, or a first click, has answered is not mailed to the partner again.
        questions = self.filtered(lambda question: question.state == "open")
        for question in questions:
            if not (question.answer or "").strip() or not question.outcome:
                raise UserError(self.env._("Write the answer and choose the outcome first: the partner reads both."))
        questions.state = "answered"
        activities_sudo = questions.sudo().activity_ids  # it may be somebody else's to-do
        activities_sudo.filtered("automated").action_done()
        for question in questions:
            readers = {"recipient_ids": [Command.set(question._get_readers().ids)]}
            self.env["mail.template"]._partner_program_send(ANSWER_MAIL, question, readers)

    def _get_readers(self):
        """Who is mailed the answer: whoever asked, if it is still there; else the company of the partner."""
        self.ensure_one()
        asker, partner = self.asked_by_id, self.partner_id
        users_sudo = asker.user_ids.sudo()  # whether one may log in; active ones only
        is_there = any(not user.share or asker.commercial_partner_id == partner for user in users_sudo)
        return asker if is_there else partner._get_program_readers()

    def action_reopen(self):
        """Take the question up again: the line is held again, and somebody has to answer again."""
        questions = self.filtered(lambda question: question.state == "answered")
        questions.state = "open"
        for question in questions:
            question._check_not_void()
            question._schedule_answer(question.company_id._partner_program_today())
        questions.commission_line_id._leave_drafts()
