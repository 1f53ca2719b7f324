from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class PartnerProgramPortal(CustomerPortal):
    """What the pages of partners share. Access rules decide which rows; see security/."""

    _MAX_TEXT = 2000  # characters of a reason or a question

    def _prepare_home_portal_values(self, counters):
        # EXTENDS portal: runs on a read-only cursor
        values = super()._prepare_home_portal_values(counters)
        if "partner_program_count" in counters:
            values["partner_program_count"] = len(self._get_own_enrollments_sudo())
        return values

    def _get_own_domain(self) -> Domain:
        """What belongs to the reader's company; the access rules say the same."""
        return Domain("partner_id", "=", request.env.user.commercial_partner_id.id)

    def _get_own_enrollments_sudo(self):
        """The enrollments of the reader's company, the running ones first."""
        partner = request.env.user.commercial_partner_id
        return request.env["partner.program.portal"]._get_enrollments_sudo(partner)

    def _prepare_partner_program_values(self, page_name):
        """Values that every page of partners needs; ``page_name`` marks the entry of the navigation."""
        return {
            **self._prepare_portal_layout_values(),
            "page_name": page_name,
            "enrollments_sudo": self._get_own_enrollments_sudo(),
        }
