"""The demo data, as a story told through the ORM: four partners, ten clients, fifteen months.

Days are counted back from the day of installation. Nothing sets a state or an
amount of the ledger: leads are won, invoices posted, paid and credited, bills
drafted, posted and paid, and the add-on draws its conclusions.
"""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from . import meetings, story_clients
from .applicants import Applicants

# login: (name, groups); the password is the login
USERS = {
    "salesperson": ("Sam Sales", "sales_team.group_sale_salesman_all_leads"),
    "accountant": ("Ada Accounts", "account.group_account_manager"),
    "manager": ("Mara Manager", "partner_program.group_manager"),
}

# partner: (program, contract signed and staff trained, name and email of the contact)
PARTNERS = {
    "azure": ("program_referral", True, "Brandon Reed", "brandon.reed@azure.example.com"),
    "lumber": ("program_referral", True, "Lena Wald", "lena.wald@lumber.example.com"),
    "brightside": ("program_affiliate", True, "Bea Bright", "bea@brightside.example.com"),
    "nordlicht": ("program_affiliate", False, "Nils Nord", "nils@nordlicht.example.com"),
}

COMPANIES = {  # Odoo's own demo customers
    "azure": "base.res_partner_12",
    "lumber": "base.res_partner_18",
    "wood_corner": "base.res_partner_1",
    "ready_mat": "base.res_partner_4",
    "openwood": "base.res_partner_5",
    "gemini": "base.res_partner_3",
    "acme": "base.res_partner_2",
    "jackson": "base.res_partner_10",
}

NEW_COMPANIES = {
    "brightside": ("Brightside Consulting", "hello@brightside.example.com", "base.us", "Boston"),
    "nordlicht": ("Nordlicht IT Services", "kontakt@nordlicht.example.com", "base.de", "Hamburg"),
    "harbor": ("Harbor Foods", "office@harborfoods.example.com", "base.us", "Seattle"),
    "castel": ("Castel Optics", "contact@castel.example.com", "base.fr", "Lyon"),
    "mirador": ("Mirador Travel", "info@mirador.example.com", "base.es", "Valencia"),
    "lyra": ("Lyra Laboratories", "hello@lyra.example.com", "base.be", "Ghent"),
    "vela": ("Vela Veterinaries", "office@vela.example.com", "base.uk", "Bristol"),
}

PRODUCTS = {  # key: (name, package, price)
    "starter": ("FieldPro Starter, one month", "package_starter", 240.0),
    "pro": ("FieldPro Pro, one month", "package_pro", 890.0),
    "enterprise": ("FieldPro Enterprise, one month", "package_enterprise", 2450.0),
    "setup": ("FieldPro Onboarding Workshop", None, 1200.0),
}

# partner, client, referred days ago, what became of it: won N days ago, claim, refused, lost, expired, open
REFERRALS = [
    ("azure", "wood_corner", 430, ("won", 400)),
    ("azure", "harbor", 200, ("won", 150)),
    ("azure", "acme", 150, ("expired",)),
    ("lumber", "ready_mat", 300, ("won", 270)),
    ("lumber", "gemini", 120, ("lost",)),
    ("lumber", "openwood", 10, ("refused",)),
    ("brightside", "castel", 250, ("claim",)),
    ("brightside", "jackson", 100, ("claim",)),
    ("nordlicht", "mirador", 95, ("claim",)),
    ("brightside", "lyra", 70, ("claim",)),
    ("brightside", "vela", 45, ("claim",)),
]
PROSPECTS = [  # partner, name, contact, email, referred days ago, accepted
    ("azure", "Bluebird Logistics", "Ben Bird", "ben@bluebird.example.com", 2, False),
    ("azure", "Solana Clinics", "Sol Ana", "sol@solana.example.com", 66, True),
    ("lumber", "Tandem Bikes", "Tim Dem", "tim@tandem.example.com", 20, True),
    ("brightside", "Quill Optometry", "Quinn Ill", "quinn@quill.example.com", 3, False),
    ("lumber", "Nimbus Hotels", "Nina Nim", "nina@nimbus.example.com", 86, True),
]

