"""What the processes do, in Odoo's shell."""

# One Odoo that is loaded and warm, and forks a process for each job that it finds in its folder: booting Odoo anew
# for each of hundreds of runs would take hours. A child shares nothing with it but what had been read before: it has
# connections, a database and a log of its own.
NEST = """
import json, os, sys, time, traceback
from pathlib import Path
import odoo
from odoo import SUPERUSER_ID, api, sql_db

nest = Path(os.environ["RACE_NEST"])
if os.fork():
    os._exit(0)  # The tests' class of Odoo terminates the children of its process: leave that family.
tests = Path(f"/proc/{os.environ['RACE_TESTS']}")
registry = env.registry
env["partner.commission.line"].search([], limit=1).read()
env.cr.rollback()
sql_db.close_all()


def live(job):
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(job["env"])
    for name, value in job["options"].items():
        odoo.tools.config[name] = value
    registry.db_name, registry._db = job["database"], sql_db.db_connect(job["database"])
    type(registry).registries[job["database"]] = registry
    code = 1
    try:
        cr = registry.cursor()
        user = api.Environment(cr, SUPERUSER_ID, {})["res.users"]
        own = api.Environment(cr, SUPERUSER_ID, user.context_get())
        cr.rollback()
        exec(job["script"], {"env": own, "self": own.user, "odoo": odoo})
        cr.rollback()
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


children = {}
(nest / "ready.new").write_text(str(os.getpid()))
(nest / "ready.new").rename(nest / "ready")
while tests.exists() and not (nest / "stop").exists():
    for path in sorted(nest.glob("*.job")):
        job = json.loads(path.read_text())
        path.unlink()
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            live(job)
        children[pid] = path.stem
        (nest / f"{path.stem}.new").write_text(str(pid))
        (nest / f"{path.stem}.new").rename(nest / f"{path.stem}.pid")
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            break
        name = children.pop(pid)
        (nest / f"{name}.new").write_text(str(os.waitstatus_to_exitcode(status)))
        (nest / f"{name}.new").rename(nest / f"{name}.code")
    time.sleep(0.005)
(nest / "gone").touch()
os._exit(0)
"""

# Everything is read once before the start, so that the processes really meet.
WAIT = """
import os, time
from pathlib import Path
folder = Path(os.environ["RACE_FOLDER"])
env["partner.commission.line"].search([], limit=1).read()
env.cr.rollback()
(folder / (os.environ["RACE_NUMBER"] + ".ready")).touch()
while not (folder / "go").exists(): time.sleep(0.005)

"""

# As the scheduler does it: with a progress, so that each partner is committed on its own.
CRON = """
job = env.ref("partner_program.ir_cron_create_vendor_bills")
env = env(user=job.user_id.id, context={"cron_id": job.id, "cron_end_time": time.monotonic() + 600})
job, progress = env[job._name].browse(job.id)._add_progress()
env.cr.commit()
job.env["partner.commission.line"]._cron_create_vendor_bills()
env.cr.commit()
"""

# As an accountant does it: the selection comes from a form, and Odoo tries again after a conflict.
BUTTON = """
from odoo.exceptions import UserError
from odoo.service.model import retrying
ids = env["partner.commission.line"].search([("state", "in", ("earned", "billed", "held"))]).ids
env.cr.rollback()
env = env(user=env["res.users"].search([("login", "=", "accountant")]).id)
tries = []
def press():
    tries.append(1)
    env["partner.commission.line"].browse(ids).action_create_vendor_bills()
try:
    retrying(press, env)
    env.cr.commit()
except UserError as nothing:
    env.cr.rollback()
    print("NOTHING", nothing)
print("TRIES", len(tries))
"""

# One partner on a second program, with something due on it; and an accountant who chose lines of one program only.
SECOND_PROGRAM = """
from datetime import date, timedelta
today = date.today()
first = env["partner.program.enrollment"].search([("partner_id.name", "=", "Race partner 0")])
company = first.company_id
env = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": company.ids, "tracking_disable": True})
enrollment = env["partner.program.enrollment"].create(
    {"partner_id": first.partner_id.id, "program_id": first.program_id.copy({"name": "Second"}).id, "state": "active"}
    | {"date_start": "2020-01-01"}
)
client = env["res.partner"].create({"name": "Race client of the second program", "is_company": True})
lead = env["crm.lead"].create(
    {"name": client.name, "type": "opportunity", "partner_id": client.id, "company_id": company.id}
)
referral = env["partner.referral"].create(
    {"enrollment_id": enrollment.id, "client_id": client.id, "lead_id": lead.id}
    | {"referred_on": f"{today - timedelta(days=80)} 08:00:00"}
)
referral.action_accept()
lead.action_set_won()
move = env["account.move"].create(
    {
        "move_type": "out_invoice",
        "partner_id": client.id,
        "invoice_date": today - timedelta(days=70),
        "invoice_line_ids": [(0, 0, {"name": "Race", "price_unit": 700, "tax_ids": False})],
    }
)
move.action_post()
env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids).create(
    {"payment_date": today - timedelta(days=40)}
)._create_payments()
env.cr.commit()
"""

BUTTON_OF_PROGRAM = BUTTON.replace(
    '("state", "in", ("earned", "billed", "held"))',
    '("state", "=", "earned"), ("partner_id.name", "=", "Race partner 0"), ("program_id.name", OPERATOR, "Second")',
)

SWEEP = """
env["partner.referral"]._cron_sync_referrals()
print("MENDED", env["partner.commission.line"]._cron_sync())
env.cr.commit()
"""

