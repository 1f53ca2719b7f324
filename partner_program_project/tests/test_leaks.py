"""Nothing leaks through the pages of the bridges: the leak test of the add-on, with tickets and ideas planted.

What the add-on's own test tries on its routes is tried here on those of the bridges, with every bridge installed.
"""

from odoo.tests import tagged

from odoo.addons.partner_program.tests import test_leaks as leaks

NOTE, COMMENT = "mail.mt_note", "mail.mt_comment"


@tagged("post_install", "-at_install")
class TestLeaksOfBridges(leaks.TestLeaksOverPages):
    """Byte is the owner here: tickets and ideas are for affiliates."""

    other_pages = (
        ("project.task", "/my/tasks/{id}"),
        ("project.task", "/my/tasks/{id}?access_token={token}"),
        ("project.task", "/mail/view?model=project.task&res_id={id}"),
        ("project.task", "/web/content/project.task/{id}/name"),
        ("ir.attachment", "/web/content/{id}"),
        ("ir.attachment", "/web/content/{id}?access_token={token}"),
    )
    chatter_models = ("project.task",)
    # Not employees: Odoo lets them read the tasks of a project that is open to all of them.
    page_actors = ("owner", "colleague", "other partner", "partner of another company", "partner of another program")
    models = ("project.task", "project.project", "partner.program.idea.vote")
    forms_at_least, actions_at_least, visits_at_least = 4, 10, 80

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tasks = cls.env["project.task"].sudo()
        cls.files = cls.env["ir.attachment"].sudo()
        cypress, cls.cy, cls.enrollment_cypress = cls._affiliate("Cypress Consult", "Cy of Cypress", "portal_cypress")
        elsewhere = cls.env["partner.program"].create(
            {"name": "Elsewhere Affiliate", "program_type": "affiliate", "company_id": cls.elsewhere.id}
        )
        eland, ely, enrollment_eland = cls._affiliate("Eland Experts", "Ely of Eland", "portal_eland", elsewhere)
        colleague = cls.env["res.partner"].create({"name": "Bo of Byte", "parent_id": cls.byte.id})
        cls._new_user("portal_bo", "base.group_portal", partner=colleague)
        cls.ticket = cls._plant("support", cls.enrollment_byte, cls.byte_contact, "Koala")
        cls.other_ticket = cls._plant("support", cls.enrollment_cypress, cls.cy, "Jackal")
        cls.ticket_elsewhere = cls._plant("support", enrollment_eland, ely, "Eland")
        cls.idea = cls._plant("ideas", cls.enrollment_cypress, cls.cy, "Moth", talk=False)
        cls.idea_elsewhere = cls._plant("ideas", enrollment_eland, ely, "Lemur", talk=False)
        cls.parts = cls.tasks
        for task in (cls.ticket, cls.idea):  # of colleagues
            part = cls.tasks.with_user(cls.manager).create(
                {
                    "name": "Quollpart",
                    "description": "Quolltext",
                    "parent_id": task.id,
                    "project_id": task.project_id.id,
                }
            )
            part.message_post(body="Quollcomment", message_type="comment", subtype_xmlid=COMMENT)
            part.message_post(body="x", attachments=[("Quollfile.txt", b"Quollbytes")], subtype_xmlid=COMMENT)
            cls.parts |= part.sudo()
        cls.companies = {
            "owner": cls.byte,
            "colleague": cls.byte,
            "other partner": cypress,
            "partner of another company": eland,
            "partner of another program": cls.ada,
        }
        own = {
            name: [f"{name}{what}" for what in ("ticket", "text", "answer", "file", "bytes")]
            for name in ("Koala", "Jackal", "Eland")
        }
        ideas = {name: [f"{name}ticket", f"{name}text"] for name in ("Moth", "Lemur")}
        hidden = [f"{name}{what}" for name in (*own, *ideas) for what in ("note", "kept")]
        hidden += [f"Quoll{what}" for what in ("part", "text", "comment", "file", "bytes")]
        people = {"cypress": ["Cypress Consult", "Cy of Cypress"], "eland": ["Eland Experts", "Ely of Eland"]}
        byte = ["Byte Builders", "Ben of Byte", "Bo of Byte"]

        every = [word for words in (*own.values(), *ideas.values(), hidden, *people.values(), byte) for word in words]

        def but(*lists):
            known = [word for words in lists for word in words]
            return [word for word in every if word not in known]

        eland_words = [*own["Eland"], *ideas["Lemur"], *people["eland"]]
        everybody = [*people["cypress"], *people["eland"], *byte]
        cls.actors = {
            "owner": leaks.Actor("portal_byte", but(own["Koala"], ideas["Moth"], byte)),
            "colleague": leaks.Actor("portal_bo", but(own["Koala"], ideas["Moth"], byte)),
            "other partner": leaks.Actor("portal_cypress", but(own["Jackal"], ideas["Moth"], people["cypress"])),
            "partner of another company": leaks.Actor("portal_eland", but(eland_words)),
            "partner of another program": leaks.Actor("portal_ada", but()),
            # Names of contacts are for all employees to read.
            "employee without a group": leaks.Actor("eddy", but(everybody)),
            "public": leaks.Actor(None, but(), enters=False),
            "archived user": leaks.Actor("portal_gone", but(), enters=False),
        }
        cls.env.flush_all()

    @classmethod
    def _affiliate(cls, name, person, login, program=None):
        company = cls.env["res.partner"].create({"name": name, "is_company": True})
        contact = cls.env["res.partner"].create({"name": person, "parent_id": company.id})
        enrollment = cls.env["partner.program.enrollment"].create(
            {"partner_id": company.id, "program_id": (program or cls.program_affiliate).id, "state": "active"}
        )
        user = cls._new_user(login, "base.group_portal", partner=contact)
        if program:
            user.sudo().write({"company_ids": [(6, 0, program.company_id.ids)], "company_id": program.company_id.id})
        return company, contact, enrollment

    @classmethod
    def _plant(cls, use, enrollment, person, word, talk=True):
        """A ticket or idea: what its partner reads, and a note with a file that nobody outside does."""
        values = {"name": f"{word}ticket", "description": f"<p>{word}text</p>"}
        task = cls.tasks._create_partner_task_sudo(use, enrollment.sudo(), person, values)
        if talk:
            cls.files.create(
                {"name": f"{word}file.txt", "raw": f"{word}bytes".encode(), "res_model": task._name, "res_id": task.id}
            )
            task.message_post(body=f"{word}answer", author_id=person.id, message_type="comment", subtype_xmlid=COMMENT)
        task.message_post(
            body=f"{word}note",
            message_type="comment",
            subtype_xmlid=NOTE,
            attachments=[(f"{word}kept.txt", f"{word}kept".encode())],
        )
        return task

    def routes(self):
        return {rule: routing for rule, routing in self.all_routes().items() if rule in leaks.BRIDGE_VISITS}

    def visits(self):
        return leaks.BRIDGE_VISITS

    def records(self, model):
        planted = self.ticket + self.other_ticket + self.ticket_elsewhere + self.idea + self.idea_elsewhere + self.parts
        if model == "project.task":
            return planted
        if model == "ir.attachment":
            return self.files.search([("res_model", "=", "project.task"), ("res_id", "in", planted.ids)])
        return super().records(model)

    def company_of(self, name):
        return self.companies.get(name, self.env["res.partner"])

    def own_ids(self, name, model):
        if "partner_id" not in self.env[model]._fields or name not in self.companies:
            return ()
        own = [("partner_id", "child_of", self.companies[name].ids)]
        return self.env[model].sudo().search(own).ids

    def world(self):
        foreign = self.other_ticket + self.ticket_elsewhere + self.idea_elsewhere
        tasks = [(task.id, task.name, task.state, len(task.message_ids), task.active) for task in foreign]
        return super().world() | {"tasks": tasks, "votes on the other idea": self.idea_elsewhere.partner_vote_count}

    def test_every_route_of_the_addon_and_its_bridges_has_a_row(self):
        routes = set(self.all_routes())
        self.assertFalse(leaks.BRIDGE_VISITS.keys() - routes, "gone")
        self.assertFalse(routes - leaks.VISITS.keys() - leaks.BRIDGE_VISITS.keys(), "without a row")

    def test_downloads_are_saved_and_never_run(self):
        self.enter(self.actors["owner"])
        file = self.records("ir.attachment").filtered(lambda one: one.name == "Koalafile.txt")
        response = self.url_open(f"/my/tickets/{self.ticket.id}/file/{file.id}")
        self.assertEqual((response.status_code, response.text), (200, "Koalabytes"))
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("default-src 'none'", response.headers["Content-Security-Policy"])

    def test_without_its_guards_each_page_is_found_leaking(self):
        everything = self.replace(
            "project.task",
            "_search_partner_tasks_sudo",
            lambda model, use, _enrollments, domain=(), **options: model.sudo().search(
                [("partner_program_use", "=", use), *domain], **options
            ),
        )
        parts = self.replace(
            "project.task", "_get_partner_tasks_domain", lambda _model, use: [("partner_program_use", "=", use)]
        )
        notes = self.replace("project.task", "_get_spoken_messages", lambda task: task.message_ids)
        one, file = "/my/tickets/<int:ticket_id>", "/my/tickets/<int:ticket_id>/file/<int:file_id>"
        cases = {
            "list of tickets": (["/my/tickets"], everything),
            "a ticket": ([one], everything),
            "file of a ticket": ([file], everything),
            "ideas": (["/my/ideas"], everything),
            "sub-tasks of ideas": (["/my/ideas"], parts),
            "notes of colleagues": ([one], notes),
            "files of notes": ([file], notes),
        }
        for name, (rules, guard) in cases.items():
            with self.subTest(name), guard:
                found, _visited = self.scan(rules, ["owner"], tricks=("",))
                self.assertTrue(found, "the guard is gone and the test sees nothing")

    def test_the_words_are_where_they_should_be(self):
        for login, words in (
            ("portal_byte", ("Koalaticket", "Koalatext", "Koalaanswer", "Koalafile", "Mothticket", "Mothtext")),
            ("portal_cypress", ("Jackalticket", "Mothticket")),
            ("portal_eland", ("Elandticket", "Lemurticket")),
        ):
            self.authenticate(login, login)
            pages = ["/my/tickets", "/my/ideas", *([f"/my/tickets/{self.ticket.id}"] if login == "portal_byte" else [])]
            text = " ".join(self.url_open(page).text for page in pages)
            for word in words:
                self.assertIn(word, text, login)
