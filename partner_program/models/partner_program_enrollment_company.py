from markupsafe import escape

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .partner_referral_registration import LIVE_STATES


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _move_partner_history(self, company):
        """What names the partner itself, not its enrollment: journal of bills, statements mailed, portal log."""
        self.env.flush_all()
        for table in ("partner_commission_change", "partner_program_portal_log"):
            query = SQL(
                "UPDATE %s SET partner_id = %s WHERE partner_id = %s", SQL.identifier(table), company.id, self.id
            )
            self.env.cr.execute(query)
        self.env.cr.execute(
            SQL(
                """
                UPDATE partner_commission_statement statement SET partner_id = %(company)s
                 WHERE partner_id = %(person)s
                   AND NOT EXISTS (  -- from when the company was a partner before
                       SELECT 1
                         FROM partner_commission_statement other
                        WHERE other.partner_id = %(company)s
                          AND other.company_id = statement.company_id
                          AND other.date_from = statement.date_from)
                """,
                company=company.id,
                person=self.id,
            )
        )
        self.env.invalidate_all(flush=False)


class PartnerProgramEnrollment(models.Model):
    """A partner that is a person and becomes a contact of a company: from then on the company is the partner.

    Odoo makes the company the commercial entity of its bills and users at once. What the person has earned, signed and
    referred follows, as what a client has paid follows the client (``partner.referral._follow_clients``).
    """

    _inherit = "partner.program.enrollment"

    @api.model
    def _find_moved(self, contacts=None):
        """Enrollments of contacts that are no commercial entity any more; of these contacts, or of all."""
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.flush_model(["partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT enrollment.id
                  FROM partner_program_enrollment enrollment
                  JOIN res_partner partner ON partner.id = enrollment.partner_id
                 WHERE partner.commercial_partner_id <> partner.id AND %s
                 ORDER BY enrollment.id
                """,
                SQL("TRUE") if contacts is None else SQL("partner.id = ANY(%s)", contacts.ids),
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _move_to_company(self):
        """Make the company of these partners the partner, with all that is theirs.

        :raise UserError: the company cannot take it over; with what to do instead
        """
        for person, enrollments in self.grouped("partner_id").items():
            company = person.commercial_partner_id
            enrollments._check_company_can_take_over(company)
            person._take_entries_along()
            enrollments.partner_id = company
            person._move_partner_history(company)
            enrollments._ask_for_account_of_company(person)

    def _ask_for_account_of_company(self, person):
        """The bank account stays with the person, as in Odoo: that the company is paid there nobody has said."""
        company = self.partner_id
        running = self.filtered_domain(self._get_payout_domain()).sorted(lambda one: one.state != "ended")[-1:]
        if not running or company.bank_ids or not person.bank_ids:
            return
        user = running._get_responsibles()[:1]
        to_reader = self.with_context(lang=user.lang)
        names = {"person": person.name, "company": company.name}
        running.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=to_reader.env._("Enter the bank account of %(company)s", **names),
            note=escape(
                to_reader.env._(
                    "%(person)s is a contact of %(company)s now, and %(company)s is the partner. The bank account is "
                    "still that of %(person)s, so there is none to pay to. Ask the partner where %(company)s is paid, "
                    "and enter that account on %(company)s, page Accounting.",
                    **names,
                )
            ),
            user_id=user.id,
        )

    @api.model
    def _follow_companies(self):
        """Nightly: partners that became contacts of a company in another way than by an edit."""
        for enrollments in self._find_moved().grouped("partner_id").values():
            try:
                with self.env.cr.savepoint():
                    enrollments._move_to_company()
            except UserError as error:
                self.env.invalidate_all()
                self.env["partner.commission.line"]._report_problems([(enrollments[0].id, str(error))])  # and the log

    def _check_company_can_take_over(self, company):
        names = {"partner": self.partner_id.name, "company": company.name}
        live = self.filtered(lambda enrollment: enrollment.state not in ("ended", "rejected"))
        taken = self.search(
            [
                ("partner_id", "=", company.id),
                ("program_id", "in", live.program_id.ids),
                ("state", "not in", ("ended", "rejected")),
            ],
            limit=1,
        )
        if taken:
            raise UserError(
                self.env._(
                    "%(partner)s and %(company)s are both partners of the program %(program)s. End one of the two "
                    "enrollments first: a contact of a company is no partner beside it.",
                    program=taken.program_id.name,
                    **names,
                )
            )
        own = self.referral_ids.filtered(lambda referral: referral.state in (*LIVE_STATES, "completed"))
        if company in own.client_id.commercial_partner_id:
            raise UserError(
                self.env._(
                    "%(partner)s has referred %(company)s as a client. Reject or withdraw the referral first; if the "
                    "client has been acquired, leave this contact as it is, and add a new one to %(company)s.",
                    **names,
                )
            )
