from odoo import api, models

from ..engine import amounts, windows
from .account_move_settlement import SETTLED


class PartnerCommissionLine(models.Model):
    """What an invoice is worth: its facts, put to the engine (P6; D1, D3 to D5, D14)."""

    _inherit = "partner.commission.line"

    def _get_targets(self, on_date=None) -> dict:
        """Values of ``_compute_target`` by line, from the facts of today; writes nothing.

        :param date on_date: look only at what has an accounting date until that day
        """
        lines_sudo = self.sudo()  # whoever looks at a line may not be allowed to open the invoice
        settlements = lines_sudo.move_id._get_settlement_facts(on_date)
        shared = [move_id for move_id, settlement in settlements.items() if settlement.row_count > 1]
        shared_sudo = lines_sudo.search([("move_id", "in", shared)]) if shared else lines_sudo.browse()
        lines_sudo |= shared_sudo
        excluded = lines_sudo._get_excluded_amounts(settlements, on_date)
        exchanged = lines_sudo.move_id._get_exchanged_amounts(on_date) if on_date else {}
        targets = dict.fromkeys(self)  # the records of the caller, with the caller's rights
        for referral, of_referral_sudo in lines_sudo.grouped("referral_id").items():
            of_referral, of_currency = self._get_referral_facts(referral, on_date), {}
            for line_sudo in of_referral_sudo:
                settlement = settlements[line_sudo.move_id.id]  # of an invoice of thousands: not opened, see there
                if settlement.currency_id not in of_currency:
                    of_currency[settlement.currency_id] = self._get_terms(referral, settlement.currency_id)
                currency, terms = of_currency[settlement.currency_id]
                *less, noted = excluded.get(line_sudo, (0.0, 0.0, None)) if excluded else (0.0, 0.0, None)
                facts = self._prepare_facts(
                    currency,
                    settlement,
                    of_referral,
                    *less,
                    on_date=on_date,
                    exchanged=exchanged.get(line_sudo.move_id.id, amounts.ZERO),
                )
                target = amounts.target(facts, terms)
                targets[line_sudo] = {
                    "base_amount": float(facts.base),
                    "credited_amount": float(facts.credited),
                    "amount": float(target.amount),
                    "earned_amount": float(target.earned),
                    "fully_paid_on": target.fully_paid_on or False,
                    "due_on": target.due_on or False,
                    "void_code": target.void or False,
                }
                if noted is not None:
                    targets[line_sudo]["excluded_shares"] = noted
        if shared_sudo:
            shared_sudo._leave_to_one(targets)
            targets = {line: targets[line] for line in self}
        return targets

    @api.model
    def _prepare_facts(
        self, currency, settlement, of_referral, excluded_base, excluded_credit, on_date=None, exchanged=amounts.ZERO
    ) -> amounts.InvoiceFacts:
        """Facts of one invoice for the engine, of today or of a past day.

        :param currency: of the invoice
        :param settlement: what the books say of the invoice, see ``account.move._get_settlement_facts``
        :param of_referral: what ``_get_referral_facts`` says of the referral
        :param exchanged: what exchange differences closed of it, for a past day only
        """
        window, client_id, earning_stops_on, not_acquired_from = of_referral
        base, credited = settlement.untaxed or 0.0, float(settlement.credited)
        if excluded_base or credited:
            base, credited = currency.round(base - excluded_base), currency.round(credited - excluded_credit)
        # What comes to nothing (a free line, a discount on what earns nothing) is paid when it is made: nobody pays it.
        is_free = currency.is_zero(settlement.total or 0.0)
        if on_date is None:
            settled = settlement.payment_state in SETTLED and currency.is_zero(settlement.residual or 0.0)
            settled = settled and not settlement.unposted
        else:  # from reconciliations alone
            closed = settlement.money + settlement.credited_gross + settlement.written_off + exchanged
            is_closed = bool(closed) and currency.compare_amounts(settlement.total or 0.0, float(closed)) <= 0
            settled = is_free or is_closed
        return amounts.InvoiceFacts(
            posted=settlement.state == "posted",
            cancelled=settlement.state == "cancel",
            settled=settled,
            in_window=windows.in_window(settlement.invoice_date, *window),
            of_client=settlement.client_id == client_id,
            base=amounts.decimal_of(base),
            credited=max(amounts.ZERO, amounts.decimal_of(credited)),
            payable=amounts.decimal_of(settlement.total) - settlement.credited_gross,
            written_off=settlement.written_off,
            settled_on=settlement.settled_on or (settlement.invoice_date if is_free else None),
            earning_stops_on=earning_stops_on,
            not_acquired_from=not_acquired_from,
        )

    @api.model
    def _get_terms(self, referral, currency_id) -> tuple:
        """Currency, and the terms of the referral for invoices in it."""
        currency = self.env["res.currency"].browse(currency_id)
        terms = amounts.Terms(
            rate=amounts.decimal_of(referral.commission_rate),
            delay_days=referral.payout_delay_days,
            rounding=amounts.decimal_of(currency.rounding),
        )
        return currency, terms

    @api.model
    def _get_referral_facts(self, referral, on_date=None) -> tuple:
        """What all lines of a referral have in common: window, id of the client, days on which earning stops.

        One is the end of the enrollment for cause (D14), the other that of an acquisition that was undone (P8, P9).
        """
        enrollment = referral.enrollment_id.current_enrollment_id
        stops_on = enrollment.date_end if enrollment.for_cause and enrollment.state == "ended" else None
        not_acquired_from = referral._get_day_not_acquired()
        if on_date:  # on that day nobody knew
            stops_on = stops_on if stops_on and stops_on <= on_date else None
            not_acquired_from = not_acquired_from if not_acquired_from and not_acquired_from <= on_date else None
        return (referral.window_start, referral.window_end), referral.client_id.id, stops_on, not_acquired_from
