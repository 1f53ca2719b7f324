"""What happens around the clients of the story: answers, meetings, quotations, up-selling, rivals, warnings."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

QUOTATIONS = [  # client, product, quantity: the first skips the entry package, the second is for a referred client
    ("openwood", "pro", 2),
    ("harbor", "enterprise", 1),
]

# partner, client of another one, received days ago: before the claim that protects it, but told to us only now
RIVAL = ("nordlicht", "vela", 48)

SUBJECT = "Re: FieldPro"  # a client writes in his own language
ANSWER = "Thank you for the demonstration. Could you send us an offer for twelve users?"


def tell(story):
    """Goes on where the story of claims and invoices ends."""
    answers(story)
    quotations(story)
    upsell(story)
    rival(story)
    story.env["partner.referral"]._cron_warn_closing()


def answers(story):
    """A prospect has answered by mail, another one was met: both claims are engaged."""
    referrals = {
        referral.prospect_name: referral
        for referral in story.env["partner.referral"].search([("prospect_name", "!=", False)])
    }
    solana, tandem = referrals["Solana Clinics"], referrals["Tandem Bikes"]
    (solana + tandem).lead_id.convert_opportunity(story.env["res.partner"])
    for referral in story.env["partner.referral"].search([("lead_id.type", "=", "opportunity")]):
        referral.lead_id.date_conversion = referral.referred_on + timedelta(days=1)
    solana.lead_id.message_post(
        body=ANSWER,
        subject=SUBJECT,
        email_from="Sol Ana <sol@solana.example.com>",
        author_id=False,
        message_type="email",
        date=story.moment(31),
    )
    start = fields.Datetime.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=12)
    story.env["calendar.event"].with_context(no_mail_to_attendees=True, dont_notify=True).create(
        {
            "name": "First meeting with Tandem Bikes",
            "start": start,
            "stop": start + timedelta(hours=1),
            "user_id": story.user["salesperson"].id,
            "partner_ids": [Command.set(story.user["salesperson"].partner_id.ids)],
            "opportunity_id": tandem.lead_id.id,
        }
    )


def quotations(story):
    for client, product, quantity in QUOTATIONS:
        story.env["sale.order"].create(
            {
                "partner_id": story.companies[client].id,
                "user_id": story.user["salesperson"].id,
                "order_line": [
                    Command.create({"product_id": story.product[product].id, "product_uom_qty": quantity}),
                ],
            }
        )


def upsell(story):
    """The salesperson goes for one of the clients that are on Starter."""
    story.env.flush_all()
    row = story.env["partner.program.upsell"].search([("client_id", "=", story.companies["mirador"].id)])
    row.with_user(story.user["salesperson"]).action_open_opportunity()


def rival(story):
    """A claim that was received earlier than the one that protects the client: a manager compares the two."""
    partner, client, days_ago = RIVAL
    story.env["partner.referral"]._register_referrals(
        [
            {
                "enrollment_id": story.enrollments[partner].id,
                "client_id": story.companies[client].id,
                "referred_on": story.moment(days_ago),
                "user_id": story.user["salesperson"].id,
                "note": "We told you about them at the fair in Hamburg; here is the card with the date.",
            }
        ]
    )