# client, invoiced days ago, product, quantity, what became of it:
#   ("paid", days ago) · ("unpaid",) · ("part", share) · ("credited",) in full, before payment
#   ("paid_credited", paid days ago, share): a credit note before billing
INVOICES = [
    # Wood Corner: twelve months, then out of the window
    ("wood_corner", 395, "setup", 1, ("paid", 370)),
    ("wood_corner", 360, "pro", 3, ("paid", 330)),
    ("wood_corner", 330, "pro", 3, ("paid", 299)),
    ("wood_corner", 300, "pro", 3, ("paid", 275)),
    ("wood_corner", 270, "pro", 4, ("paid", 240)),
    ("wood_corner", 240, "pro", 4, ("paid", 212)),
    ("wood_corner", 200, "pro", 4, ("paid", 168)),
    ("wood_corner", 160, "pro", 4, ("paid", 131)),
    ("wood_corner", 120, "pro", 5, ("paid", 88)),
    ("wood_corner", 80, "pro", 5, ("paid", 52)),
    ("wood_corner", 36, "pro", 5, ("paid", 8)),
    ("wood_corner", 15, "pro", 5, ("paid", 3)),
    # Harbor Foods
    ("harbor", 140, "setup", 2, ("paid", 112)),
    ("harbor", 100, "pro", 2, ("paid", 72)),
    ("harbor", 62, "pro", 2, ("paid", 33)),
    ("harbor", 30, "pro", 2, ("part", 0.5)),
    ("harbor", 5, "pro", 2, ("unpaid",)),
    # Ready Mat is invoiced in euro
    ("ready_mat", 260, "setup", 1, ("paid", 231)),
    ("ready_mat", 200, "enterprise", 1, ("paid", 171)),
    ("ready_mat", 140, "enterprise", 1, ("paid", 118)),
    ("ready_mat", 80, "enterprise", 1, ("paid", 44)),
    ("ready_mat", 20, "enterprise", 1, ("unpaid",)),
    # Castel Optics climbs the ladder
    ("castel", 240, "starter", 1, ("paid", 233)),
    ("castel", 210, "starter", 2, ("paid", 182)),
    ("castel", 180, "pro", 2, ("paid", 151)),
    ("castel", 150, "pro", 2, ("paid", 121)),
    ("castel", 120, "pro", 2, ("paid", 90)),
    ("castel", 90, "pro", 3, ("paid", 61)),
    ("castel", 60, "pro", 3, ("paid_credited", 38, 0.5)),
    ("castel", 30, "enterprise", 1, ("paid", 4)),
    ("castel", 6, "enterprise", 1, ("unpaid",)),
    # The Jackson Group
    ("jackson", 90, "starter", 4, ("paid", 79)),
    ("jackson", 60, "starter", 4, ("paid", 41)),
    ("jackson", 35, "pro", 1, ("unpaid",)),
    ("jackson", 25, "setup", 1, ("credited",)),
    ("jackson", 8, "pro", 2, ("part", 0.3)),
    # Mirador Travel: earned, but its partner has not signed yet
    ("mirador", 85, "starter", 3, ("paid", 70)),
    ("mirador", 45, "starter", 3, ("paid", 33)),
    ("mirador", 12, "starter", 5, ("unpaid",)),
    # Lyra Laboratories: on Starter, could go to Pro
    ("lyra", 50, "starter", 2, ("paid", 20)),
    # Vela Veterinaries: skipped the entry package, so a manager decides
    ("vela", 36, "pro", 1, ("paid", 9)),
    # clients of nobody
    ("gemini", 75, "pro", 1, ("paid", 50)),
    ("gemini", 45, "pro", 1, ("unpaid",)),
    ("acme", 40, "starter", 2, ("paid", 20)),
]
EURO_CLIENTS = {"ready_mat"}
CREDITED_AFTER_BILLING = ("castel", 150, 0.25)  # client, invoiced days ago, share credited
HISTORY_ENDS = 45  # what was due longer ago than this has been billed already
UNPAID_BILLS_SINCE = 75  # of it, what was due more recently than this is posted but not paid yet


