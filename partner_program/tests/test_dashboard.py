"""The dashboard of programs: each figure is right, opens the rows behind it, and costs the same for many programs."""

import json

from odoo.tests import tagged

from .common import PartnerProgramCommon


@tagged("post_install", "-at_install")
class TestDashboard(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = cls.program_referral.with_user(cls.manager)

    def rows(self, figure):
        action = self.program.with_context(figure=figure).action_open_figure()
        return self.env[action["res_model"]].with_user(self.manager).search(action["domain"])

    def test_each_figure_counts_what_it_opens(self):
        self.enrollment_ada.date_start = "2026-01-05"
        companies = self.env["res.partner"].create([{"name": f"P{n}", "is_company": True} for n in range(3)])
        applied, stuck, fresh = self.env["partner.program.enrollment"].create(
            [{"partner_id": company.id, "program_id": self.program.id} for company in companies]
        )
        stuck.action_onboard()
        self.go_to("2026-01-15")
        fresh.action_onboard()
        self.go_to("2026-01-20")
        self.program.invalidate_recordset()
        self.assertEqual((self.program.applied_count, self.rows("applied")), (1, applied))
        self.assertEqual((self.program.stuck_count, self.rows("stuck")), (1, stuck))
        self.assertEqual((self.program.silent_count, self.rows("silent")), (0, stuck.browse()))
        self.assertEqual(self.rows("active"), self.enrollment_ada)
        self.go_to("2026-04-20")
        self.assertEqual((self.program.silent_count, self.rows("silent")), (1, self.enrollment_ada))
        self.refer(client=self.other_client)
        self.program.invalidate_recordset()
        self.assertEqual(self.program.silent_count, 0)

    def test_referrals_that_are_over_are_neither_open_nor_earning(self):
        companies = self.env["res.partner"].create([{"name": f"C{n}", "is_company": True} for n in range(5)])
        submitted, rejected = (self.refer(client=client, accept=False) for client in companies[:2])
        accepted = self.refer(client=companies[2])
        completed, acquired = (self.acquired(client=client) for client in companies[3:])
        rejected.write({"state": "rejected", "decision_reason": "Known"})
        completed.state = "completed"
        self.assertEqual((self.program.open_referral_count, self.rows("open")), (2, accepted + submitted))
        self.assertEqual((self.program.acquired_client_count, self.rows("acquired")), (1, acquired))

    def test_money_clients_and_the_promise(self):
        line = self.earned_line()
        self.assertEqual((self.program.due_amount, self.rows("due")), (50.0, line))
        self.assertEqual(self.rows("acquired"), line.referral_id)
        self.assertFalse(self.program.on_time_rate)
        bill = self.run_bills()
        bill.action_post()
        self.program.invalidate_recordset()
        self.assertEqual(self.program.due_amount, 0.0)
        self.assertFalse(self.program.on_time_rate, "its day has not passed")
        self.pay(bill)
        self.program.invalidate_recordset()
        self.assertEqual(self.program.on_time_rate, "100 %")
        action = self.program.with_context(figure="on_time").action_open_figure()
        self.assertEqual(action["domain"], [("id", "in", bill.ids)])
        graph = json.loads(self.program.dashboard_graph)[0]["values"]
        self.assertEqual(len(graph), 12)
        self.assertEqual([(one["label"], one["value"]) for one in graph[-2:]], [("Jan 26", 1), ("Feb 26", 0)])

    def test_a_bill_that_is_late_breaks_the_promise(self):
        self.earned_line()
        self.run_bills().action_post()
        self.go_to("2026-02-10")
        self.assertEqual(self.program.on_time_rate, "0 %")

    def test_as_many_queries_for_many_programs(self):
        fnames = [
            "applied_count",
            "stuck_count",
            "due_amount",
            "on_time_rate",
            "dashboard_graph",
            "lacks_meeting_count",
        ]
        counts = []
        for size in (1, 9, 90):
            self.program_referral.copy()
            programs = self.env["partner.program"].create(
                [
                    {
                        "name": f"P{n}",
                        "company_id": self.company.id,
                        "commission_product_id": self.commission_product.id,
                    }
                    for n in range(size)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            programs.with_user(self.manager).read(fnames)
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[0] + 2, counts)
