from odoo import models

from .calendar_event import LINK


class CalendarRecurrence(models.Model):
    """A meeting with a partner is one in each of its repetitions, whoever repeats or moves it."""

    _inherit = "calendar.recurrence"

    def _apply_recurrence(self, specific_values_creation=None, no_send_edit=False, generic_values_creation=None):
        # EXTENDS calendar: meetings are repeated as the user, whose copies lack the link without a role of ours
        before = self.calendar_event_ids
        detached = super()._apply_recurrence(specific_values_creation, no_send_edit, generic_values_creation)
        repeated_sudo = (self.calendar_event_ids - before).sudo()  # the user need not see with whom the meeting is
        unlinked_sudo = repeated_sudo.filtered(
            lambda event: event.enrollment_id != event.recurrence_id.base_event_id.enrollment_id
        )
        for base_sudo, events_sudo in unlinked_sudo.grouped(lambda event: event.recurrence_id.base_event_id).items():
            events_sudo.with_context(dont_notify=True).write({name: base_sudo[name] for name in LINK})
        return detached
