def post_init_hook(env):
    """Give each company that already keeps books its self-billing journal."""
    env["account.chart.template"]._load_partner_program_journals()
