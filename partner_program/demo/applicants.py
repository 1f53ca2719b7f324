"""The part of the demo story about becoming a partner: papers, an applicant, a partner in onboarding."""

from datetime import timedelta
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from ..models.partner_program_enrollment_life import NO_MAIL

# partner: (tax ID, bank account); examples of tax IDs and account numbers, of nobody
PAPERS = {
    "brightside": ("/", "10034567890"),
    "nordlicht": ("DE123456788", "DE89370400440532013000"),
}

FORM = {  # what the applicant typed into the public form
    "name": "Vera Verdi",
    "email": "vera@verdi.example.com",
    "company_name": "Verdi Market Research",
    "company_kind": "agency",
    "application_text": "We run customer panels for consumer-goods companies. Many of them ask us for a tool for their "
    "field teams.",
    "expected_volume": "4 or 5 a year",
    "program_id": None,
}

MAIL = """\
From: "Quentin Lemaire" <quentin@kestrel.example.com>
To: partners-affiliate@fieldpro.example.com
Subject: Partnership
Message-Id: <kestrel-1@kestrel.example.com>
Content-Type: text/plain; charset=utf-8

Hello,

we are a consultancy for sales teams in pharma, and would like to become an affiliate partner.

Quentin Lemaire
Kestrel Consulting
"""


class Applicants:
    """Told as part of ``story.Story``, whose attributes it uses."""

    def __init__(self, story):
        self.story = story
        self.env = story.env(context={**story.env.context, NO_MAIL: True})
        self.manager = story.user["manager"]

    def papers(self):
        """What active affiliates have handed in: bank account, tax data, the scan of the contract."""
        for key, (vat, account) in PAPERS.items():
            partner = self.story.companies[key]
            partner.vat = vat
            self.env["res.partner.bank"].create(
                {"acc_number": account, "partner_id": partner.id, "allow_out_payment": True}  # checked by telephone
            )
        enrollment = self.story.enrollments["brightside"].with_env(self.env)
        enrollment._sign_on_paper(
            enrollment.program_id.agreement_id,
            enrollment.signed_on,
            enrollment.signed_by,
            "Affiliate Partner Agreement, signed.pdf",
            self.scan("Affiliate Partner Agreement", enrollment.signed_by),
            "application/pdf",
        )

    def scan(self, title, name):
        """A page that stands for the scan of a signed contract."""
        stream = BytesIO()
        page = Canvas(stream)
        page.setFont("Helvetica", 16)
        page.drawString(72, 760, title)
        page.setFont("Helvetica-Oblique", 20)
        page.drawString(72, 120, name)
        page.save()
        return stream.getvalue()

    def rules(self):
        """The manager looks after new partners of both programs."""
        for xmlid in ("program_referral", "program_affiliate"):
            self.env["partner.program.manager.rule"].create(
                {"program_id": self.env.ref(f"partner_program.{xmlid}").id, "user_id": self.manager.id}
            )

    def apply(self):
        """One applicant by the form, who waits; one by mail, who is approved and has signed, and lacks the rest."""
        enrollments = self.env["partner.program.enrollment"]
        form = {**FORM, "country_id": self.env.ref("base.it").id}
        waiting = enrollments._apply(self.story.company, form, "192.0.2.10")
        waiting.applied_on -= timedelta(days=2)
        affiliate = self.env.ref("partner_program.program_affiliate")
        onboarding = enrollments.browse(
            self.env["mail.thread"].message_process(
                enrollments._name, MAIL.encode(), custom_values={"program_id": affiliate.id}
            )
        )
        company = self.env["res.partner"].create(
            {"name": "Kestrel Consulting", "is_company": True, "country_id": self.env.ref("base.be").id, "vat": "/"}
        )
        onboarding.applicant_id.parent_id = company
        onboarding.write({"partner_id": company.id, "company_kind": "consultancy"})
        onboarding.applied_on -= timedelta(days=20)
        onboarding.with_user(self.manager).action_assign_account_manager()
        onboarding.state = "onboarding"
        onboarding.signed_by = "Quentin Lemaire"
        onboarding.action_sign()
        self.env["res.partner.bank"].create({"acc_number": "BE68539007547034", "partner_id": company.id})
