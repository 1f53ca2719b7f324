from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import plaintext2html

from .partner_referral import CLAIM_STATES, EXIT_STATES
from .partner_referral_registration import LIVE_STATES

# Asked once for a referral, whichever invoice it is.
ONCE = ("skipped_entry", "returning_client", "free_entry", "won_again")
WRITABLE = {"reason", "user_id"}  # by hand; the rest is written by the buttons


class PartnerReferralReview(models.Model):
    """A case that the rules do not settle: a partner manager decides it, once, with a reason (P9, P13; D10).

    What is asked and what follows from the answer, by kind, is in ``partner_referral_review_effects.py``.
    """

    _name = "partner.referral.review"
    _description = "Decision to Take on a Referral"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "decided_on desc nulls first, id desc"

    referral_id = fields.Many2one("partner.referral", required=True, index=True, ondelete="cascade", readonly=True)
    partner_id = fields.Many2one(related="referral_id.partner_id", store=True, index=True)
    client_id = fields.Many2one(related="referral_id.client_id", store=True, index=True)
    company_id = fields.Many2one(related="referral_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("skipped_entry", "Client Skipped the Entry Package"),
            ("returning_client", "Already a Client Before"),
            ("free_entry", "Entry Package at No Charge"),
            ("entry_undone", "First Payment Undone"),
            ("won_again", "Won in Time, and Again Too Late"),
            ("conflict", "Two Claims on One Client"),
        ],
        required=True,
        readonly=True,
    )
    move_id = fields.Many2one("account.move", "Invoice", index="btree_not_null", ondelete="set null", readonly=True)
    other_id = fields.Many2one(
        "partner.referral", "Other Referral", index="btree_not_null", ondelete="cascade", readonly=True
    )
    user_id = fields.Many2one("res.users", "Manager", index=True, domain="[('share', '=', False)]")
    state = fields.Selection(
        [
            ("open", "To Decide"),
            ("accepted", "Accepted"),
            ("refused", "Refused"),
            ("obsolete", "No Longer Needed"),
        ],
        required=True,
        default="open",
        readonly=True,
        index=True,
        tracking=True,
    )
    reason = fields.Text(tracking=True, help="Why. It stays here and in the notes of the referral.")
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    question = fields.Text(compute="_compute_question", compute_sudo=True)
    if_accepted = fields.Text(compute="_compute_question", compute_sudo=True)
    if_refused = fields.Text(compute="_compute_question", compute_sudo=True)
    comparison = fields.Html(related="referral_id.claims_comparison")

    _open_uniq = models.UniqueIndex(
        "(referral_id, kind, COALESCE(move_id, 0), COALESCE(other_id, 0)) WHERE state = 'open'",
        "This is waiting for a decision already.",
    )

    @api.depends("kind", "referral_id")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for review in self:
            review.display_name = (
                f"{labels.get(review.kind, '')} · {review.referral_id.sudo().name}"  # sudo: its number
            )

    @api.depends("kind", "move_id", "other_id.state", "state", "referral_id.state")
    @api.depends_context("lang")
    def _compute_question(self):
        for review in self:
            texts = review._get_texts() if review.kind else ("", "", "")
            review.question, review.if_accepted, review.if_refused = texts

    def write(self, vals):
        if not self.env.su and (kept := {f for f in vals if f in self._get_facts()} - WRITABLE):
            raise AccessError(
                self.env._(
                    "%(fields)s of a decision follow from the facts: use the buttons.",
                    fields=", ".join(sorted(self._fields[f].get_description(self.env)["string"] for f in kept)),
                )
            )
        if "reason" in vals and not self.env.su and any(review.state != "open" for review in self):
            raise UserError(self.env._("This was decided: the reason stays as it is."))
        return super().write(vals)

    def _get_facts(self) -> set:
        """Stored fields of this model itself, without those of activities and messages."""
        return {name for name, field in self._fields.items() if field.store and field._module == "partner_program"}

    # ------------------------------------------------------------
    # ASKING
    # ------------------------------------------------------------

    @api.model
    def _ask(self, vals_list):
        """Put cases on the list, and on a manager's to-do; what was asked already is not asked again.

        :param list[dict] vals_list: ``referral_id``, ``kind``, and ``move_id`` or ``other_id``
        :return: the new ones
        """
        reviews_sudo = self.sudo()  # sudo: found by whoever posts, pays, merges or registers
        if not vals_list:
            return reviews_sudo
        known = reviews_sudo.search(
            [("referral_id", "in", [vals["referral_id"] for vals in vals_list]), ("state", "!=", "obsolete")]
        )
        keys = {
            self._get_key(
                {
                    "referral_id": review.referral_id.id,
                    "kind": review.kind,
                    "move_id": review.move_id.id,
                    "other_id": review.other_id.id,
                }
            )
            for review in known
        }
        wanted = {}
        for vals in vals_list:
            wanted.setdefault(self._get_key(vals), vals)
        new_sudo = reviews_sudo.create([vals for key, vals in wanted.items() if key not in keys])
        for review_sudo in new_sudo:
            user = review_sudo.referral_id._get_deciding_manager()
            review_sudo.user_id = user
            review_sudo.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=review_sudo.display_name,
                note=plaintext2html(review_sudo.with_context(lang=user.lang).question or ""),
                user_id=user.id,
            )
        return new_sudo

    @api.model
    def _get_key(self, vals) -> tuple:
        """What makes two cases the same one."""
        if vals["kind"] in ONCE:
            return vals["referral_id"], vals["kind"]
        return vals["referral_id"], vals["kind"], vals.get("move_id") or 0, vals.get("other_id") or 0

    def _drop(self):
        """The facts have settled it."""
        open_sudo = self.sudo().filtered(lambda review: review.state == "open")  # sudo: see _ask
        open_sudo.write({"state": "obsolete", "decided_on": fields.Datetime.now()})
        open_sudo.activity_unlink(["mail.mail_activity_data_todo"])

    def _ask_again(self):
        """A claim that was refused is taken up again: a no of then is no answer any more. It stays to be read."""
        self.filtered(lambda review: review.state == "refused").state = "obsolete"

    # ------------------------------------------------------------
    # DECIDING
    # ------------------------------------------------------------

    def action_accept(self):
        """Say yes; ``reason`` has to be given.

        :raise UserError: without a reason, when it was decided, or when the facts do not allow it any more
        """
        return self._decide("accepted")

    def action_refuse(self):
        """Say no; ``reason`` has to be given.

        :raise UserError: see :meth:`action_accept`
        """
        return self._decide("refused")

    def _decide(self, answer):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("partner_program.group_manager"):
            raise AccessError(self.env._("Only a partner manager decides this."))
        for review in self:
            if review.state != "open":
                raise UserError(self.env._("“%(case)s” was decided already.", case=review.display_name))
            if not (review.reason or "").strip():
                raise UserError(
                    self.env._("Give a reason first: it stays with the decision and in the notes of the referral.")
                )
        now = fields.Datetime.now()
        for review_sudo in self.sudo():  # sudo: the manager decides, what follows is the system's work
            # Noted first: what follows looks at it.
            review_sudo.write({"state": answer, "decided_by_id": self.env.uid, "decided_on": now})
            review_sudo.activity_unlink(["mail.mail_activity_data_todo"])
            review_sudo.referral_id.message_post(
                body=self.env._(
                    "%(case)s: %(answer)s. %(reason)s",
                    case=dict(self._fields["kind"]._description_selection(self.env))[review_sudo.kind],
                    answer=dict(self._fields["state"]._description_selection(self.env))[answer],
                    reason=review_sudo.reason.strip(),
                ),
                author_id=self.env.user.partner_id.id,
            )
            if answer == "accepted":
                review_sudo._apply_accepted()
            else:
                review_sudo._apply_refused()
        return True

    def action_open_referral(self):
        """Open the referral."""
        self.ensure_one()
        return self.referral_id.get_formview_action()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(review.state in ("accepted", "refused") for review in self):
            raise UserError(self.env._("Decisions that were taken are kept."))