PREPARE = """
from datetime import date, timedelta
today = date.today()
program = env["partner.program"].search([("acquisition_event", "=", "lead_won")], limit=1)
company = program.company_id
env = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": company.ids, "tracking_disable": True})
env["partner.commission.line"].search([])._create_vendor_bills()  # what the demo data left open, a correction too
partners = env["res.partner"].create([{"name": f"Race partner {n}", "is_company": True} for n in range(10)])
enrollments = env["partner.program.enrollment"].create(
    [
        {"partner_id": partner.id, "program_id": program.id, "state": "active", "date_start": "2020-01-01"}
        for partner in partners
    ]
)
clients = env["res.partner"].create([{"name": f"Race client {n}", "is_company": True} for n in range(50)])
leads = env["crm.lead"].create(
    [
        {"name": client.name, "type": "opportunity", "partner_id": client.id, "company_id": company.id}
        for client in clients
    ]
)
referrals = env["partner.referral"].create(
    [
        {
            "enrollment_id": enrollments[n % 10].id,
            "client_id": client.id,
            "lead_id": leads[n].id,
            "referred_on": f"{today - timedelta(days=80)} 08:00:00",
        }
        for n, client in enumerate(clients)
    ]
)
referrals.action_accept()
leads.action_set_won()
product = env["product.product"].create({"name": "Race", "type": "service", "taxes_id": False})
moves = env["account.move"].create(
    [
        {
            "move_type": "out_invoice",
            "partner_id": clients[n % 50].id,
            "invoice_date": today - timedelta(days=70),
            "invoice_line_ids": [(0, 0, {"product_id": product.id, "price_unit": 100 + n, "tax_ids": False})],
        }
        for n in range(1000)
    ]
)
moves.action_post()
env.cr.commit()
env.cr.execute("ANALYZE")
for client, of_client in moves.grouped("partner_id").items():
    env["account.payment.register"].with_context(active_model="account.move", active_ids=of_client.ids).create(
        {"payment_date": today - timedelta(days=40), "group_payment": True}
    )._create_payments()
env.cr.commit()
lines = env["partner.commission.line"].search([("move_id", "in", moves.ids)])
assert len(lines) == 1000 and set(lines.mapped("state")) == {"earned"}, lines.mapped("state")
env.cr.commit()
env.cr.execute("ANALYZE")
env.cr.commit()
"""

# Two partners on one client, and one prospect told by two: all registered, nothing decided.
PREPARE_CLAIMS = """
program = env["partner.program"].search([("acquisition_event", "=", "lead_won")], limit=1)
env = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": program.company_id.ids})
partners = env["res.partner"].create([{"name": f"Rival {n}", "is_company": True} for n in range(2)])
client = env["res.partner"].create({"name": "Race client", "is_company": True})
for number, partner in enumerate(partners):
    enrollment = env["partner.program.enrollment"].create(
        {"partner_id": partner.id, "program_id": program.id, "state": "active"}
    )
    # Both tell the domain; one the tax ID too, so that a unique index on the surest of them sees two.
    told = {"prospect_email": f"p{number}@different.example", "prospect_vat": "BE0477472701" if number else False}
    env["partner.referral"]._register_referrals(
        [
            {"enrollment_id": enrollment.id, "client_id": client.id, "referred_on": env.cr.now()},
            {"enrollment_id": enrollment.id, "prospect_email": "boss@raced.example", "referred_on": env.cr.now()},
            {"enrollment_id": enrollment.id, **told, "referred_on": env.cr.now()},
        ]
    )
env.cr.commit()
"""

# As a salesperson does it, with Odoo's own second try after a conflict.
CLAIM = """
from odoo.exceptions import UserError
from odoo.service.model import retrying
claims = env["partner.referral"].search([%s], order="id")
claim = claims[int(os.environ["RACE_NUMBER"])].id
env.cr.rollback()
env = env(user=env.ref("base.user_admin").id)
try:
    retrying(lambda: env["partner.referral"].browse(claim).action_accept(), env)
    env.cr.commit()
    print("ACCEPTED")
except UserError as refused:
    env.cr.rollback()
    print("REFUSED", refused)
"""
CLIENT = '("client_id.name", "=", "Race client")'
TOLD_DIFFERENTLY = '("prospect_email", "=like", "%@different.example")'
PROSPECT = '("prospect_email", "=", "boss@raced.example")'

# Claims of one partner that close in five days: salesperson and account manager get a to-do each, the partner a mail.
PREPARE_WARNINGS = """
from datetime import timedelta
program = env["partner.program"].search([("acquisition_event", "=", "lead_won")], limit=1)
company = program.company_id
env = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": company.ids})
env["partner.referral"]._cron_warn_closing()  # what the demo data left
manager, salesperson = (env["res.users"].search([("login", "=", login)]) for login in ("manager", "salesperson"))
partner = env["res.partner"].create({"name": "Warned", "is_company": True, "email": "office@warned.example"})
enrollment = env["partner.program.enrollment"].create(
    {"partner_id": partner.id, "program_id": program.id, "state": "active", "account_manager_id": manager.id}
)
claims = env["partner.referral"].create(
    [
        {"enrollment_id": enrollment.id, "user_id": salesperson.id, "prospect_email": f"boss@{n}.example"}
        for n in range(3)
    ]
)
claims.action_accept()
claims.expires_on = company._partner_program_today() + timedelta(days=5)
# Who gets a to-do follows the claim from then on: following twice is refused, which would hide what the guards do.
claims.message_subscribe((manager | salesperson).partner_id.ids)
env.cr.commit()
"""

WARN = """
env["partner.referral"]._cron_warn_closing()
env.cr.commit()
"""
