"""The accrual in a spreadsheet: Odoo's own export, read cell by cell."""

import io
import json

import openpyxl

from odoo import http
from odoo.tests import HttpCase

from .common import PartnerProgramCommon


class TestAccrualExport(PartnerProgramCommon, HttpCase):
    def test_accrual_of_a_past_day_as_xlsx(self):
        """Two clients, one paid in January and billed in February: as of the end of January nothing is billed."""
        self.env.ref("base.group_allow_export").user_ids += self.accountant
        self.accountant.password = "archie"
        for client in (self.client, self.other_client):
            self.acquired(client=client)
        paid = self.invoice(1000, on="2026-01-10")
        unpaid = self.invoice(300, on="2026-01-12", client=self.other_client)
        self.pay(paid, on="2026-01-20")
        self.run_bills("2026-02-19").action_post()
        self.go_to("2026-03-01")
        wizard = self.env["partner.commission.accrual.date"].with_user(self.accountant)
        action = wizard.create({"date": "2026-01-31"}).action_open()
        self.assertIn("01/31/2026", action["display_name"])
        self.env.flush_all()
        self.authenticate("archie", "archie")
        columns = {
            "partner_id": "Partner",
            "move_id": "Customer Invoice",
            "currency_id": "Currency",
            **dict.fromkeys(("expected_amount", "earned_amount", "billed_amount", "open_amount")),
        }
        model = self.env[action["res_model"]]
        response = self.url_open(
            "/web/export/xlsx",
            data={
                "data": json.dumps(
                    {
                        "model": model._name,
                        "fields": [
                            {"name": name, "label": label or name, "type": model._fields[name].type}
                            for name, label in columns.items()
                        ],
                        "ids": False,
                        "domain": [("create_uid", "=", self.accountant.id), ("date", "=", "2026-01-31")],
                        "import_compat": False,
                    }
                ),
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertEqual(response.status_code, 200, response.text[:1000])
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        header, *rows = sheet.iter_rows(values_only=True)
        self.assertEqual(header, tuple(label or name for name, label in columns.items()))
        currency = self.company.currency_id.name
        self.assertEqual(
            rows,
            [
                ("Ada Advisory", paid.display_name, currency, 0, 50, 0, 50),
                ("Ada Advisory", unpaid.display_name, currency, 15, 0, 0, 0),
            ],
        )
