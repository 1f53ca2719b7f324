def post_init_hook(env):
    """Give each company that already keeps books its self-billing journal."""
    template = env["account.chart.template"]
    companies = env["res.company"].search([("chart_template", "!=", False), ("parent_id", "=", False)])
    for company in companies:
        template._load_partner_program_journal(company)
    env["partner.program"].search([])._set_default_bill_journal()


def uninstall_hook(env):
    """Keep the journal when bills were made in it: the books outlive the add-on."""
