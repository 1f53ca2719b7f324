from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .calendar_event import QUIET
from .partner_program_manager_rule import LOOKED_AFTER


class PartnerProgramEnrollment(models.Model):
    """The account manager of a partner: who it is, and what changes hands with it (P22)."""

    _inherit = "partner.program.enrollment"

    account_manager_id = fields.Many2one(domain=lambda self: self._get_manager_domain())
    former_manager_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        help="Technical: who looked after the partner before there was nobody. "
        "Meetings and to-dos wait for the next account manager.",
    )

    lacks_account_manager = fields.Boolean(
        compute="_compute_lacks_account_manager",
        help="Nobody looks after the partner: none was chosen, or the one chosen has left or lost the role.",
    )

    @api.depends(
        "company_id", "account_manager_id.active", "account_manager_id.group_ids", "account_manager_id.company_ids"
    )
    def _compute_lacks_account_manager(self):
        for enrollment in self:
            enrollment.lacks_account_manager = not enrollment._filter_in_force()

    @api.model
    def _get_manager_domain(self):
        """Who can be account manager: colleagues with that role who work in the company of the record."""
        role = self.env.ref("partner_program.group_manager")
        return f"[('share', '=', False), ('all_group_ids', 'in', {role.ids}), ('company_ids', 'in', [company_id])]"

    @api.constrains("account_manager_id")
    def _check_account_manager(self):
        for enrollment in self:
            user_sudo = enrollment.account_manager_id.sudo()  # the role of a colleague is no secret to whoever asks
            if user_sudo and (user_sudo.share or not user_sudo.has_group("partner_program.group_manager")):
                raise ValidationError(
                    self.env._(
                        "%(user)s has not the role of an account partner manager. Give the role under "
                        "Settings › Users, or choose somebody who has it.",
                        user=user_sudo.name,
                    )
                )
            if user_sudo and enrollment.company_id not in user_sudo.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work in %(company)s, and could not open this partner. Allow the company "
                        "under Settings › Users, or choose somebody who works there.",
                        user=user_sudo.name,
                        company=enrollment.company_id.name,
                    )
                )

    def _get_lang(self) -> str:
        """The language of the partner, as a code."""
        self.ensure_one()
        return self.applicant_id.lang or self.partner_id.lang or self.env.lang

    def _get_account_manager(self):
        """The account manager who still looks after the partner; partners are told of nobody else, by templates too.

        After a change of program that of the enrollment that runs.
        """
        managers = self.env["res.users"]
        for enrollment in self.current_enrollment_id or self:
            managers |= enrollment._filter_in_force()
        return managers

    def _filter_in_force(self):
        """The account manager chosen here, unless that person has left, or has lost the role or the company."""
        return self.account_manager_id._filter_account_managers(self.company_id)

    def action_assign_account_manager(self):
        """Choose the account manager by the rule of the program; the button."""
        without = self.filtered("lacks_account_manager")
        without._assign_account_managers()
        if left := without.filtered("lacks_account_manager"):
            raise UserError(
                self.env._(
                    "No rule of %(program)s fits %(partner)s. Choose the account manager by hand, or add a rule to the "
                    "program.",
                    program=left[0].program_id.name,
                    partner=left[0].partner_id.name,
                )
            )

    def _assign_account_managers(self):
        """Choose the account manager by the rule of the program, for those whom nobody looks after."""
        rules = self.env["partner.program.manager.rule"]
        without = self.filtered("lacks_account_manager")
        counts = rules._count_partners(without.program_id.manager_rule_ids.user_id)
        for enrollment in without.sorted("id"):
            if user := rules._find_manager(enrollment, counts):
                enrollment.account_manager_id = user
                counts[user] = counts.get(user, 0) + 1

    # ------------------------------------------------------------
    # HANDING OVER
    # ------------------------------------------------------------

    def write(self, vals):
        before = {}
        if "account_manager_id" in vals:
            before = self.grouped(lambda one: (one.account_manager_id, one.account_manager_id or one.former_manager_id))
        result = super().write(vals)
        for (previous, former), enrollments in before.items():
            manager = enrollments.account_manager_id  # all were written together
            if manager != previous:
                enrollments._change_follower(previous)
                enrollments.former_manager_id = False if manager else former
                enrollments.filtered(lambda enrollment: enrollment.state in LOOKED_AFTER)._hand_over(former)
        return result

    def _hand_over(self, previous):
        """Open to-dos and future meetings of one manager go to the new one, and the partners are told.

        All enrollments have the same new account manager, as they were written together.

        :param previous: the former account manager, also one who was taken off the enrollment some time ago
        """
        if not self.account_manager_id:
            return
        if previous and previous != self.account_manager_id:
            self._hand_over_activities(previous)
            self._hand_over_meetings(previous)
        # The mails of onboarding carry the card of the first manager.
        told = self.filtered(lambda enrollment: enrollment.state != "onboarding" or previous)
        self.env["mail.template"]._partner_program_send("partner_program.mail_template_account_manager", told)

    def _get_documents_to_hand_over(self) -> dict:
        """Whose to-dos go along, each model with its records; called with raised rights. Hook for bridges."""
        questions = self.env["partner.commission.question"]
        return {
            self._name: self,
            "partner.referral": self.referral_ids,
            questions._name: questions.search([("commission_line_id.enrollment_id", "in", self.ids)]),
        }

    def _hand_over_activities(self, previous):
        history_sudo = self.sudo()._with_previous()  # referrals of every salesperson
        where = Domain.OR(
            Domain("res_model", "=", model) & Domain("res_id", "in", documents_sudo.ids)
            for model, documents_sudo in history_sudo._get_documents_to_hand_over().items()
        )
        activities_sudo = self.env["mail.activity"].sudo()  # to-dos of somebody who may have left
        activities = activities_sudo.search(where & Domain("user_id", "=", previous.id))
        # One by one would notify one by one; the new manager reads the list.
        activities.with_context(mail_activity_quick_update=True).user_id = self.account_manager_id
        agreed_sudo = self.env["partner.program.meeting.action"].sudo()  # as for the to-dos
        agreed_sudo = agreed_sudo.search([("enrollment_id", "in", history_sudo.ids), ("user_id", "=", previous.id)])
        agreed_sudo.filtered(lambda action: action.state == "new").user_id = self.account_manager_id

    def _hand_over_meetings(self, previous):
        """Meetings to come of the previous manager with people of the partners; past ones stay as they were.

        The monthly series as a whole, and what was arranged beside it; not what is about another enrollment, which
        may be looked after by the previous manager still. Nobody is taken out of a meeting with others, such as a
        partner day: the new manager comes too.
        """
        self._move_meetings(previous, self.account_manager_id)
        events_sudo = self.env["calendar.event"].sudo()  # meetings of a colleague
        events = events_sudo.search(
            [
                ("start", ">", fields.Datetime.now()),
                ("partner_ids", "in", previous.partner_id.ids),
                ("partner_ids.commercial_partner_id", "in", self.partner_id.ids),
                ("enrollment_id", "in", [False, *self.ids]),
            ]
        ).with_context(**QUIET)
        guests = events.partner_ids.filtered(lambda person: all(user.share for user in person.user_ids))
        others = (guests - previous.partner_id).filtered(
            lambda guest: guest.commercial_partner_id not in self.partner_id
        )
        shared = events.filtered(lambda event: not event.enrollment_id and event.partner_ids & others)
        own = events - shared
        own.filtered(lambda event: event.user_id == previous).user_id = self.account_manager_id
        own._swap_attendees(previous.partner_id, self.account_manager_id.partner_id)
        shared._swap_attendees(self.env["res.partner"], self.account_manager_id.partner_id)
