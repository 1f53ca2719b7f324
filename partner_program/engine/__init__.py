"""The policy as plain Python: no Odoo, no database, no clock.

Everything here takes frozen facts and returns a verdict, so that each rule of
the policy can be read, tested and mutated on its own. The ORM (``models/``)
collects the facts and writes down what comes back.
"""
