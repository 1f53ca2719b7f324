from datetime import UTC, date, datetime, time, timedelta

from odoo import fields, models
from odoo.fields import Domain

EXPIRES_WITHIN_DAYS = 30


class PartnerProgramEnrollment(models.Model):
    """The meeting pack: what partner and account manager talk about (P23). Only what the partner may see.

    After a change of program it goes on with what was promised before.
    """

    _inherit = "partner.program.enrollment"

    objective_ids = fields.One2many("partner.program.objective", "enrollment_id", "Objectives")

    def _get_meeting_pack(self, since: date) -> dict:
        """All parts of the pack of one partner, as of now.

        :param since: day of the pack before, or else of the meeting before, at the company
        :return: ``since``, ``today`` and one key for each part below
        """
        self.ensure_one()
        enrollment_sudo = self.sudo()  # the pack shows chosen fields only; whoever makes it may read the enrollment
        today = self.company_id._partner_program_today()
        objective, figures = enrollment_sudo.env["partner.program.objective"]._get_shown(
            enrollment_sudo._with_previous(), today
        )
        return {
            "since": since,
            "today": today,
            "acquired": enrollment_sudo._get_pack_acquired(since),
            "sales": enrollment_sudo._get_pack_sales(since),
            "objective": objective,
            "figures": figures,
            "expiring": enrollment_sudo._get_pack_expiring(today),
            "late": enrollment_sudo._get_pack_late(today),
            "held": enrollment_sudo._get_pack_held(),
            "upsells": enrollment_sudo._get_pack_upsells(),
            "tickets": enrollment_sudo._get_pack_tickets(),
            "training": enrollment_sudo._get_pack_training(today),
            "resources": enrollment_sudo._get_pack_resources(since),
            "actions": enrollment_sudo._get_pack_actions(),
        }

    def _get_start_of(self, day) -> datetime:
        """When a day begins at the company, in UTC."""
        return (
            datetime.combine(day, time.min, self.company_id._partner_program_zone())
            .astimezone(UTC)
            .replace(tzinfo=None)
        )

    def _get_settled_domain(self, invoice, since):
        """Payments entered since then, be they dated earlier: the pack before could not know of them.

        :param invoice: name of the field that holds the invoice
        """
        return Domain(f"{invoice}.line_ids.matched_credit_ids.create_date", ">=", self._get_start_of(since))

    def _get_pack_acquired(self, since):
        """Clients won since then."""
        won = Domain("acquired_on", ">=", since) | self._get_settled_domain("acquisition_move_id", since)
        ours = Domain("enrollment_id", "in", self._with_previous().ids)
        return self.env["partner.referral"].search(
            won & ours & Domain("state", "in", ("acquired", "completed")), order="acquired_on"
        )

    def _get_pack_sales(self, since):
        """Commission on invoices that clients have paid since then."""
        paid = Domain("fully_paid_on", ">=", since) | self._get_settled_domain("move_id", since)
        ours = Domain("enrollment_id", "in", self._with_previous().ids)
        return self.env["partner.commission.line"].search(
            paid & ours & Domain("earned_amount", "!=", 0), order="fully_paid_on"
        )

    def _get_pack_expiring(self, today):
        """Claims that end soon unless they are closed."""
        return self.env["partner.referral"].search(
            [
                ("enrollment_id", "in", self._with_previous().ids),
                ("state", "=", "accepted"),
                ("expires_on", ">=", today),
                ("expires_on", "<=", today + timedelta(days=EXPIRES_WITHIN_DAYS)),
            ],
            order="expires_on",
        )

    def _get_pack_late(self, today):
        """Commission that waits for clients whose invoice is overdue."""
        return self.env["partner.commission.line"].search(
            [
                ("enrollment_id", "in", self._with_previous().ids),
                ("state", "=", "expected"),
                ("move_id.invoice_date_due", "<", today),
            ],
            order="invoice_date",
        )

    def _get_pack_held(self):
        """Commission that is earned and held, with the reason."""
        return self.env["partner.commission.line"].search(
            [("enrollment_id", "in", self._with_previous().ids), ("state", "=", "held")]
        )

    def _get_pack_upsells(self) -> list[dict]:
        """Clients that are ready for a higher package: ``{"client", "package", "next"}``, all names."""
        rows = self.env["partner.program.upsell"].search(
            [("partner_id", "=", self.partner_id.id), ("program_id", "in", self._with_previous().program_id.ids)]
        )
        return [
            {"client": row.client_id.name, "package": row.package_id.name, "next": row.next_package_id.name}
            for row in rows
        ]

    def _get_pack_tickets(self) -> list[dict]:
        """Open tickets: ``{"name", "stage", "since"}``. Without a ticket application there are none."""
        return []

    def _get_pack_training(self, today) -> dict:
        """``{"missing": how many trained people are missing, "expiring": trainings}``."""
        return {
            "missing": max(0, self.program_id.trained_contacts_required - len(self.trained_contact_ids)),
            "expiring": self.env["partner.program.training"].search(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("date_to", ">=", today),
                    ("date_to", "<=", today + timedelta(days=EXPIRES_WITHIN_DAYS)),
                ]
            ),
        }

    def _get_pack_resources(self, since):
        """Resources that came since then, for this program or for all."""
        return self.env["partner.program.resource"].search(
            [
                ("create_date", ">=", self._get_start_of(since)),
                "|",
                ("program_ids", "=", False),
                ("program_ids", "in", self.program_id.ids),
            ]
        )

    def _get_pack_actions(self):
        """What was agreed in earlier meetings and is not done."""
        return self.env["partner.program.meeting.action"].search(
            [("enrollment_id", "in", self._with_previous().ids), ("state", "in", ("new", "open"))]
        )
