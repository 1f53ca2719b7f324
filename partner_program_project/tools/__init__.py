"""Plain Python, no Odoo."""
