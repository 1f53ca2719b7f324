from markupsafe import Markup

from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date

from .partner_referral import EARNING_STATES

PROOFS_TOLD = 5


class PartnerReferral(models.Model):
    """A client that earns becomes one with a company that we had talked with, or sold to, before the referral (P7)."""

    _inherit = "partner.referral"

    def _flag_known_before(self, lines):
        """Tell a manager the facts: whether that company counts as the partner's too, no rule says.

        :param lines: commission lines that were made for invoices of that company
        """
        found = self.filtered(lambda r: r.state in EARNING_STATES)._find_known_before()
        for referral, facts in found.items():
            made = lines.filtered(lambda line, referral=referral: line.referral_id == referral)
            user = referral._get_deciding_manager()
            to_reader_sudo = referral.sudo().with_context(lang=user.lang)  # he has to know, whoever keeps the contacts
            env = to_reader_sudo.env
            note = env._(
                "%(client)s is the client of this referral since contacts were merged, or joined a company. "
                "We knew it before the referral:",
                client=to_reader_sudo.client_id.display_name,
            )
            made_sums = [
                of_currency._format(sum(of_currency.mapped("amount")))
                for of_currency in made.with_env(env).grouped("currency_id").values()
            ]
            what_to_do = env._(
                "Its invoices since the referral made commissions of %(amounts)s. If they are not the partner's, put "
                "them on hold, and correct the client or the months of the referral.",
                amounts=", ".join(made_sums),
            )
            to_reader_sudo.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=env._("Was this client ours before the referral?"),
                note=Markup("%s<ul>%s</ul>%s")
                % (
                    note,
                    Markup().join(
                        Markup("<li>%s · %s</li>") % (format_date(env, day), what or env._("first invoice"))
                        for day, what in facts[:PROOFS_TOLD]
                    ),
                    what_to_do if made else "",
                ),
                user_id=user.id,
            )

    def _find_known_before(self) -> dict:
        """``{referral: [(day, what), …]}``: discussions that its evidence does not tell of.

        Where the program looks at no discussions, the first invoice, as ``(day, False)``.
        """
        found = {}
        if not self:
            return found
        evidence = self.sudo()._find_evidence({referral: {} for referral in self})  # sudo: see _look_at_facts
        # A manager who said yes to a client of before knows of its invoices.
        decided = self.sudo().review_ids.filtered(  # sudo: see _look_at_facts
            lambda review: review.kind == "returning_client" and review.state == "accepted"
        )
        unknown = self.filtered(lambda r: not r.dormancy_months) - decided.referral_id
        first_invoices = unknown._get_first_invoice_days()
        for referral in self:
            known = {(proof.kind, proof.res_model, proof.res_id) for proof in referral.sudo().evidence_ids}  # as above
            facts = [
                (proof["date"], proof["description"])
                for proof in evidence[referral]
                if (proof["kind"], proof["res_model"], proof["res_id"]) not in known
            ]
            first = referral in unknown and first_invoices.get((referral.client_id, referral.company_id))
            if first and first < referral.company_id._partner_program_local_date(referral.referred_on):
                facts.append((first, False))
            if facts:
                found[referral] = facts
        return found

    def _get_first_invoice_days(self) -> dict:
        """``{(client, company): day of its first invoice}``"""
        invoices_sudo = self.env["account.move"].sudo()  # whoever keeps the contacts need not see the books
        rows = invoices_sudo._read_group(
            Domain("move_type", "=", "out_invoice")
            & Domain("state", "=", "posted")
            & Domain("commercial_partner_id", "in", self.client_id.ids)
            & Domain("company_id", "in", self.company_id.ids),
            ["commercial_partner_id", "company_id"],
            ["invoice_date:min"],
        )
        return {(client, company): day for client, company, day in rows}
