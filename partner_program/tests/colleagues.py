"""What colleagues without a role of ours do with Odoo's records: the same as if no add-on of ours were there."""

from odoo.tests import Form

from .common import PartnerProgramCommon

ADDON = "partner_program"  # and its bridges


def is_ours(field) -> bool:
    """Whether an add-on of ours defines or changes this field."""
    return (field._module or "").startswith(ADDON)


class ColleaguesCommon(PartnerProgramCommon):
    """Odoo's records, opened, changed, copied and deleted by users with no more rights than Odoo asks for."""

    def extended_models(self):
        """Odoo's models with fields of ours, in which people work."""
        return {
            name
            for name, model in self.env.registry.items()
            if not model._original_module.startswith(ADDON) and not model._abstract and not model._transient
            if any(is_ours(field) for field in model._fields.values())
        }

    def hidden_and_copied_fields(self):
        """Fields of ours which Odoo reads as the user when it copies a record of its own, and not all users may read.

        Everything that copies gets an error for them: Duplicate, recurring meetings, wizards.
        """
        return {
            str(field)
            for model in self.env.registry.values()
            if not model._original_module.startswith(ADDON)
            for field in model._fields.values()
            if is_ours(field) and field.groups and field.copy
        }

    def work(self, group, model, vals, change, is_copied=True, is_deleted=True):
        """Create a record as a user of this group only, and do with it what people do."""
        user = self._new_user(f"{group} at {model}", f"base.group_user,{group}")
        record = self.env[model].with_user(user).create(vals)
        record.write(change)
        record.invalidate_recordset()
        ours = [
            name for name, field in record._fields.items() if is_ours(field) and record._has_field_access(field, "read")
        ]
        record.read(["display_name", *ours])
        Form(record).save()
        copies = record.copy() if is_copied else record.browse()
        copies.read(["display_name", *ours])
        if is_deleted:
            (copies + record).unlink()
