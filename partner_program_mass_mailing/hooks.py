LIST = "mailing_list_partners"
# No module of this name exists: what it names outlives an uninstallation.
OURS, KEPT = "partner_program_mass_mailing", "__partner_program_mass_mailing__"


def pre_init_hook(env):
    """The list of an earlier installation is taken up again, with everybody who said no."""
    _move_mark(env, KEPT, OURS)


def post_init_hook(env):
    """The partners of today are on the list from the first day."""
    env["partner.program.enrollment"]._sync_newsletter()


def uninstall_hook(env):
    """Partners leave the list, and addresses that came with it and have no other use go; who said no stays noted.

    The list stays as long as somebody is on it: people who said no, or whom somebody added by hand. The next
    installation finds it.
    """
    mailing_list = env.ref(f"{OURS}.{LIST}", raise_if_not_found=False)
    if mailing_list:
        env["mailing.mailing"]._take_back_newsletters(mailing_list)
    env["mailing.contact"].search([("program_contact_id", "!=", False)])._leave_partners()
    if mailing_list and mailing_list.subscription_ids:
        _move_mark(env, OURS, KEPT)


def _move_mark(env, before, after):
    mark = env["ir.model.data"].search([("module", "=", before), ("name", "=", LIST)])
    mark.module = after
    mark.flush_recordset()  # Odoo looks external ids up by SQL
