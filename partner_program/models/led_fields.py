"""Fields that are computed together with another one, which alone hears of changes.

Odoo tells of each change of an entry, at each step of a payment, every field that follows from it: it walks through
all of them before it looks whether there is a record at all. Nineteen such fields on commission lines made Odoo work
nearly a tenth more at each payment, of clients that nobody has referred too. So one field of those that are computed
by the same method names what it depends on (the leader), and the others follow it: whoever reads or flushes one of
them has the leader computed first, and that sets them all (``Model._compute_field_value``).
"""

from odoo import fields


class Led:
    """Mixin of a stored field that is computed with its leader."""

    leader = None  # name of the field that has the dependencies

    def get_depends(self, model):
        # OVERRIDES orm: those of the method are the leader's
        return (), super().get_depends(model)[1]

    def recompute(self, records):
        # EXTENDS orm: called by each access, a run has a hundred thousand; nearly always nothing is pending
        pending = records.env.transaction.tocompute
        if pending.get(leader := records._fields[self.leader]):
            leader.recompute(records)
        return super().recompute(records) if pending.get(self) else None


class LedMonetary(Led, fields.Monetary):
    pass


class LedDate(Led, fields.Date):
    pass


class LedBoolean(Led, fields.Boolean):
    pass


class LedSelection(Led, fields.Selection):
    pass


class LedJson(Led, fields.Json):
    pass


def with_leaders(model, fnames):
    """These names of fields, and those of their leaders; None for all fields, as in the ORM."""
    if fnames is None:
        return None
    leaders = (getattr(model._fields[fname], "leader", None) for fname in fnames)
    return {*fnames, *filter(None, leaders)}