class Story:
    """Builds the demo data in the main company."""

    def __init__(self, env):
        company = env.ref("base.main_company")
        quiet = {"tracking_disable": True, "mail_create_nosubscribe": True, "no_mail_to_attendees": True}
        self.env = env(context={**env.context, **quiet})
        self.env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
        self.company = self.env.company
        self.today = self.company._partner_program_today()
        self.companies, self.enrollments, self.invoices = {}, {}, {}

    def tell(self):
        # Demo data is loaded before the post-init hook, which makes the journals.
        self.env["account.chart.template"]._load_partner_program_journals()
        self.users()
        self.contacts()
        self.products()
        self.currency()
        self.enroll()
        applicants = Applicants(self)
        applicants.rules()
        applicants.papers()
        applicants.apply()
        self.refer()
        for invoice in INVOICES:
            self.bill_client(*invoice)
        self.history()
        self.credit_after_billing()
        story_clients.tell(self)
        meetings.tell(self)

    def day(self, days_ago):
        return self.today - timedelta(days=days_ago)

    def moment(self, days_ago):
        return fields.Datetime.now() - timedelta(days=days_ago)

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    def users(self):
        self.user = {}
        for login, (name, group) in USERS.items():
            self.user[login] = self._user(login, name, group, email=f"{login}@fieldpro.example.com")

        self.company.partner_program_accountant_id = self.user["accountant"]

    def _user(self, login, name, group, **values):
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "login": login,
                    "password": login,
                    "name": name,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set(self.env.ref(group).ids)],
                    **values,
                }
            )
        )

    def contacts(self):
        for key, xmlid in COMPANIES.items():
            self.companies[key] = self.env.ref(xmlid)
        for key, (name, email, country, city) in NEW_COMPANIES.items():
            self.companies[key] = self.env["res.partner"].create(
                {
                    "name": name,
                    "email": email,
                    "is_company": True,
                    "country_id": self.env.ref(country).id,
                    "city": city,
                }
            )

    def products(self):
        self.product = {
            key: self.env["product.product"].create(
                {
                    "name": name,
                    "type": "service",
                    "list_price": price,
                    "package_id": package and self.env.ref(f"partner_program.{package}").id,
                    "invoice_policy": "order",
                }
            )
            for key, (name, package, price) in PRODUCTS.items()
        }

    def currency(self):
        self.euro = self.env.ref("base.EUR")
        self.euro.active = True
        self.env["res.currency.rate"].search(
            [("currency_id", "=", self.euro.id), ("company_id", "in", (False, self.company.id))]
        ).unlink()
        self.env["res.currency.rate"].create(
            [
                {"currency_id": self.euro.id, "name": self.day(days), "rate": rate, "company_id": self.company.id}
                for days, rate in ((480, 0.92), (250, 0.90), (120, 0.88), (30, 0.87))
            ]
        )

    def enroll(self):
        for key, (program_xmlid, complete, contact_name, email) in PARTNERS.items():
            program = self.env.ref(f"partner_program.{program_xmlid}")
            company = self.companies[key]
            contact = self.env["res.partner"].create({"name": contact_name, "email": email, "parent_id": company.id})
            values = {
                "partner_id": company.id,
                "program_id": program.id,
                "state": "active",
                "date_start": self.day(450),
                "account_manager_id": self.user["manager"].id,
            }
            if complete and program.agreement_id:
                values.update(
                    agreement_id=program.agreement_id.id,
                    signed_on=self.day(450),
                    signed_by=contact_name,
                    trained_contact_ids=[Command.set(contact.ids)],
                )
            self.enrollments[key] = self.env["partner.program.enrollment"].create(values)
            if key == "brightside":
                self._user("partner", contact_name, "base.group_portal", partner_id=contact.id)

    # ------------------------------------------------------------
    # CLAIMS
    # ------------------------------------------------------------

    def refer(self):
        for partner, client, days_ago, (outcome, *when) in REFERRALS:
            lead = self._lead(self.companies[client], days_ago)
            referral = self._referral(partner, days_ago, lead_id=lead.id)
            # Won before it is accepted here: the claim is looked at when accepted, as of the past.
            if outcome == "won":
                lead.action_set_won()
                lead.date_closed = self.moment(when[0])
            if outcome == "refused":
                referral.action_check_eligibility()
                referral.decision_reason = "We have been in discussion with this client over the past months."
                referral.action_reject()
                continue
            last_day = referral.expires_on
            if outcome in ("expired", "lost"):  # accepted in time, which nobody can do any more
                referral.expires_on = self.today  # the day at the company, as the claim is asked about
            referral.action_accept()
            if outcome == "lost":
                lead.action_set_lost(lost_reason_id=self.env.ref("crm.lost_reason_1").id)
            referral.expires_on = last_day
            referral._sync_acquisition()
        for partner, name, contact, email, days_ago, accepted in PROSPECTS:
            referral = self._referral(
                partner, days_ago, prospect_name=name, prospect_contact_name=contact, prospect_email=email
            )
            if accepted:
                referral.action_accept()

    def _lead(self, client, days_ago):
        return self.env["crm.lead"].create(
            {
                "name": f"FieldPro for {client.name}",
                "type": "opportunity",
                "partner_id": client.id,
                "user_id": self.user["salesperson"].id,
                "expected_revenue": 12000,
                "company_id": self.company.id,
            }
        )

    def _referral(self, partner, days_ago, **values):
        return self.env["partner.referral"].create(
            {
                "enrollment_id": self.enrollments[partner].id,
                "referred_on": self.moment(days_ago),
                "user_id": self.user["salesperson"].id,
                **values,
            }
        )

    # ------------------------------------------------------------
    # INVOICES AND PAYMENTS
    # ------------------------------------------------------------

    def bill_client(self, client, days_ago, product, quantity, fate):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.companies[client].id,
                "invoice_date": self.day(days_ago),
                "invoice_date_due": self.day(days_ago - 30),
                "currency_id": (self.euro if client in EURO_CLIENTS else self.company.currency_id).id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.product[product].id, "quantity": quantity}),
                ],
            }
        )
        invoice.action_post()
        self.invoices[client, days_ago] = invoice
        kind, *details = fate
        if kind == "paid":
            self.pay(invoice, details[0])
        elif kind == "part":
            self.pay(invoice, days_ago - 2, invoice.amount_total * details[0])
        elif kind == "credited":
            self.credit(invoice, days_ago - 3)
        elif kind == "paid_credited":
            self.credit(invoice, days_ago - 5, details[1])
            self.pay(invoice, details[0])

    def pay(self, move, days_ago, amount=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": self.day(days_ago)})
        )
        if amount:
            wizard.amount = move.currency_id.round(amount)
            wizard.payment_difference_handling = "open"
        wizard._create_payments()

    def credit(self, invoice, days_ago, share=1.0):
        """A credit note over a share of the invoice, reconciled with what is still open of it."""
        credit_note = invoice._reverse_moves(
            [{"invoice_date": self.day(days_ago), "date": self.day(days_ago)}], cancel=False
        )
        if share < 1:
            for line in credit_note.invoice_line_ids:
                line.price_unit = line.price_unit * share
        credit_note.action_post()
        receivable = (invoice + credit_note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        if len(receivable.move_id) == 2:
            receivable.reconcile()

    # ------------------------------------------------------------
    # BILLS OF THE PAST
    # ------------------------------------------------------------

    def history(self):
        """Bill, post and pay what was due long ago, month by month, as the accountant would have done."""
        lines = self.env["partner.commission.line"].search([("state", "=", "earned")])
        old = lines.filtered(lambda line: (self.today - line.due_on).days > HISTORY_ENDS)
        for _month, group in sorted(old.grouped(lambda line: (line.due_on.year, line.due_on.month)).items()):
            for bill in group._create_vendor_bills():
                due_on = bill.invoice_date_due
                bill.write({"invoice_date": due_on, "invoice_date_due": due_on, "date": due_on})
                bill.action_post()
                days_ago = (self.today - due_on).days
                if days_ago > UNPAID_BILLS_SINCE:
                    self.pay(bill, days_ago)

    def credit_after_billing(self):
        client, days_ago, share = CREDITED_AFTER_BILLING
        self.credit(self.invoices[client, days_ago], 10, share)
