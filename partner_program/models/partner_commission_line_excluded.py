from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine import amounts
from .led_fields import LedJson


class PartnerCommissionLine(models.Model):
    """What of an invoice earns nothing: products of the categories that the referral froze (D3).

    Which products these are is noted on the row when the posted invoice is first looked at. The catalogue goes on
    changing, and a product that moves to another category must not price what was earned, billed and paid anew.
    """

    _inherit = "partner.commission.line"

    # {"categories": ids, "shares": {"product.product,7": 1, "sale.order,12": 0.4}}: how much of what the documents
    # bring of a product, or of the down payments of an order, earns nothing.
    excluded_shares = LedJson(compute="_compute_target", leader="earned_amount", store=True, groups=fields.NO_ACCESS)

    def _get_excluded_amounts(self, settlements, on_date=None) -> dict:
        """``{line: (untaxed amount, credited amount, excluded_shares)}`` of what earns nothing; writes nothing.

        A few queries for each set of excluded categories that referrals froze; none for the others. Of the credit
        notes counts what ``credited`` counts of them, see ``account.move._get_settlement_facts``.
        """
        excluded = {}
        excluding = self.referral_id.filtered("excluded_category_ids")
        concerned = self.filtered(lambda line: line.referral_id in excluding) if excluding else self.browse()
        for categories, lines in concerned.grouped(lambda line: line.referral_id.excluded_category_ids).items():
            credit_notes = defaultdict(list)
            for move_id, credit_note, share in lines.move_id._get_credit_notes(on_date):
                credit_notes[move_id].append((credit_note, share))
            notes = (credit_note for of_move in credit_notes.values() for credit_note, _share in of_move)
            parts = lines.move_id.union(*notes)._get_excludable_parts()
            # A draft is looked at anew when it is posted.
            drafts = lines.filtered(lambda line: settlements[line.move_id.id].state == "draft")
            for line, shares in lines._get_excluded_shares(categories, parts, credit_notes, drafts).items():
                move, credited = line.move_id, Decimal(0)
                for credit_note, share in credit_notes[move.id]:
                    amount = self._get_excluded_part(parts[credit_note], shares)
                    named = credit_note.reversed_entry_id
                    credited += share * (credit_note._to_currency_of_origin(float(amount)) if named else amount)
                base = self._get_excluded_part(parts[move], shares)
                noted = (
                    {"categories": sorted(categories.ids), "shares": shares} if shares and line not in drafts else False
                )
                excluded[line] = (float(base), float(credited), noted)
        return excluded

    @api.model
    def _get_excluded_part(self, parts, shares) -> Decimal:
        return sum((amounts.decimal_of(shares[key]) * amounts.decimal_of(parts[key]) for key in parts), Decimal(0))

    def _get_excluded_shares(self, categories, parts, credit_notes, drafts) -> dict:
        """``{line: {part: share}}``: what was noted of these rows, and by the categories of today what is new.

        :param categories: those that the referrals of all these rows froze
        :param dict parts: see ``account.move._get_excludable_parts``
        :param dict credit_notes: ``{id of the invoice: [(credit note, share)]}``
        :param drafts: those of these rows of which nothing is noted yet
        """
        shares = {}
        for line in self:
            noted = (line not in drafts and line.excluded_shares) or {}
            known = noted["shares"] if noted.get("categories") == sorted(categories.ids) else {}
            documents = [line.move_id, *(credit_note for credit_note, _share in credit_notes[line.move_id.id])]
            shares[line] = {key: known.get(key) for document in documents for key in parts[document]}
        new = {key for of_line in shares.values() for key, share in of_line.items() if share is None}
        of_today = self._get_excluded_shares_of_today(categories, new) if new else {}
        if of_orders := [key for key in of_today if key.startswith("sale.order,")]:
            of_today |= self._get_noted_shares_of_orders(categories, of_orders)
        return {
            line: {key: of_today[key] if share is None else share for key, share in of_line.items()}
            for line, of_line in shares.items()
        }

    @api.model
    def _get_excluded_shares_of_today(self, categories, keys) -> dict:
        """``{part: share}`` by the products of today in these categories."""
        ids_of = defaultdict(list)
        for key in keys:
            model, id_ = key.split(",")
            ids_of[model].append(int(id_))
        excluded = Domain("categ_id", "child_of", categories.ids)
        Product = self.env["product.product"].with_context(active_test=False)
        shares = dict.fromkeys(keys, 0)
        for product in Product.search(Domain("id", "in", ids_of["product.product"]) & excluded):
            shares[f"product.product,{product.id}"] = 1
        if orders := ids_of["sale.order"]:
            # What is paid in advance is paid for all that was ordered, and has no product of its own.
            ordered = Domain("order_id", "in", orders) & Domain("is_downpayment", "=", False)
            of_orders = [
                dict(self.env["sale.order.line"]._read_group(domain, ["order_id"], ["price_subtotal:sum"]))
                for domain in (ordered, ordered & Domain("product_id", "any", excluded))
            ]
            total, without = of_orders
            for order, amount in without.items():
                if total[order] > 0:
                    shares[f"sale.order,{order.id}"] = min(max(amount / total[order], 0), 1)
        return shares

    @api.model
    def _get_noted_shares_of_orders(self, categories, keys) -> dict:
        """Those of these orders that were noted of a down payment before: what is deducted later is taken off alike."""
        orders = self.env["sale.order"].browse(int(key.split(",")[1]) for key in keys)
        rows = orders.order_line.filtered("is_downpayment").invoice_lines.move_id.commission_line_ids
        shares = {}
        for row in rows.sorted("id", reverse=True):
            noted = row.excluded_shares
            if noted and noted["categories"] == sorted(categories.ids):
                shares |= {key: share for key, share in noted["shares"].items() if key in keys}
        return shares


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_excludable_parts(self) -> dict:
        """``{document: {part: untaxed amount}}``: what the lines are for, a product or the down payment of an order."""
        parts = {move: defaultdict(float) for move in self}
        invoiced = Domain("move_id", "in", self.ids) & Domain("display_type", "=", "product")
        Item, in_advance = self.env["account.move.line"], self.browse()
        for move, product, is_downpayment, amount in Item._read_group(
            invoiced, ["move_id", "product_id", "is_downpayment"], ["price_subtotal:sum"]
        ):
            if is_downpayment:
                in_advance |= move
            elif product:
                parts[move][f"product.product,{product.id}"] += amount
        if in_advance:
            for item in Item.search(
                invoiced & Domain("move_id", "in", in_advance.ids) & Domain("is_downpayment", "=", True)
            ):
                for order in item.sale_line_ids.order_id[:1]:
                    parts[item.move_id][f"sale.order,{order.id}"] += item.price_subtotal
        return parts


class ProductCategory(models.Model):
    _inherit = "product.category"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_excluded(self):
        """What was agreed with a partner stays: a category that earns nothing does not vanish from its terms."""
        programs_sudo = self.env["partner.program"].sudo().with_context(active_test=False)  # of all companies
        referrals_sudo = self.env["partner.referral"].sudo()  # those of others count too
        # Odoo deletes what is below them too.
        excluding = Domain("excluded_category_ids", "in", self.search(Domain("id", "child_of", self.ids)).ids)
        if programs_sudo.search_count(excluding, limit=1) or referrals_sudo.search_count(excluding, limit=1):
            raise UserError(
                self.env._(
                    "Partners earn no commission on the products of %(categories)s: a partner program or accepted "
                    "referrals exclude it. Rename the category, or move its products, instead of deleting it.",
                    categories=", ".join(self.mapped("display_name")),
                )
            )
