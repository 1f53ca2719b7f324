"""Projects that were chosen in the settings become those of partners: 1.0.0 did not find their tickets and ideas."""

import logging

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    for company in env["res.company"].search([]):
        for use in ("support", "ideas"):
            try:
                company._dedicate_partner_projects([use])
            except UserError as error:  # work of others is in it: somebody has to choose another one
                _logger.warning("The project for %s of partners of %s: %s", use, company.name, error)
