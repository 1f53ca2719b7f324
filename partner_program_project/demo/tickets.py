"""Two affiliates of the demo data ask for help and propose features."""

from datetime import timedelta

from odoo import fields
from odoo.tools import plaintext2html

TICKETS = (  # partner, title, text, priority, hours ago, answer
    (
        "Brightside Consulting",
        "Import of visit plans",
        "Our client plans visits in a spreadsheet. Which columns does the import need?",
        "1",
        50,
        "The template is in the resources, under Training. Tell me if a column is missing.",
    ),
    ("Brightside Consulting", "Offline mode on tablets", "Orders taken offline come twice.", "2", 5, None),
)
IDEAS = (
    ("Brightside Consulting", "Photos in the visit report", "Shelf photos straight from the camera into the report."),
    ("Nordlicht IT Services", "Single sign-on", "Clients with more than fifty users ask for it in every demo."),
)


def tell(env):
    env = env(context={**env.context, "tracking_disable": True, "no_mail_to_attendees": True})
    enrollments = env["partner.program.enrollment"].search(
        [("program_type", "=", "affiliate"), ("state", "=", "active")]
    )
    by_name = {one.partner_id.name: one for one in enrollments}
    Task, Vote = env["project.task"], env["partner.program.idea.vote"]
    for partner, name, text, priority, hours, answer in TICKETS:
        if partner in by_name:
            values = {"name": name, "description": plaintext2html(text), "priority": priority}
            person = by_name[partner].partner_id.child_ids[:1]
            task = Task._create_partner_task_sudo("support", by_name[partner], person, values)
            since = fields.Datetime.now() - timedelta(hours=hours)
            env.cr.execute("UPDATE project_task SET create_date = %s WHERE id = %s", (since, task.id))
            if answer:
                manager = by_name[partner].account_manager_id
                message = task.message_post(
                    body=answer,
                    author_id=manager.partner_id.id,
                    message_type="comment",
                    subtype_xmlid="mail.mt_comment",
                )
                message.date = since + timedelta(hours=3)
                task.stage_id = env.ref("partner_program_project.stage_ticket_progress")
    for partner, name, text in IDEAS:
        if partner in by_name:
            person = by_name[partner].partner_id.child_ids[:1]
            values = {"name": name, "description": plaintext2html(text)}
            idea = Task._create_partner_task_sudo("ideas", by_name[partner], person, values)
            for enrollment in enrollments if "sign-on" in name else by_name[partner]:
                Vote._vote_sudo(idea, enrollment.partner_id)
