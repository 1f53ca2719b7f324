"""Plain Python, no Odoo: what is compared, what talks to the outside, what may fail."""
