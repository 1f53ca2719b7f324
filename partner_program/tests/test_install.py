"""Installing on a database that is in use: no computing, row by row, in the tables of others."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from .statements import statements

OURS = "partner_program"  # and the add-ons whose names begin with it


@tagged("post_install", "-at_install")
class TestInstall(TransactionCase):
    def columns_on_others(self):
        """Computed columns of ours by model of others, and whether Odoo would compute them for all rows."""
        found = {}
        for name, model in self.env.registry.items():
            if (model._original_module or "").startswith(OURS) or model._abstract or not model._auto:
                continue
            fields = [
                field for field in model._fields.values() if (field._module or "").startswith(OURS) and field.compute
            ]
            if names := [field.name for field in fields if field.store and field.column_type]:
                found[name] = names
        return found

    def test_columns_on_the_tables_of_others_come_without_a_look_at_their_rows(self):
        """As if the add-on was new: their columns are gone, then Odoo makes the tables fit the models."""
        self.env["crm.lead"].create([{"name": f"Lead {number}"} for number in range(3)])
        columns = self.columns_on_others()
        self.assertEqual(set(columns["crm.lead"]), {"referral_id", "referral_partner_id"})
        self.assertEqual(columns["res.partner"], ["referral_watch"])
        self.env.flush_all()
        for name, fnames in columns.items():
            for fname in fnames:
                table = self.env[name]._table
                self.env.cr.execute(
                    SQL("ALTER TABLE %s DROP COLUMN %s CASCADE", SQL.identifier(table), SQL.identifier(fname))
                )
        self.env.invalidate_all(flush=False)
        with statements() as sent:
            self.env.registry.init_models(self.env.cr, list(columns), {"module": "partner_program"}, install=False)
        for name, fnames in columns.items():
            table = self.env[name]._table
            self.env.cr.execute(
                "SELECT count(*) FROM information_schema.columns WHERE table_name = %s AND column_name IN %s",
                [table, tuple(fnames)],
            )
            self.assertEqual(self.env.cr.fetchone(), (len(fnames),), f"{name}: the columns are there")
            read = [query for query in sent if query.startswith(f'SELECT "{table}"."id"')]
            self.assertFalse(read, f"{name}: Odoo looks for all rows to compute them one by one")
        self.env.invalidate_all(flush=False)
