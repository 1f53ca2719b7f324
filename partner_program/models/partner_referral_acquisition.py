from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..engine import eligibility, windows
from ..tools.one_by_one import try_each
from .partner_referral import CLAIM_STATES, EARNING_STATES
from .partner_referral_registration import LIVE_STATES

SYNC_BATCH = 500
SYNC_POSITION = "partner_program.referral_sync_position"  # parameter of the system, while the daily job has some left
# Bills that count: a cancelled one, or one taken back by a credit note, frees what it carried.
LIVE_BILL = Domain("bill_id.state", "!=", "cancel") & Domain("bill_id.payment_state", "!=", "reversed")


class PartnerReferral(models.Model):
    """From the accepted claim to the acquired client and its commission lines.

    Everything here looks at the facts of today and may be called any number of
    times: the hooks on leads and invoices, the decision buttons and the daily
    job all come through ``_sync_acquisition`` and ``_sync_commission_lines``.
    """

    _inherit = "partner.referral"

    first_won_on = fields.Date(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Day on which the lead was first won in time. It stays when the lead leaves Won.",
    )

    # ------------------------------------------------------------
    # ACQUISITION (P8, P9)
    # ------------------------------------------------------------

    def _sync_acquisition(self):
        """Bring the state in line with lead, payments and calendar.

        Runs with raised rights: whoever wins the lead or registers the payment
        need not have the right to edit referrals.
        """
        self_sudo = self.sudo()  # the facts decide, not the rights of whoever changed them
        self_sudo.filtered(lambda r: r.state == "lost")._restore_lost()
        self_sudo.filtered(lambda r: r.state in ("expired", "lost"))._note_won_late()
        accepted = self_sudo.filtered(lambda r: r.state == "accepted")
        accepted.filtered(lambda r: r.acquisition_event == "lead_won")._acquire_by_lead()
        accepted.filtered(lambda r: r.acquisition_event == "entry_payment")._acquire_by_entry_payment()
        accepted.filtered(lambda r: r.state == "accepted")._expire()
        acquired = self_sudo.filtered(lambda r: r.state in EARNING_STATES)
        (acquired - accepted)._release_unwon()
        acquired._sync_commission_lines()

    def _acquire_by_lead(self):
        """P8: the lead is won on or before the expiry date."""
        won_late = self.browse()
        for referral in self:
            lead = referral.lead_id
            if lead.won_status == "won":
                closed_on = referral._get_won_day()
                if eligibility.closed_in_time(closed_on, referral.expires_on):
                    referral._acquire_client(closed_on)
                else:
                    won_late += referral
            elif lead.won_status == "lost":
                reason = referral._in_partner_language().env._("The lead was lost.")
                referral.write({"state": "lost", "decision_reason": reason})
                referral._note_lost_reason()
        won_late._win_late()

    def _get_won_day(self):
        """The day on which the lead was won, at the company. Odoo dates it anew when it comes back to Won."""
        self.ensure_one()
        return self.company_id._partner_program_local_date(self.lead_id.date_closed or fields.Datetime.now())

    def _note_won_late(self):
        """A claim that had ended before its lead was won says how late that was."""
        self.filtered(
            lambda r: (
                r.acquisition_event == "lead_won"
                and r.lead_id.won_status == "won"
                and not eligibility.closed_in_time(r._get_won_day(), r.expires_on)
                and not r.lead_id.referral_ids.filtered(lambda other: other.state in (*LIVE_STATES, "completed"))
            )
        )._win_late()

    def _win_late(self):
        """The lead is won after the last day: too late, unless it had been won in time before.

        Then a manager decides once whether that counts: it may have been dragged by mistake, then or now.
        """
        if not self:
            return
        first_won = self.filtered("first_won_on")
        reviews = self.env["partner.referral.review"].search(
            [("referral_id", "in", first_won.ids), ("kind", "=", "won_again"), ("state", "!=", "obsolete")]
        )
        answers = {review.referral_id: review.state for review in reviews}
        for referral in self:
            if referral.state == "accepted" and answers.get(referral) == "accepted":
                referral._acquire_client(referral.first_won_on)
            elif answers.get(referral) != "refused":
                is_waiting = referral.state == "accepted" and referral.first_won_on
                days = (referral._get_won_day() - referral.expires_on).days
                env = referral._in_partner_language().env
                reason = (
                    env._("The lead was won 1 day too late.")
                    if days == 1
                    else env._("The lead was won %(days)s days too late.", days=days)
                )
                if not is_waiting and (referral.state, referral.decision_reason) != ("expired", reason):
                    referral.write({"state": "expired", "decision_reason": reason})
            elif referral.state == "accepted":
                referral.state = "expired"
        self.env["partner.referral.review"]._ask(
            [{"referral_id": referral.id, "kind": "won_again"} for referral in first_won if referral not in answers]
        )

    def _acquire_client(self, closed_on):
        """Acquire, unless the client turned out to be the partner itself or another partner's (D10, D11).

        When the claim that protects it was received later, no rule settles it: a manager is asked.
        """
        self.ensure_one()
        self._tell_leads_the_client()
        has_doubles = not self.lead_id.partner_id and self._fill_customer()
        client = self.client_id or self.lead_id.partner_id.commercial_partner_id
        holder = self._get_holder(client)._filter_still_live()
        if not holder and not self.client_id:  # it stayed empty while another claim protected this client
            # One that was received earlier has had its months; what it earned is not earned twice.
            holder = self._get_later_earner(client)
        env = self._in_partner_language().env
        if self._is_partner_itself(client):
            reason = env._("Partner and client are the same company.")
            self.write({"state": "rejected", "decision_reason": reason})
        elif holder and holder.referred_on <= self.referred_on:
            reason = env._("The client is protected by an earlier referral.")
            self.write({"state": "rejected", "decision_reason": reason})
        elif holder:
            self._ask_who_stays(holder, self)
        else:
            if not self.client_id:
                self.client_id = client
            self.first_won_on = self.first_won_on or closed_on
            self._acquire(closed_on)
            self._flag_other_customer()
            if has_doubles:
                self._flag_doubles()

    def _note_lost_reason(self):
        """Say why the lead was lost, once that is known."""
        for referral in self:
            localized = referral._in_partner_language()
            if referral.state == "lost" and (reason := localized.lead_id.lost_reason_id.name):
                referral.decision_reason = localized.env._("The lead was lost: %(reason)s.", reason=reason)

    @api.model
    def _get_entry_invoice_domain(self) -> list:
        """Customer invoices with a product of the entry package that are fully paid."""
        return [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", ("paid", "in_payment", "reversed")),  # see _get_package_invoice_domain
            ("amount_total", ">", 0),
            ("invoice_line_ids.product_id.product_tmpl_id.package_id.is_entry", "=", True),
        ]

    def _acquire(self, day, invoice_id=False):
        invoice = self.env["account.move"].browse(invoice_id or ())
        self.write(
            {
                "state": "acquired",
                "acquired_on": day,
                "acquisition_move_id": invoice_id,
                "acquisition_payment": self._describe_payments(invoice),
            }
        )
        if self.window_start:  # acquired again, with a window that is frozen: nothing else tells the rows
            self.commission_line_ids._mend()

    def _restore_lost(self):
        """A lead taken up again takes its claim along, while in time, client and lead are free, and the partner is one.

        A lead that others were merged into may carry several lost claims, and a live one: of these only one is live.
        """
        restored = self.browse()
        for referral in self.sorted(lambda r: r._get_precedence()):
            lead = referral.lead_id
            in_time = not referral.expires_on or referral.expires_on >= referral.company_id._partner_program_today()
            if (
                lead
                and lead.won_status != "lost"
                and in_time
                and referral.enrollment_id.current_enrollment_id.state == "active"
                and not lead.referral_ids.filtered(lambda other: other.state in LIVE_STATES)
                and not referral._get_protecting_claims()
            ):
                referral.write({"state": "accepted", "decision_reason": False})
                restored += referral
        if restored:
            restored._ask_rivals()

    def _release_unwon(self):
        """What made the client acquired is undone: it is not acquired any more, as long as nothing was billed.

        A lead dragged to Won by mistake and back; a first payment that bounced.
        """

        def is_undone(referral):
            if referral.state != "acquired":
                return False
            if referral.acquisition_event == "lead_won":
                return bool(referral.lead_id) and referral.lead_id.won_status != "won"
            return referral._is_first_payment_undone()

        unwon = self.filtered(is_undone)
        self.filtered(lambda r: r.acquisition_move_id and not r._is_first_payment_undone())._drop_undone_payments()
        unwon.filtered("acquisition_move_id")._ask_about_undone_payments()
        unwon -= unwon._get_billed_lines().referral_id
        unwon.commission_line_ids._drop_untold()
        unwon.write(
            {
                "state": "accepted",
                "acquired_on": False,
                "acquisition_move_id": False,
                "acquisition_payment": False,
                "window_start": False,
                "window_end": False,
            }
        )
        unwon.filtered(lambda r: r.acquisition_event == "lead_won")._acquire_by_lead()
        unwon.filtered(lambda r: r.acquisition_event == "entry_payment")._acquire_by_entry_payment()

    def _get_billed_lines(self):
        """The commission lines of which something was billed."""
        domain = Domain("commission_line_id.referral_id", "in", self.ids) & LIVE_BILL
        billings = self.env["partner.commission.billing"]._read_group(domain, ["commission_line_id"])
        return self.env["partner.commission.line"].union(*(line for (line,) in billings))

    def _get_frozen(self):
        """Those whose window does not move any more, as something in it was billed (D1).

        A manager may have corrected the client since: what was invoiced to the other one says nothing of this window.
        What was invoiced to a contact that became part of a company does, also while its claim could not follow it.
        """

        def is_in_window(line):
            referral, invoice = line.referral_id, line.move_id
            start = referral.window_start
            is_after = start and (not invoice.invoice_date or invoice.invoice_date >= start)
            client = referral.client_id
            return is_after and invoice.commercial_partner_id in client | client.commercial_partner_id

        return self._get_billed_lines().filtered(is_in_window).referral_id

    # ------------------------------------------------------------
    # COMMISSION LINES
    # ------------------------------------------------------------

    def _sync_commission_lines(self):
        """Set the windows (D1), make the missing ledger rows, close windows that have run out.

        :return: the commission lines created
        """
        referrals = self.sudo().filtered(lambda r: r.state in EARNING_STATES and r.client_id)  # see _sync_acquisition
        lines_sudo = self.env["partner.commission.line"].sudo()  # see _sync_acquisition
        if not referrals:
            return lines_sudo
        invoices_by_key = referrals._get_client_invoices()
        frozen = referrals._get_frozen()
        rows_by_key = referrals._get_rows_by_invoice()
        vals_list = []
        for referral in referrals:
            referred_on = referral.company_id._partner_program_local_date(referral.referred_on)
            invoices = [
                invoice
                for invoice in invoices_by_key[referral.client_id, referral.company_id]
                if invoice.invoice_date >= referred_on
            ]
            rows = rows_by_key.get((referral.client_id, referral.company_id), {})
            invoices = referral._filter_free(invoices, rows)
            referral._set_window(invoices, frozen=referral in frozen)
            vals_list += [
                {"referral_id": referral.id, "move_id": invoice.id}
                for invoice in invoices
                if windows.in_window(invoice.invoice_date, referral.window_start, referral.window_end)
                and referral not in (line.referral_id for line in rows.get(invoice, ()))
            ]
        referrals._complete()
        return lines_sudo.create(vals_list)

    def _get_client_invoices(self):
        """Posted customer invoices by (client, company), oldest first."""
        invoices = self.env["account.move"].search_fetch(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("commercial_partner_id", "in", self.client_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("invoice_date", ">=", min(self.mapped("referred_on")).date() - timedelta(days=1)),
            ],
            ["invoice_date", "commercial_partner_id", "company_id", "amount_total"],
            order="invoice_date, id",
        )
        by_key = defaultdict(list)
        for invoice in invoices:
            by_key[invoice.commercial_partner_id, invoice.company_id].append(invoice)
        return by_key

    def _set_window(self, invoices, *, frozen):
        """D1: from the first invoice with a positive total that is not fully reversed, for N months."""
        self.ensure_one()
        start = self.window_start
        if not frozen:
            start = next((i.invoice_date for i in invoices if i.amount_total > 0 and not i._is_fully_credited()), False)
        end = start and windows.window_end(start, self.commission_months)
        if (start, end) != (self.window_start, self.window_end):
            self.write({"window_start": start, "window_end": end})

    def _complete(self):
        """Close the windows that have run out; open one again that was made longer."""
        for referral in self:
            ended = bool(referral.window_end) and referral.window_end <= referral.company_id._partner_program_today()
            if ended and referral.state == "acquired":
                referral.state = "completed"
            elif not ended and referral.state == "completed" and not referral._get_protecting_claims():
                referral.state = "acquired"

    def _explain_no_commission(self, invoice) -> str:
        """Why this invoice of the client has no commission line, in one sentence (DESIGN, invariant 8)."""
        self.ensure_one()
        referred_on = self.company_id._partner_program_local_date(self.referred_on)
        if invoice.state != "posted":
            return self.env._("no commission, the invoice is not posted.")
        if invoice.invoice_date < referred_on:
            return self.env._(
                "no commission, the invoice is dated before the referral of %(day)s.", day=self._format_day(referred_on)
            )
        if self.state == "accepted":
            event = dict(self.program_id._fields["acquisition_event"]._description_selection(self.env))
            return self.env._(
                "no commission yet, the client is not acquired (%(event)s).", event=event[self.acquisition_event]
            )
        others = invoice.commission_line_ids - self.commission_line_ids
        if any(line.amount or line.billed_amount for line in others):
            return self.env._("no commission, another referral earns on this invoice.")
        if not self.window_start:
            return self.env._("no commission, the earning window starts with the first invoice that is not taken back.")
        if not windows.in_window(invoice.invoice_date, self.window_start, self.window_end):
            return self.env._(
                "no commission, the invoice is dated outside the earning window (%(start)s until before %(end)s).",
                start=self._format_day(self.window_start),
                end=self._format_day(self.window_end),
            )
        return self.env._("its commission line is made when the books are compared next, at night.")

    # ------------------------------------------------------------
    # HOOKS AND CRON
    # ------------------------------------------------------------

    @api.model
    def _sync_for_invoices(self, invoices, watch=("payments", "invoices")):
        """Look again at the referrals of the clients of these invoices.

        ``referral_watch`` is stored on the contact, which is in the cache of
        whoever posts or pays: clients without a referral cost no query, and a
        payment of an acquired client costs none either.
        """
        clients = invoices.commercial_partner_id.filtered(lambda client: client.referral_watch in watch)
        if clients:
            self.sudo().search(  # sudo: accountants post and pay without rights on referrals
                [
                    ("client_id", "in", clients.ids),
                    ("company_id", "in", invoices.company_id.ids),
                    ("state", "in", (*CLAIM_STATES, "completed")),
                ]
            )._sync_acquisition()

    @api.model
    def _cron_sync_referrals(self):
        """Daily: expire claims, find acquisitions that no hook saw, close windows that ran out.

        When its time is over the scheduler calls again soon, and it goes on where it was: claims are looked at in
        order, and looking at one takes it out of the order only when it ends.
        """
        Line = self.env["partner.commission.line"]
        last_id = Line._get_cron_position(SYNC_POSITION)
        if not last_id:
            self.env["partner.program.enrollment"]._follow_companies()
            self._follow_clients_or_flag()
        # What was lost can come back as long as it is in time; a day more, wherever the company is.
        recent = fields.Date.today() - timedelta(days=1)
        in_time = Domain("expires_on", "=", False) | Domain("expires_on", ">=", recent)
        domain = Domain("state", "in", CLAIM_STATES) | (Domain("state", "=", "lost") & in_time)
        ids = self.search(Domain("id", ">", last_id) & domain, order="id").ids
        Line._commit_in_cron(remaining=len(ids))
        position = 0
        for start in range(0, len(ids), SYNC_BATCH):
            batch_ids = ids[start : start + SYNC_BATCH]
            # As billing runs do: one that fails stops no other.
            try_each(
                self.browse(batch_ids).exists(),
                lambda some: some._look_at_night(),
                lambda one, error: one._flag_problem(str(error.args[0] if error.args else error)),
            )
            seconds_left = Line._commit_in_cron(processed=len(batch_ids))
            if not seconds_left and batch_ids[-1] != ids[-1]:
                position = batch_ids[-1]
                break
        Line._set_cron_position(SYNC_POSITION, position)

    def _look_at_night(self):
        # Contacts first: a claim whose client may have paid in time does not expire before somebody says who it is.
        self._look_for_contacts()
        self._take_customers_of_leads()
        self._sync_acquisition()

    def _flag_problem(self, sentence):
        """Tell the account manager, once, what keeps the nightly job from looking at this claim."""
        user = self._get_deciding_manager()
        to_reader = self.with_context(lang=user.lang)
        summary = to_reader.env._("The nightly job cannot look at this referral")
        if summary not in self.activity_ids.mapped("summary"):
            to_reader.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, note=sentence.strip(), user_id=user.id
            )
