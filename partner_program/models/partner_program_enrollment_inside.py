from odoo import api, models

from .partner_program_manager_rule import LOOKED_AFTER

APPLICATION_ACTIVITY = "partner_program.mail_activity_type_application"
MANAGER_ACTIVITY = "partner_program.mail_activity_type_account_manager"
IN_FORCE = {"active", "group_ids", "company_ids"}  # of a user: what an account manager needs


class PartnerProgramEnrollment(models.Model):
    """Who inside the company hears of an application, and reads what a partner writes (P22, P24)."""

    _inherit = "partner.program.enrollment"

    def _get_responsibles(self):
        """The account manager, or else whoever the rule of the program would choose, or else who has that role."""
        self.ensure_one()
        enrollment_sudo = self.sudo()  # strangers and partners write; who looks after them is decided for them
        enrollment_sudo = enrollment_sudo.current_enrollment_id or enrollment_sudo
        if manager := enrollment_sudo._filter_in_force():
            return manager
        rules_sudo = enrollment_sudo.env["partner.program.manager.rule"]
        counts = rules_sudo._count_partners(enrollment_sudo.program_id.manager_rule_ids.user_id)
        found = rules_sudo._find_manager(enrollment_sudo, counts)
        return found or enrollment_sudo.program_id._get_responsibles_sudo()

    def _ensure_followed(self):
        """Somebody inside reads what comes: who is responsible follows, unless a colleague does so already."""
        for enrollment in self.sudo():  # as above
            colleagues = enrollment.message_partner_ids.user_ids.filtered(lambda user: user.active and not user.share)
            if not colleagues:
                enrollment.message_subscribe(enrollment._get_responsibles().partner_id.ids)

    def _tell_of_application(self):
        """Put the application on the list of one person, who also reads what the applicant adds."""
        for application in self.sudo():  # as above
            people = application._get_responsibles()
            application.message_subscribe(people.partner_id.ids)
            to_reader = self.with_context(lang=people[:1].lang)
            application.activity_schedule(
                APPLICATION_ACTIVITY,
                summary=to_reader.env._("Look at the application of %(partner)s", partner=application.partner_id.name),
                user_id=people[:1].id,
            )

    def _sync_account_manager_to_dos(self):
        """A to-do for each partner whose account manager looks after it no more, and none for the others."""
        waiting_sudo = self.sudo().filtered("lacks_account_manager")  # whoever changes users need not see partners
        waiting_sudo._ask_for_account_manager()
        (self.sudo() - waiting_sudo).activity_unlink([MANAGER_ACTIVITY])

    def _ask_for_account_manager(self):
        """There is no account manager any more: somebody has to hand the partners over, or they wait for nobody."""
        asked_type = self.env.ref(MANAGER_ACTIVITY)
        unasked = self.sudo().filtered(lambda one: asked_type not in one.activity_ids.activity_type_id)  # as above
        for program, enrollments in unasked.grouped("program_id").items():
            user = program._get_responsibles_sudo()[:1]
            enrollments.with_context(mail_activity_quick_update=True).activity_schedule(
                MANAGER_ACTIVITY,
                summary=self.with_context(lang=user.lang).env._(
                    "Choose another account manager: the former one has left or lost the role"
                ),
                user_id=user.id,
            )

    def _change_follower(self, previous):
        """The account manager follows the partner, the former one no longer does."""
        history = self._with_previous()  # partners answer mails of before a change of program, too
        history.message_unsubscribe(previous.partner_id.ids)
        history.message_subscribe(self.account_manager_id.partner_id.ids)

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        enrollments = super().create(vals_list)
        for managed in enrollments.filtered("account_manager_id").grouped("account_manager_id").values():
            managed._change_follower(self.env["res.users"])
        return enrollments

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state", "applied") != "applied":
            decided_sudo = self.sudo()  # the to-do may be a colleague's
            decided_sudo.activity_unlink([APPLICATION_ACTIVITY])
        if vals.get("account_manager_id"):
            asked_sudo = self.sudo().activity_ids.filtered(  # as above
                lambda one: one.activity_type_id == self.env.ref(APPLICATION_ACTIVITY)
            )
            asked_sudo.user_id = vals["account_manager_id"]
        if vals.get("account_manager_id") or vals.get("state") in ("ended", "rejected"):
            managed_sudo = self.sudo()  # as above
            managed_sudo.activity_unlink([MANAGER_ACTIVITY])
        if vals.get("state") in LOOKED_AFTER or vals.get("program_id"):
            # Taken up again after that person has left, or moved to the program of another company.
            left = self.filtered(lambda one: one.account_manager_id and one.lacks_account_manager)
            left.filtered(lambda one: one.state in LOOKED_AFTER)._ask_for_account_manager()
        return result


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        # EXTENDS base: whose account manager leaves needs another one, unless the former one comes back
        result = super().write(vals)
        if IN_FORCE & vals.keys():
            enrollments_sudo = self.env["partner.program.enrollment"].sudo()  # whoever changes users need not see them
            managed_sudo = enrollments_sudo.search(
                [("account_manager_id", "in", self.ids), ("state", "in", LOOKED_AFTER)]
            )
            if managed_sudo:  # while the add-on is installed there is no kind of to-do yet
                managed_sudo._sync_account_manager_to_dos()
        return result

    def _filter_account_managers(self, company):
        """Those of these users who can look after partners of a company: here, with the role, and working there."""
        users_sudo = self.sudo()  # the role of a colleague is no secret to whoever deals with partners
        return users_sudo.filtered(
            lambda user: (
                user.active
                and not user.share
                and user.has_group("partner_program.group_manager")
                and company in user.company_ids
            )
        ).with_env(self.env)
