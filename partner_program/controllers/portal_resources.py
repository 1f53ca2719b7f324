from odoo import http
from odoo.http import request

from .portal import PartnerProgramPortal, once_a_day


class PartnerProgramPortalResources(PartnerProgramPortal):
    """Links and files for the programs in which the reader's company is active."""

    @http.route("/my/resources", type="http", auth="user", website=True, readonly=once_a_day("resources"))
    def portal_my_resources(self, **kw):
        """By category, the newest marked."""
        Resource = request.env["partner.program.resource"]
        resources_sudo = Resource._get_portal_resources_sudo()
        labels = dict(Resource._fields["category"]._description_selection(request.env))
        by_category = resources_sudo.grouped("category")
        values = self._prepare_partner_program_values("resources")
        values["categories"] = [(labels[key], by_category[key]) for key in labels if key in by_category]
        active_sudo = values["enrollments_sudo"].filtered(lambda enrollment: enrollment.state == "active")
        values["is_active"] = bool(active_sudo)
        values["programs_sudo"] = active_sudo.program_id  # names of other programs are no business of the reader
        return request.render("partner_program.portal_my_resources", values)

    @http.route("/my/resources/<int:resource_id>/file", type="http", auth="user", website=True)
    def portal_my_resource_file(self, resource_id, **kw):
        """The file of a resource, always to be saved, never run in the portal's page; who took it is in the log."""
        resource_sudo = (
            request.env["partner.program.resource"]
            ._get_portal_resources_sudo()
            .filtered(lambda resource: resource.id == resource_id and resource.attachment_id)
        )
        if not resource_sudo:
            raise request.not_found()
        request.env["partner.program.portal.log"]._log("resource", resource_sudo.name)
        stream = request.env["ir.binary"]._get_stream_from(resource_sudo.attachment_id)
        return stream.get_response(as_attachment=True, content_security_policy="default-src 'none'; sandbox")
