"""Plain Python that talks to the outside; no Odoo."""
