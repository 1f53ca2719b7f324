"""Figures of referrals (P4, P5), and the filters of the pipeline (P8)."""

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tools.safe_eval import safe_eval

from .common import PartnerProgramCommon


class TestReferralReport(PartnerProgramCommon):
    def groups(self, groupby, aggregates=("__count",), user=None):
        self.env.flush_all()
        Report = self.env["partner.referral.report"].with_user(user or self.manager)
        return {row[0]: row[1:] for row in Report._read_group([], [groupby], list(aggregates))}

    def test_by_partner_outcome_days_and_shares(self):
        clients = self.env["res.partner"].create([{"name": f"Client {n}", "is_company": True} for n in range(6)])
        won, lost, rejected, waiting, late, withdrawn = (
            self.refer(client=client, accept=number not in (2, 3)) for number, client in enumerate(clients)
        )
        rejected.decision_reason = withdrawn.decision_reason = "Because"
        rejected.action_reject()
        withdrawn.action_withdraw()
        lost.lead_id.action_set_lost()
        self.go_to("2026-01-15")
        won.lead_id.action_set_won()
        self.go_to("2026-04-06")
        self.env["partner.referral"]._cron_sync_referrals()
        self.assertEqual((waiting.state, late.state), ("submitted", "expired"))
        self.assertEqual(
            {key: count for key, (count,) in self.groups("outcome").items()},
            {"won": 1, "lost": 1, "refused": 1, "undecided": 1, "late": 1, "withdrawn": 1},
        )
        figures = self.groups("partner_id", ("__count", "days_to_close:avg", "accepted_share:avg", "won_share:avg"))
        count, days, accepted, share_won = figures[self.ada]
        self.assertEqual((count, days, accepted), (6, 10, 75.0), "three of four decided ones were accepted")
        self.assertAlmostEqual(share_won, 100 / 3)
        self.assertEqual(set(self.groups("program_id")), {self.program_referral})
        self.assertEqual([str(month) for month in self.groups("referred_on:month")], ["2026-01-01"])

    def test_the_day_of_a_referral_is_the_day_at_the_company(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self.refer(referred_on="2025-12-31 11:30:00")  # half past midnight on 1 January
        self.assertEqual([str(month) for month in self.groups("referred_on:month")], ["2026-01-01"])

    def test_a_salesperson_with_own_documents_counts_own_referrals(self):
        self.refer()
        self.assertEqual(len(self.groups("state", user=self.salesperson)), 1)
        self.assertFalse(self.groups("state", user=self.other_salesperson))
        for user in (self.accountant, self.portal_ada):
            with self.assertRefused(".", AccessError):
                self.groups("state", user=user)

    def test_p8_filters_of_the_pipeline(self):
        arch = self.env["crm.lead"].get_view(self.env.ref("crm.view_crm_case_opportunities_filter").id, "search")[
            "arch"
        ]
        tree = etree.fromstring(arch)

        def found(name):
            self.env.invalidate_all()
            domain = safe_eval(tree.find(f".//filter[@name='{name}']").get("domain"))
            return self.env["crm.lead"].with_user(self.salesperson).search(domain)

        lead = self.refer().lead_id  # until 5 April
        self.lead(self.other_client)
        ended = self.refer(client=self.env["res.partner"].create({"name": "Echo"}), accept=False)
        self.assertEqual(found("referred"), lead | ended.lead_id)
        ended.write({"state": "rejected", "decision_reason": "Known"})
        self.assertEqual(found("referred"), lead, "not what has ended")
        self.assertFalse(found("referral_closing") | found("referral_at_risk"))
        self.go_to("2026-03-05")
        self.assertFalse(found("referral_closing"))
        self.go_to("2026-03-06")
        self.assertEqual((found("referral_closing"), found("referral_at_risk")), (lead, lead), "a month, nothing moves")
        lead.activity_schedule("mail.mail_activity_data_call", user_id=self.salesperson.id)
        self.assertEqual((found("referral_closing"), found("referral_at_risk")), (lead, lead.browse()))
        self.go_to("2026-03-29")
        self.assertEqual(found("referral_at_risk"), lead, "a week is left")
        self.go_to("2026-04-06")
        self.assertFalse(found("referral_closing") | found("referral_at_risk"))
        self.assertIsNotNone(tree.find(".//filter[@name='group_referral_partner']"))
