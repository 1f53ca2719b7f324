from odoo import http
from odoo.http import request


class PartnerProgramPackages(http.Controller):
    """The public page that describes the packages (P12)."""

    @http.route(
        "/partners/packages", type="http", auth="public", methods=["GET"], website=True, sitemap=True, readonly=True
    )
    def partners_packages(self, **kw):
        """What each package offers, in the order of the ladder; nothing about products, prices or clients."""
        packages_sudo = request.env["partner.program.package"].sudo()._get_described()  # written for strangers
        return request.render("partner_program.packages", {"packages": packages_sudo})
