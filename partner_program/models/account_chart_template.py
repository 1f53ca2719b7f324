from odoo import models

from odoo.addons.account.models.chart_template import template


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    @template(model="account.journal")
    def _get_partner_program_account_journal(self, template_code):
        """The self-billing journal of the partner commissions, one per company.

        Being part of the chart template, it also appears in each company that
        gets its chart of accounts later (DESIGN: bills).
        """
        return {
            "partner_program": {
                "name": self.env._("Partner Commissions"),
                "code": "COMM",
                "type": "purchase",
                "is_self_billing": True,
                "show_on_dashboard": True,
                "sequence": 30,
            },
        }

    def _load_partner_program_journals(self):
        """Make the journal in companies whose chart of accounts was there before this add-on."""
        companies = self.env["res.company"].search([("chart_template", "!=", False), ("parent_id", "=", False)])
        # Codes are unique in a company, also among archived journals.
        journals = self.env["account.journal"].with_context(active_test=False)
        taken = journals.search([("company_id", "in", companies.ids), ("code", "=", "COMM")]).company_id
        for company in companies:
            chart = self.with_company(company)
            if not chart.ref("partner_program", raise_if_not_found=False):
                journal_data = chart._get_partner_program_account_journal(company.chart_template)
                if company in taken:
                    journal_data["partner_program"]["code"] = "PCOM"
                chart._load_data({"account.journal": journal_data})
        self.env["partner.program"].search([("bill_journal_id", "=", False)])._set_default_bill_journal()

    def _post_load_data(self, template_code, company, template_data):
        # EXTENDS account: programs that were created before the chart now find their journal
        result = super()._post_load_data(template_code, company, template_data)
        programs = self.env["partner.program"].search([("company_id", "child_of", company.id)])
        programs._set_default_bill_journal()
        return result
