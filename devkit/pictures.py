"""`./dev pictures`: the pictures of README, taken anew from a fresh demo database.

The first half runs as part of `./dev`; the second half, below, runs in Odoo's Python environment, which has
playwright and Pillow.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PORT = 8090
DESKTOP, PHONE = (1440, 900), (390, 844)
COLORS = 64  # of the palette: plenty for screens, and a tenth of the size

ACTION = "/odoo/action-partner_program."
# name of the file, log-in, address, text that tells that the page is there, size of the window
PICTURES = (
    ("queue", "accountant", f"{ACTION}partner_commission_line_action_queue", "Nordlicht IT Services", DESKTOP),
    ("referral", "salesperson", f"{ACTION}partner_referral_action/{{Solana Clinics}}", "win the lead in time", DESKTOP),
    ("leads", "salesperson", "/odoo/crm", "Solana Clinics", DESKTOP),
    ("portal", "partner", "/my/commissions", "Your Commissions", DESKTOP),
    ("portal-statements", "partner", "/my/statements", "Your Statements", DESKTOP),
    ("portal-statements-phone", "partner", "/my/statements", "Your Statements", PHONE),
    ("portal-payouts", "partner", "/my/payouts", "Your Payouts", DESKTOP),
    ("portal-payouts-phone", "partner", "/my/payouts", "Your Payouts", PHONE),
    ("portal-resources", "partner", "/my/resources", "Resources", DESKTOP),
    ("portal-team-phone", "partner", "/my/team", "Your Team", PHONE),
    ("portal-phone", "partner", "/my/commissions", "Your Commissions", PHONE),
    ("portal-overview", "partner", "/my/partner", "Your commissions", DESKTOP),
    ("portal-overview-phone", "partner", "/my/partner", "Your commissions", PHONE),
    ("portal-referrals", "partner", "/my/referrals", "Your Referrals", DESKTOP),
    ("portal-referral", "partner", "/my/referrals/{Quill Optometry}", "What happens next", DESKTOP),
    ("portal-referral-phone", "partner", "/my/referrals/{Quill Optometry}", "What happens next", PHONE),
    ("portal-referral-new", "partner", "/my/referrals/new", "Refer a company", DESKTOP),
    ("portal-referral-new-phone", "partner", "/my/referrals/new", "Refer a company", PHONE),
    ("portal-commission", "partner", "/my/commissions/{paid commission}", "How it came about", DESKTOP),
    ("portal-commission-phone", "partner", "/my/commissions/{paid commission}", "How it came about", PHONE),
)
# A paid commission of the partner who logs in.
OWN_COMMISSION = """
    SELECT MIN(line.id)
      FROM partner_commission_line line
      JOIN res_partner contact ON contact.commercial_partner_id = line.partner_id
      JOIN res_users login ON login.partner_id = contact.id AND login.login = 'partner'
     WHERE line.state = 'paid'
"""


def main() -> int:
    from . import process, serve, stack
    from .console import say
    from .ports import free_port
    from .templates import DEMO, Templates

    with stack.ready(browser=True) as here, here.databases.scratch("pictures") as name:
        Templates(here).clone_with_addons(DEMO, name)
        port = free_port(PORT)
        log = process.log_file("odoo server for pictures")
        with log.open("wb") as output:
            server = here.start(
                *("-d", name, "--http-port", str(port)), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        address = f"http://127.0.0.1:{port}"
        serve._wait_until_it_answers(server, address, log)
        rows = here.server.sql("SELECT prospect_name, id FROM partner_referral WHERE prospect_name IS NOT NULL", name)
        known = [f"{prospect}={number}" for prospect, number in rows]
        rows = here.server.sql(OWN_COMMISSION, name)
        known += [f"paid commission={number}" for (number,) in rows]
        process.quiet([str(here.python), __file__, address, *known], "Taking pictures", env=here.env())
        process.stop(server)
    say(f"Pictures are in {FOLDER}.")
    return 0


# In Odoo's Python environment from here on


def take_all(address: str, known: dict[str, str]) -> None:
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--no-proxy-server"])
        for name, login, path, text, size in PICTURES:
            context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
            page = context.new_page()
            page.set_default_timeout(180_000)  # the first visitor of a page waits until Odoo has built its assets
            wrong: list[str] = []
            page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
            page.on("console", lambda message, wrong=wrong: _is_wrong(message) and wrong.append(message.text))
            page.goto(f"{address}/web/login?redirect=/my")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", login)
            page.click("form.oe_login_form button[type=submit]")
            page.wait_for_load_state("load")
            for prospect, number in known.items():
                path = path.replace(f"{{{prospect}}}", number)
            page.goto(address + path)
            _settle(page, text)
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
            if wrong:
                raise SystemExit(f"ERROR: errors in the browser on {path} as {login}: {'; '.join(wrong)[:500]}")
            _shrink(FOLDER / f"{name}.png")
        browser.close()


def _is_wrong(message: Any) -> bool:
    """Errors of ours; not that the fonts, which the website asks of another server, are out of reach."""
    return message.type == "error" and "net::ERR_NAME_NOT_RESOLVED" not in message.text


def _settle(page: Any, text: str) -> None:
    """Wait until the text is there and nothing is loading any more."""
    page.get_by_text(text).first.wait_for(timeout=60_000)
    page.wait_for_function("!document.querySelector('.o_loading_indicator, .o_blockUI')")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(1000)  # pictures of contacts, end of movements
    page.mouse.move(0, 0)


def _shrink(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as image:
        image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


def _chromium() -> str:
    import shutil

    # As `system.BROWSERS`; this file runs outside the package here.
    names = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
    return next(found for found in map(shutil.which, names) if found)


if __name__ == "__main__":
    take_all(sys.argv[1], dict(pair.rsplit("=", 1) for pair in sys.argv[2:]))
