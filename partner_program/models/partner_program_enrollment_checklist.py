from odoo import api, fields, models
from odoo.tools import format_date


class PartnerProgramEnrollment(models.Model):
    """What is left to do until a partner is active, who has to do it, and becoming active by itself."""

    _inherit = "partner.program.enrollment"

    checklist_done = fields.Boolean(
        compute="_compute_checklist_done",
        store=True,
        compute_sudo=True,
        help="Everything that the program asks for is there.",
    )
    checklist_html = fields.Html("Checklist", compute="_compute_checklist_html", compute_sudo=True, sanitize=False)

    @api.depends(
        "requirements_met",
        "account_manager_id.active",
        "account_manager_id.group_ids",
        "account_manager_id.company_ids",
        "program_id.account_manager_required",
    )
    def _compute_checklist_done(self):
        for enrollment in self:
            program = enrollment.program_id
            managed = enrollment._filter_in_force() or not program.account_manager_required
            enrollment.checklist_done = enrollment.requirements_met and bool(managed)

    @api.depends("checklist_done")
    @api.depends_context("lang")
    def _compute_checklist_html(self):
        for enrollment in self:
            enrollment.checklist_html = self.env["ir.qweb"]._render(
                "partner_program.enrollment_checklist", {"items": enrollment._get_checklist(), "portal": False}
            )

    def _get_checklist(self) -> list[dict]:
        """What the program asks for, done or not, in the order of onboarding.

        :return: ``{"key", "name", "done" (bool), "who" (``partner`` or ``company``), "todo" (what to do next, or how it
            was done), "url" (where partners do it, or None), "holds" (bool: holds payouts while it is missing)}``
        """
        self.ensure_one()
        program, items = self.program_id, []
        if program.agreement_id:
            items.append(self._get_checklist_agreement())
        if program.trained_contacts_required:
            items.append(self._get_checklist_training())
        if program.bank_account_required:
            items.append(self._get_checklist_bank_account())
        if program.tax_id_required:
            items.append(self._get_checklist_tax_id())
        if program.account_manager_required:
            items.append(self._get_checklist_account_manager())
        return items

    def _get_checklist_agreement(self) -> dict:
        signed = self._has_signed()
        item = {
            "key": "agreement",
            "name": self.env._("Contract signed"),
            "done": signed,
            "who": "partner",
            "url": "/my/agreement",
            "holds": not signed and self._is_signature_due(),
        }
        if signed:
            version = self._get_signed_version()
            name, day = self._get_signing(version)
            item["todo"] = self.env._(
                "%(agreement)s, signed by %(name)s on %(day)s",
                agreement=version.display_name,
                name=name,
                day=format_date(self.env, day),
            )
        elif not self._is_signature_due():
            item["todo"] = self.env._(
                "Sign the new version of the contract by %(day)s.", day=format_date(self.env, self._get_sign_by())
            )
        else:
            item["todo"] = self.env._("Read the contract and sign it online.")
        return item

    def _get_checklist_training(self) -> dict:
        trained, required = self.trained_contact_ids, self.program_id.trained_contacts_required
        done = len(trained) >= required
        if done:
            todo = ", ".join(trained.mapped("name"))
        else:
            todo = self.env._(
                "Agree on a date for the product training with your account manager: %(trained)s of %(required)s "
                "people trained.",
                trained=len(trained),
                required=required,
            )
        return {
            "key": "training",
            "name": self.env._("Staff trained"),
            "done": done,
            "who": "partner",
            "todo": todo,
            "url": None,
            "holds": not done,
        }

    def _get_checklist_bank_account(self) -> dict:
        accounts = self.partner_id.bank_ids
        # The last digits tell which account it is, and nobody who looks over a shoulder more than that.
        todo = accounts and self.env._("Account ending in %(digits)s", digits=(accounts[0].acc_number or "")[-4:])
        return {
            "key": "bank_account",
            "name": self.env._("Bank account"),
            "done": bool(accounts),
            "who": "partner",
            "todo": todo or self.env._("Tell us the bank account to which commissions are paid."),
            "url": "/my/agreement#bank_account",
            "holds": not accounts,
        }

    def _get_checklist_tax_id(self) -> dict:
        vat = self.partner_id.vat
        known = self.env._("Has no tax ID") if vat == "/" else vat  # Odoo's sign for it
        return {
            "key": "tax_id",
            "name": self.env._("Tax data"),
            "done": bool(vat),
            "who": "partner",
            "todo": known or self.env._("Tell us your tax ID, which has to be on the bills."),
            "url": "/my/agreement#bank_account",
            "holds": not vat,
        }

    def _get_checklist_account_manager(self) -> dict:
        manager_sudo = self._filter_in_force().sudo()  # partners are told the name of theirs
        return {
            "key": "account_manager",
            "name": self.env._("Account manager"),
            "done": bool(manager_sudo),
            "who": "company",
            "todo": manager_sudo.name or self.env._("Assign an account manager."),
            "url": None,
            "holds": False,
        }

    # ------------------------------------------------------------
    # ACTIVE BY ITSELF
    # ------------------------------------------------------------

    def _compute_field_value(self, field):
        # EXTENDS mail: whatever completes the list (a signature, a bank account, a certificate) is heard of here
        result = super()._compute_field_value(field)
        if field.name == "checklist_done":
            self.filtered("checklist_done")._origin._wait_for_activation()
        return result

    def write(self, vals):
        # A program that asks for nothing, or for what is there: the list was done before the application was approved.
        result = super().write(vals)
        if vals.get("state") == "onboarding":
            self._wait_for_activation()
        return result

    def _wait_for_activation(self):
        """Look at these at the end of the transaction, before the commit."""
        if not self.ids:
            return
        waiting = self.env.cr.precommit.data.setdefault("partner_program.checklist", set())
        if not waiting:
            self.env.cr.precommit.add(self.env[self._name].sudo()._activate_waiting)  # the system does it
        waiting.update(self.ids)

    @api.model
    def _activate_waiting(self):
        ids = self.env.cr.precommit.data.pop("partner_program.checklist", set())
        self.browse(ids).exists()._activate_when_complete()

    def _activate_when_complete(self):
        """Onboarding ends by itself: nobody has to notice that the last item has arrived."""
        complete = self.filtered(lambda enrollment: enrollment.state == "onboarding" and enrollment.checklist_done)
        complete.state = "active"
        return complete
