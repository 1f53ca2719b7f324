"""A many2one tells the name of another record with raised rights, in the context of whoever asks (invariant 6)."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase

from .test_access import AccessCommon

# What Odoo's names show when they are asked to; a context that a name depends on is added by itself.
KNOWN_CONTEXTS = {
    *("name_as_amount_total", "input_full_display_name", "formatted_display_name", "partner_show_db_id"),
    *("show_address", "show_email", "show_vat", "address_inline", "show_address_only"),
}


class TestNamesTold(AccessCommon, HttpCase):
    """What partners read of a client or of an invoice is its name and its number, whatever the context."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls()
        cls.client.write({"street": "Gazellestreet 7", "vat": "Jackdawtax", "ref": "Kestrelref"})
        tax = cls.env["account.tax"].create({"name": "Odd", "amount": 23.457, "amount_type": "percent"})
        invoice = self.invoice(500, tax=tax)
        invoice.ref = "Lapwingref"
        cls.prospect = self.refer(client=cls.other_client, accept=False)
        cls.other_client.write({"street": "Moorhenstreet 3", "vat": "Nuthatchtax", "email": "oriole@delta.example"})
        cls.salesperson.partner_id.write({"street": "Petrelstreet 1", "email": "quail@us.example"})
        cls.salesperson.partner_id.vat = "Ravenvat"
        assert invoice.amount_total == 617.29, invoice.amount_total
        cls.secrets = (
            *("Gazellestreet", "Jackdawtax", "Kestrelref", "secret@cobalt.example", "555-7734", "Lapwingref", "617.29"),
            *("Moorhenstreet", "Nuthatchtax", "oriole@delta", "Petrelstreet", "quail@us", "Ravenvat"),
        )
        cls.env.flush_all()

    def contexts(self, comodel):
        """Every switch that the names of this model know, and without those that hide what the others would show."""
        name = self.env[comodel]._fields["display_name"]
        switches = {*self.env.registry.field_depends_context.get(name, ()), *KNOWN_CONTEXTS}
        switches -= {"append_fields", "lang", "company", "allowed_company_ids", "uid", "tz"}
        hiding = ("formatted_display_name", "name_as_amount_total")
        return [{}, dict.fromkeys(switches, 1), *(dict.fromkeys(switches - {switch}, 1) for switch in hiding)]

    def readable(self):
        """``(model, field)`` of every many2one that a partner reads, of every model in the registry."""
        for model in sorted(self.env.registry):
            records = self.env[model].with_user(self.portal_ada)
            if records._abstract or records._transient or not records.has_access("read"):
                continue
            for _fname, field in records._fields.items():
                if field.type in ("many2one", "reference") and records._has_field_access(field, "read"):
                    yield model, field

    def test_no_many2one_that_partners_read_tells_more_than_a_name(self):
        tried, leaks = set(), set()
        for model, field in self.readable():
            for context in self.contexts(field.comodel_name) if field.type == "many2one" else [{}]:
                # Of a model with many rows that are for everybody, the newest.
                records = self.env[model].with_user(self.portal_ada).with_context(**context)
                self.env.invalidate_all()
                try:
                    with self.cr.savepoint():
                        rows = records.search_read([], [field.name], limit=200, order="id desc")
                        if field.store and model.startswith("partner."):
                            rows += records.formatted_read_group([], [field.name], ["__count"])
                            spec = {field.name: {"fields": {"display_name": {}}, "context": context}}
                            rows += records.search([]).web_read(spec)
                except (AccessError, TypeError):  # a switch that takes more than yes and no shows nothing for a yes
                    continue
                tried.add((model, field.name))
                text = json.dumps(rows, default=str).replace("\\u00a0", " ")
                leaks |= {(model, field.name, secret) for secret in self.secrets if secret in text}
        self.assertFalse(leaks)
        self.assertLess(
            {("partner.referral", "program_id"), ("partner.commission.line", "referral_id")}, tried, "nothing was read"
        )

    def test_clients_and_invoices_are_told_by_name_and_number(self):
        line = self.line.with_user(self.portal_ada)
        self.assertEqual((line.client_name, line.invoice_number), ("Cobalt Clinics", self.paid.name))
        self.assertEqual(self.referral.with_user(self.portal_ada).client_name, "Cobalt Clinics")
        for record, fname in ((line, "move_id"), (line, "client_id"), (self.referral, "client_id")):
            with self.subTest(fname), self.assertRaises(AccessError):
                record.with_user(self.portal_ada).read([fname])

    def test_what_we_have_noted_of_a_prospect_is_not_the_partners(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Swiftlead",
                "type": "opportunity",
                "partner_name": "Teal Textiles",
                "contact_name": "Umbrellabird",
                "email_from": "vireo@teal.example",
                "phone": "+32 2 555 77 35",
                "company_id": self.company.id,
                "user_id": self.salesperson.id,
            }
        )
        ours = self.env["partner.referral"].create(
            {"enrollment_id": self.enrollment_ada.id, "lead_id": lead.id, "note": "Waxwingnote"}
        )
        vals = {"prospect_name": "Xenops", "prospect_contact_name": "Yellowhammer", "prospect_email": "zoe@x.example"}
        told = self.env["partner.referral"].with_user(self.portal_ada)
        told = told._register_from_portal(self.enrollment_ada.sudo(), {**vals, "note": "Avocetnote"}, "c" * 32)
        self.assertEqual((ours.source, ours.prospect_contact_name, told.source), ("sales", "Umbrellabird", "portal"))
        self.authenticate("portal_ada", "portal_ada")
        noted = ("Umbrellabird", "vireo@teal.example", "555 77 35", "Waxwingnote")
        page = self.url_open(f"/my/referrals/{ours.id}").text
        self.assertIn("Teal Textiles", page)
        self.assertFalse([word for word in noted if word in page])
        self.assertNotIn("What you told us", page)
        page = self.url_open(f"/my/referrals/{told.id}").text
        self.assertFalse([word for word in ("Yellowhammer", "zoe@x.example", "Avocetnote") if word not in page])
        for record in (ours, told):
            record = record.with_user(self.portal_ada)
            readable = [fname for fname, field in record._fields.items() if record._has_field_access(field, "read")]
            for fname in readable:
                try:
                    text = json.dumps(record.read([fname]), default=str)
                except AccessError:  # what it is computed from is not for partners
                    continue
                self.assertFalse([word for word in noted if word in text], fname)
