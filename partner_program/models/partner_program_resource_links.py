import ipaddress
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import link_check

_logger = logging.getLogger(__name__)

# Administrators list private networks here whose pages may be asked for, such as 10.1.0.0/16 of an intranet.
ALLOWED_NETWORKS = "partner_program.link_check_networks"
LINKS_POSITION = "partner_program.links_position"  # parameter of the system, see _get_cron_position


class PartnerProgramResource(models.Model):
    """Files that are uploaded on the spot, and links that are looked at once a month (P16, P19, P20)."""

    _inherit = "partner.program.resource"

    file = fields.Binary(compute="_compute_file", inverse="_inverse_file", help="Upload a file, or give a link.")
    file_name = fields.Char(compute="_compute_file", inverse="_inverse_file")
    link_state = fields.Selection(
        [("unchecked", "Not Checked"), ("ok", "Works"), ("unclear", "Cannot Tell"), ("broken", "Broken")],
        "Link Check",
        compute="_compute_link_state",
        store=True,
        readonly=False,
        copy=False,
        help="Result of the last check. Cannot tell: the page answers, but not to somebody without a log-in.",
    )
    link_problem = fields.Char("Problem", compute="_compute_link_state", store=True, readonly=False, copy=False)
    link_checked_on = fields.Datetime("Checked On", readonly=True, copy=False)

    # ------------------------------------------------------------
    # FILES
    # ------------------------------------------------------------

    @api.depends("attachment_id")
    def _compute_file(self):
        for resource in self:
            resource.file = resource.attachment_id.datas
            resource.file_name = resource.attachment_id.name

    def _inverse_file(self):
        """The file is kept as an attachment before the record is written, see ``_keep_file``."""

    @api.model_create_multi
    def create(self, vals_list):
        resources = super().create([self._keep_file(vals) for vals in vals_list])
        resources._own_files()
        return resources

    def write(self, vals):
        result = super().write(self._keep_file(vals))
        if vals.get("file_name") and not vals.get("file"):
            self._rename_files(vals["file_name"])
        if "attachment_id" in vals or vals.get("file"):
            self._own_files()
        return result

    @api.model
    def _keep_file(self, vals) -> dict:
        """Turn an uploaded file into the attachment, so that whoever gives only a file has given something."""
        if "file" not in vals and "file_name" not in vals:
            return vals
        vals = dict(vals)
        content, name = vals.pop("file", None), vals.pop("file_name", None)
        if content:
            attachment = self.env["ir.attachment"].create(
                {"name": name or vals.get("name") or self[:1].name or "file", "datas": content, "res_model": self._name}
            )
            vals["attachment_id"] = attachment.id
        elif content is False:
            vals["attachment_id"] = False
        return vals

    def _rename_files(self, name):
        """A new name without a new file; files that belong to another record keep theirs."""
        self.attachment_id.filtered(lambda file: file.res_model == self._name).name = name

    def _own_files(self):
        """Files follow the rights of their resource; a copy of a resource gets a file of its own."""
        for resource in self:
            attachment = resource.attachment_id
            if attachment and attachment.res_model == self._name and attachment.res_id != resource.id:
                if self.browse(attachment.res_id).exists().attachment_id == attachment:
                    resource.attachment_id = attachment.copy({"res_id": resource.id})
                else:
                    attachment.res_id = resource.id

    # ------------------------------------------------------------
    # LINKS
    # ------------------------------------------------------------

    @api.depends("url")
    def _compute_link_state(self):
        for resource in self:
            resource.link_state = "unchecked" if resource.url else False
            resource.link_problem = False

    def action_check_links(self):
        """Ask for each page now."""
        if not self.filtered("url"):
            raise UserError(self.env._("There is no link to check: give the resource a link first."))
        self._check_links()

    @api.model
    def _cron_check_links(self):
        """Scheduled action, off by default: look at every link of the resources on offer, each once in a round.

        :return: those looked at whose link is broken
        """
        Line = self.env["partner.commission.line"]
        last_id = Line._get_cron_position(LINKS_POSITION)  # where the time was over
        resources = self.search([("url", "!=", False), ("id", ">", last_id)], order="id")
        checked = resources._check_links()
        Line._set_cron_position(LINKS_POSITION, checked[-1:].id if resources - checked else 0)
        return checked.filtered(lambda resource: resource.link_state == "broken")

    def _check_links(self):
        """Ask for each page, outside of any lock; the result is shown on the resource.

        :return: those there was time for
        """
        allowed = self._get_allowed_networks()
        commit = self.env["partner.commission.line"]._commit_in_cron
        todo, checked = self.filtered("url"), self.browse()
        commit(remaining=len(todo))
        for resource in todo:
            result, before = link_check.check(resource.url, allowed), resource.link_state
            resource.write(
                {
                    "link_state": result.state,
                    "link_problem": resource._get_link_problem(result) if result.problem else False,
                    "link_checked_on": fields.Datetime.now(),
                }
            )
            if resource.link_state == "broken" and before != "broken":
                resource._tell_of_broken_link(result)
            checked |= resource
            if not commit(processed=1):
                break
        return checked

    @api.model
    def _get_allowed_networks(self) -> list:
        text = self.env["ir.config_parameter"].sudo().get_param(ALLOWED_NETWORKS) or ""  # only administrators set it
        networks = []
        for part in text.replace(",", " ").split():
            try:
                networks.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                _logger.warning("Partner program: %r in %s is no network; it is left out.", part, ALLOWED_NETWORKS)
        return networks

    def _tell_of_broken_link(self, result):
        """Who looks after the partners that it is offered to hears of it; whoever asked sees it."""
        programs = self.program_ids or self.env["partner.program"].search([("active", "=", True)])
        responsibles_sudo = (program._get_responsibles_sudo() for program in programs)
        people_sudo = self.env["res.users"].union(*responsibles_sudo) - self.env.user
        if not people_sudo:
            return
        localized = self.with_context(lang=people_sudo[:1].lang or self.env.lang)  # the scheduler has no language
        self.env["mail.thread"].message_notify(
            model=self._name,
            res_id=self.id,
            partner_ids=people_sudo.partner_id.ids,
            subject=localized.env._("A broken link: %(name)s", name=localized.name),
            body=localized.env._(
                "%(problem)s Partners still find %(url)s in the portal: correct the link of this resource, or archive "
                "it.",
                problem=localized._get_link_problem(result),
                url=self.url,
            ),
        )

    def _get_link_problem(self, result) -> str:
        """The result of a check as a sentence."""
        sentences = {
            "address": self.env._("This is not an address of a web page."),
            "unknown": self.env._("There is no server named %(detail)s.", detail=result.detail),
            "private": self.env._(
                "%(detail)s is not on the public internet: partners cannot open it.", detail=result.detail
            ),
            "certificate": self.env._("The certificate of %(detail)s is not valid.", detail=result.detail),
            "timeout": self.env._("No answer within %(detail)s seconds.", detail=result.detail),
            "unreachable": self.env._("%(detail)s cannot be reached.", detail=result.detail),
            "redirects": self.env._("The page sends visitors on too many times."),
            "status": self.env._("The server answers with error %(detail)s.", detail=result.detail),
        }
        return sentences[result.problem]
