from collections.abc import Callable
from functools import wraps

from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager


def once_a_day(page: str) -> Callable:
    """``readonly`` of a route that gives a page: each reader is noted once a day (``partner.program.portal.log``).

    Odoo asks on a cursor that only reads, of a replica where there is one. A visit that is noted already stays on it;
    the first one of the day gets a cursor that writes, on which ``_prepare_partner_program_values`` notes it.
    """

    def is_noted(_controller, _rule, arguments) -> bool:
        res_id = next((value for name, value in arguments.items() if name.endswith("_id")), 0)
        return request.env["partner.program.portal.log"]._is_noted(page, res_id)

    return is_noted


def form_of(page: str) -> Callable:
    """For the address of a form: whoever comes without the form is sent to its page, which says so.

    After a log-in in between Odoo leads back here, and what was typed is gone. Such routes accept GET, too.

    :param page: where the form is; arguments of the route are named as in ``/my/referrals/{referral_id}``
    """

    def decorate(endpoint):
        @wraps(endpoint)
        def send(controller, **arguments):
            if request.httprequest.method != "POST":
                return request.redirect(f"{page.format(**arguments)}?not_sent=1")
            return endpoint(controller, **arguments)

        return send

    return decorate


def typed_text(value, size=None) -> str:
    """What somebody typed, without blanks around it, cut to ``size`` characters.

    The database takes no NUL characters: a browser sends none, a script would get an error of the server for one. A
    browser counts a line break as one character and sends two.
    """
    return str(value or "").replace("\x00", "").replace("\r\n", "\n").strip()[:size]


def typed_id(value) -> int:
    """The id that a form sent; 0 when it is none. Longer ones are no id of the database, nor a number of Python."""
    value = str(value or "")
    return int(value) if value.isdecimal() and len(value) < 10 else 0


class PartnerProgramPortal(CustomerPortal):
    """What the pages of partners share. Access rules decide which rows; see security/."""

    _MAX_TEXT = 2000  # characters of a reason or a question

    def _prepare_home_portal_values(self, counters):
        # EXTENDS portal: runs on a read-only cursor
        values = super()._prepare_home_portal_values(counters)
        if "partner_program_count" in counters:
            values["partner_program_count"] = len(self._get_own_enrollments_sudo())
        return values

    def _get_own_domain(self) -> Domain:
        """What belongs to the reader's company; the access rules say the same."""
        return Domain("partner_id", "=", request.env.user.commercial_partner_id.id)

    def _prepare_list_values(self, records, url, domain, sortings, filters, *, page, sortby, filterby, search):
        """One page of a list, with what Odoo's search bar and pager need.

        :param records: model whose rows are listed
        :param Domain domain: what may be listed, the search included
        :param dict sortings: ``{key: {"label", "order"}}``; the first one is the default, as of ``filters``. With
            ``filter`` a sorting names the filter that goes with it unless another is chosen.
        :param dict filters: ``{key: {"label", "domain"}}``
        :return: values of the page; the rows are ``records``
        """
        sortby = sortby if sortby in sortings else next(iter(sortings))
        if filterby not in filters:
            filterby = sortings[sortby].get("filter") or next(iter(filters))
        domain &= filters[filterby]["domain"]
        step = self._items_per_page
        pager = portal_pager(
            url=url,
            url_args={"sortby": sortby, "filterby": filterby, "search": search},
            total=records.search_count(domain),
            page=page,
            step=step,
        )
        return {
            "records": records.search(domain, order=sortings[sortby]["order"], limit=step, offset=pager["offset"]),
            "default_url": url,
            "pager": pager,
            "searchbar_sortings": sortings,
            "sortby": sortby,
            "searchbar_filters": filters,
            "filterby": filterby,
            "search": search,
        }

    def _get_own_enrollments_sudo(self):
        """The enrollments of the reader's company, the running ones first."""
        partner = request.env.user.commercial_partner_id
        return request.env["partner.program.portal"]._get_enrollments_sudo(partner)

    def _prepare_partner_program_values(self, page_name, record=None):
        """Values that every page of partners needs; that the reader looks at it is noted.

        :param page_name: marks the entry of the navigation, and is a page of the log
        :param record: what the page shows, if it is the page of one record
        """
        enrollments_sudo = self._get_own_enrollments_sudo()
        if enrollments_sudo:
            request.env["partner.program.portal.log"]._note_view(page_name, record)
        return {
            **self._prepare_portal_layout_values(),
            "page_name": page_name,
            "enrollments_sudo": enrollments_sudo,
            "not_sent": bool(request.params.get("not_sent")),  # see `form_of`
        }