class PartnerReferral(models.Model):
    _inherit = "partner.referral"

    review_ids = fields.One2many("partner.referral.review", "referral_id", groups="partner_program.group_manager")
    review_count = fields.Integer(compute="_compute_review_count", compute_sudo=True, groups="base.group_user")

    @api.depends("review_ids.state")
    def _compute_review_count(self):
        """Cases of these referrals that wait for a decision."""
        counts = dict(
            self.env["partner.referral.review"]._read_group(
                [("referral_id", "in", self.ids), ("state", "=", "open")], ["referral_id"], ["__count"]
            )
        )
        for referral in self:
            referral.review_count = counts.get(referral._origin, 0)

    def write(self, vals):
        # EXTENDS: whatever was asked about a claim is settled when it ends, or has acquired its client; who gets the
        # client also when the other claim ends
        is_settling = vals.get("state") in ("acquired", *EXIT_STATES)
        settled = self.filtered(lambda r: r.state in LIVE_STATES) if is_settling else self.browse()
        result = super().write(vals)
        settled_sudo = settled.sudo()  # settled by whoever rejects, wins or pays
        settled_sudo.review_ids._drop()
        if settled and vals["state"] in ("rejected", "expired", "withdrawn"):  # what is lost comes back with its lead
            settled_sudo.review_ids.search([("other_id", "in", settled.ids), ("state", "=", "open")])._end_conflicts()
        return result

    def _get_deciding_manager(self):
        """Who decides on this referral: the partner's account manager if he is a partner manager, else one who is."""
        self.ensure_one()
        manager = self.enrollment_id._get_account_manager()
        if manager and manager.has_group("partner_program.group_manager"):
            return manager
        managers_sudo = self.env.ref("partner_program.group_manager").sudo().all_user_ids  # sudo: reads a group
        return managers_sudo.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        ).sorted("id")[:1].sudo(False) or self.env.ref("base.user_admin")

    def _ask_about_conflicts(self):
        """Who gets a client (D10) whose claim was received before the one that protects it, but registered later?

        And who gets one that looks like the prospect of a live claim: nobody has said yet whether they are the same.
        """
        referrals = self.filtered(lambda r: r.state == "submitted")
        if not referrals:
            return
        holders = referrals._find_later_holders()
        contacts = referrals.filtered("client_id")
        prospects = contacts._find_same_prospects(Domain("state", "in", CLAIM_STATES)) if contacts else {}
        to_ask = [
            {"referral_id": referral.id, "kind": "conflict", "other_id": other.id}
            for referral in referrals
            for other in holders[referral] | prospects.get(referral, self.browse())
        ]
        self.env["partner.referral.review"]._ask(to_ask)

    def _ask_rivals(self):
        """These claims protect their client again: who had been received before, and is undecided, is asked about."""
        rivals = self._find_same_client(Domain("state", "=", "submitted"))
        self.browse().union(*rivals.values())._ask_about_conflicts()

    def _find_later_holders(self) -> dict:
        """``{referral: live claims of other partners that protect its client, and were received after it}``."""
        holders = self._find_same_client(Domain("state", "in", CLAIM_STATES))
        return {
            referral: holders[referral].filtered(
                lambda holder, referral=referral: (
                    holder.partner_id != referral.partner_id and referral.referred_on < holder.referred_on
                )
            )
            for referral in self
        }

    def action_view_reviews(self):
        """Open the cases of this referral."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("partner_program.partner_referral_review_action")
        action["domain"] = [("referral_id", "=", self.id)]
        action["context"] = {}
        return action
