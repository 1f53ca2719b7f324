def post_init_hook(env):
    """Give each company that already keeps books its self-billing journal, and applications their addresses."""
    env["account.chart.template"]._load_partner_program_journals()
    env["res.company"]._partner_program_load_aliases()
