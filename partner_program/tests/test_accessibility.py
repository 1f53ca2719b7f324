"""Every page of partners in Chromium, as wide as a desk and as narrow as a phone: axe-core finds nothing serious."""

import json
import re
from importlib.resources import files

from odoo.tests import HttpCase, tagged

from .test_leaks import LeakCommon

WIDTHS = (1440, 390)
# Pages with something on them. A page that is missing here is found by the last test.
PAGES = (
    "/my/partner",
    "/my/referrals",
    "/my/referrals/new",
    "/my/referrals/{referral}",
    "/my/commissions",
    "/my/commissions/{line}",
    "/my/statements",
    "/my/statements/period?date_from=2026-01-01&date_to=2026-12-31",
    "/my/statements/period?date_from=2026-12-31&date_to=2026-01-01",
    "/my/payouts",
    "/my/agreement",
    "/my/resources",
    "/my/team",
)
# Runs axe in a frame of each width; one browser for all pages.
SCRIPT = """
(async () => {
    const source = %(source)s;
    const problems = [];
    for (const page of %(pages)s) {
        for (const width of %(widths)s) {
            const frame = document.createElement("iframe");
            frame.style.cssText = `position: absolute; top: 0; left: 0; border: 0; height: 4000px; width: ${width}px`;
            frame.src = page;
            await new Promise((done) => { frame.onload = done; document.body.append(frame); });
            const inside = frame.contentWindow;
            if (!inside.document.querySelector("%(selector)s")) {
                problems.push(`${page}: this is not the page (${inside.document.title})`);
            }
            inside.eval(source);
            const result = await inside.axe.run(inside.document, {
                resultTypes: ["violations"],
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
            });
            for (const found of result.violations) {
                if (["serious", "critical"].includes(found.impact)) {
                    const where = found.nodes.map((node) => node.html).slice(0, 3).join(" | ");
                    problems.push(`${page} at ${width}: ${found.id} (${found.help}): ${where}`);
                }
            }
            const over = inside.document.documentElement.scrollWidth - width;
            if (over > 0) {
                problems.push(`${page} at ${width}: ${over} pixels too wide`);
            }
            frame.remove();
        }
    }
    if (problems.length) {
        console.error(problems.join("\\n"));
    } else {
        console.log("test successful");
    }
})();
"""


@tagged("post_install", "-at_install")
class TestAccessibility(LeakCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.client.name = "Cobalt Clinics"
        self.env.flush_all()

    def run_axe(self, pages, selector="h1"):
        source = (files("axe_playwright_python") / "axe.min.js").read_text()
        script = SCRIPT % {
            "source": json.dumps(source),
            "pages": json.dumps(pages),
            "widths": json.dumps(WIDTHS),
            "selector": selector,
        }
        try:
            self.browser_js("/my", script, "document.readyState === 'complete'", login="portal_ada", timeout=180)
        except self.failureException as error:  # Odoo quotes the script, and half a megabyte of axe with it
            message = str(error).replace(script, "axe")
        else:
            return
        self.fail(message)

    def test_no_page_has_a_serious_problem_at_any_width(self):
        ids = {"referral": self.referral.id, "line": self.line.id}
        self.run_axe([page.format(**ids) for page in PAGES])

    def test_every_page_is_in_the_list(self):
        """A route that gives a page, and is not the second page of a list, a file or a form, is looked at."""
        files_and_forms = (
            *("/file", "/pdf", "/send", "/sent/", "/sign", "/details", "/document/"),
            *("/withdraw", "/question", "/mail", "/invite", "/remove"),
        )
        pages = {
            re.sub(r"<\w+:\w+>", "{}", rule)
            for rule, routing in self.routes().items()
            if rule.startswith("/my/") and "/page/" not in rule and not any(part in rule for part in files_and_forms)
        }
        looked_at = {re.sub(r"{\w+}", "{}", page.split("?")[0]) for page in PAGES}
        self.assertEqual(pages - looked_at, {"/my/partner/as/{}"}, "for managers: the same page as /my/partner")
