"""The newsletter: its list follows the partners, and respects who said no (P21)."""

from odoo import SUPERUSER_ID, fields
from odoo.fields import Command
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import file_path

from odoo.addons.partner_program.tests.common import PartnerProgramCommon

from ..hooks import post_init_hook, pre_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestNewsletter(PartnerProgramCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.env(user=SUPERUSER_ID)
        cls.ada_contact.email, cls.byte_contact.email = "ann@ada.example", "ben@byte.example"  # log-ins bring others
        cls.root["partner.program.enrollment"]._cron_sync_newsletter()
        cls.list = cls.root.ref("partner_program_mass_mailing.mailing_list_partners")

    def emails(self):
        """Addresses of our two partners that the newsletter goes to."""
        self.env.flush_all()
        subscriptions = self.root["mailing.subscription"].search(
            [("list_id", "=", self.list.id), ("opt_out", "=", False)]
        )
        return {
            one
            for one in subscriptions.contact_id.mapped("email_normalized")
            if one.endswith(("ada.example", "byte.example"))
        }

    def subscription(self, email):
        return self.root["mailing.subscription"].search(
            [("list_id", "=", self.list.id), ("contact_id.email_normalized", "=", email)]
        )

    def night(self):
        return self.root["partner.program.enrollment"]._cron_sync_newsletter()

    def test_p21_contacts_of_active_partners_join_and_leave_by_themselves(self):
        everybody = {"office@ada.example", "ann@ada.example", "office@byte.example", "ben@byte.example"}
        self.assertEqual(self.emails(), everybody)
        self.enrollment_byte.with_user(self.manager).action_end()
        self.assertEqual(self.emails(), {"office@ada.example", "ann@ada.example"})
        self.enrollment_byte.with_user(self.manager).action_reopen()
        self.assertEqual(self.emails(), everybody)
        self.assertEqual(self.night()[1], 0)
        self.assertEqual(self.night(), (0, 0), "running it twice changes nothing")

    def test_p21_new_people_come_at_night_and_those_who_left_go(self):
        self.env["res.partner"].create({"name": "Al", "parent_id": self.ada.id, "email": "al@ada.example"})
        self.env["res.partner"].create(
            {"name": "Bills", "parent_id": self.ada.id, "email": "bills@ada.example", "type": "invoice"}
        )
        self.ada_contact.email = "ann.new@ada.example"
        self.night()
        self.assertLessEqual({"al@ada.example", "ann.new@ada.example"}, self.emails())
        self.assertFalse({"ann@ada.example", "bills@ada.example"} & self.emails())
        self.portal_ada.active = False
        self.ada_contact.active = False
        self.night()
        self.assertNotIn("ann.new@ada.example", self.emails())

    def test_p21_an_address_of_two_partners_stays_as_long_as_one_of_them_is_active(self):
        self.env["res.partner"].create({"name": "Shared", "parent_id": self.byte.id, "email": "both@byte.example"})
        self.night()
        self.env["res.partner"].create({"name": "Shared", "parent_id": self.ada.id, "email": "both@byte.example"})
        self.night()
        self.enrollment_byte.action_end()
        self.assertEqual(self.emails(), {"office@ada.example", "ann@ada.example", "both@byte.example"})
        self.assertEqual(self.night(), (0, 0))
        self.enrollment_ada.action_end()
        self.night()
        self.assertFalse(self.emails())

    def test_the_list_is_not_shown_to_readers_of_other_mailings(self):
        self.assertFalse(self.list.is_public)

    def test_p21_who_opts_out_stays_out(self):
        subscription = self.subscription("ben@byte.example")
        subscription.opt_out = True
        self.night()
        self.enrollment_byte.action_end()
        self.enrollment_byte.action_reopen()
        self.night()
        self.assertEqual(self.subscription("ben@byte.example"), subscription)
        self.assertTrue(subscription.opt_out)
        self.assertNotIn("ben@byte.example", self.emails())

    def test_p21_who_opted_out_with_another_contact_of_that_address_stays_out(self):
        other = self.root["mailing.contact"].create({"name": "Cy", "email": "cy@byte.example"})
        self.root["mailing.subscription"].create({"contact_id": other.id, "list_id": self.list.id, "opt_out": True})
        for _before_and_after in range(2):  # the same address once more, on no list
            self.root["mailing.contact"].create({"name": "Cy", "email": "cy@byte.example"})
        self.env["res.partner"].create({"name": "Cy", "parent_id": self.byte.id, "email": "Cy@Byte.example"})
        self.night()
        self.assertNotIn("cy@byte.example", self.emails())
        self.assertEqual(len(self.subscription("cy@byte.example")), 1)

    def test_p21_who_is_deleted_gets_no_newsletter_any_more(self):
        al, ed, no = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.ada.id, "email": f"{name}@ada.example"} for name in ("al", "ed", "no")]
        )
        self.night()
        contacts = {one: self.subscription(one.email).contact_id for one in al + ed + no}
        other = self.root["mailing.list"].create({"name": "Events"})
        self.root["mailing.subscription"].create({"contact_id": contacts[ed].id, "list_id": other.id})
        self.subscription("no@ada.example").opt_out = True
        (al + ed + no).with_user(self.manager).sudo().unlink()
        self.assertFalse({"al@ada.example", "ed@ada.example", "no@ada.example"} & self.emails())
        self.assertFalse(contacts[al].exists(), "the address had no other use")
        self.assertEqual(contacts[ed].subscription_ids.list_id, other)
        self.assertTrue(self.subscription("no@ada.example").opt_out, "what was decided stays noted")

    def test_p21_who_opted_out_stays_out_with_another_address(self):
        self.subscription("ben@byte.example").opt_out = True
        self.root["mailing.contact"].create({"name": "Ben", "email": "b.builder@byte.example"})  # of marketing
        self.byte_contact.email = "b.builder@byte.example"
        self.night()
        self.assertNotIn("b.builder@byte.example", self.emails())

    def uninstall(self):
        """What happens when the add-on goes, as far as a test can do it; returns the mark of the list."""
        uninstall_hook(self.root)
        return self.root["ir.model.data"].search([("model", "=", "mailing.list"), ("res_id", "=", self.list.id)])

    def test_p21_who_opted_out_stays_out_when_the_add_on_goes_and_comes_again(self):
        no, ben = self.subscription("ann@ada.example"), self.subscription("ben@byte.example").contact_id
        no.opt_out = True
        mark = self.uninstall()
        self.assertNotEqual(mark.module, "partner_program_mass_mailing", "it would be deleted with the add-on")
        self.assertEqual(self.list.subscription_ids, no)
        self.assertFalse(ben.exists(), "the address had no other use")
        no.contact_id.program_contact_id = False  # goes with the column
        pre_init_hook(self.root)
        self.assertEqual(self.root.ref("partner_program_mass_mailing.mailing_list_partners"), self.list)
        post_init_hook(self.root)
        self.assertIn("ben@byte.example", self.emails())
        self.assertNotIn("ann@ada.example", self.emails())

    def test_the_list_goes_with_the_add_on_when_nobody_is_left_on_it(self):
        self.assertEqual(self.uninstall().module, "partner_program_mass_mailing")
        self.assertFalse(self.list.subscription_ids)

    def test_contacts_that_marketing_had_stay_when_the_add_on_or_the_partner_goes(self):
        al, ed = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.ada.id, "email": f"{name}@ada.example"} for name in ("al", "ed")]
        )
        theirs = self.root["mailing.contact"].create([{"name": one.name, "email": one.email} for one in al + ed])
        self.night()
        self.assertLessEqual({"al@ada.example", "ed@ada.example"}, self.emails())
        al.unlink()
        self.uninstall()
        self.assertEqual(theirs.exists(), theirs)
        self.assertFalse(theirs.subscription_ids)

    def test_an_update_tells_contacts_that_were_made_for_the_list_from_those_that_marketing_had(self):
        ann, ben = [self.subscription(one).contact_id for one in ("ann@ada.example", "ben@byte.example")]
        self.env.flush_all()
        self.env.cr.execute("UPDATE mailing_contact SET made_for_partner = NULL")
        self.env.cr.execute(
            "UPDATE mailing_contact SET write_date = create_date + interval '1 day' WHERE id = %s", ben.ids
        )
        self.env.invalidate_all()
        path = file_path("partner_program_mass_mailing/migrations/19.0.1.1.0/post-migrate.py")
        load_script(path, "post_migrate").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual([ann.made_for_partner, ben.made_for_partner], [True, False])

    def test_p21_a_newsletter_that_waits_when_the_add_on_goes_says_that_it_is_not_sent(self):
        mailing = self.root["mailing.mailing"]._cron_prepare_newsletter()
        partly = mailing.copy()
        (mailing + partly).action_put_in_queue()
        partly.state = "sending"
        wider = partly.copy()
        wider.contact_list_ids += self.root["mailing.list"].create({"name": "Events"})
        wider.action_put_in_queue()
        self.uninstall()
        self.assertEqual((mailing + partly + wider).mapped(lambda one: one.state), ["draft", "draft", "in_queue"])
        self.assertIn("was uninstalled before this was sent to everybody", mailing.message_ids[0].body)

    def test_without_a_list_no_newsletter_is_drafted_and_nothing_fails(self):
        self.list.unlink()
        self.assertFalse(self.root["mailing.mailing"]._cron_prepare_newsletter())

    def test_people_that_somebody_added_by_hand_are_left_alone(self):
        fan = self.root["mailing.contact"].create({"name": "Fan", "email": "fan@elsewhere.example"})
        self.root["mailing.subscription"].create({"contact_id": fan.id, "list_id": self.list.id})
        self.night()
        self.assertTrue(self.subscription("fan@elsewhere.example"))

    def test_p21_each_month_one_draft_with_the_new_resources(self):
        Mailing = self.root["mailing.mailing"]
        self.go_to("2026-02-01")
        self.env["partner.program.resource"].create({"name": "Deck 2026", "url": "https://deck.example/2026"})
        mailing = Mailing._cron_prepare_newsletter()
        self.assertEqual((mailing.state, mailing.contact_list_ids), ("draft", self.list))
        self.assertIn("Deck 2026", mailing.body_html)
        self.assertIn("/unsubscribe_from_list", mailing.body_html)
        self.assertIn("February 2026", mailing.subject)
        self.assertTrue(mailing.activity_ids)
        self.go_to("2026-02-20")
        self.assertFalse(Mailing._cron_prepare_newsletter())
        self.go_to("2026-03-01")
        mailing = Mailing._cron_prepare_newsletter()
        self.assertIn("Deck 2026", mailing.body_html, "it came after the newsletter of February began")
        self.go_to("2026-04-01")
        self.assertNotIn("Deck 2026", Mailing._cron_prepare_newsletter().body_html)

    def test_p21_it_is_sent_from_who_completes_it_and_answers_come_there(self):
        Mailing = self.root["mailing.mailing"]
        user = Mailing._get_newsletter_user()
        user.email = "nora@fieldpro.example"
        mailing = Mailing._cron_prepare_newsletter()
        self.assertEqual(mailing.user_id, user)
        self.assertEqual([mailing.email_from, mailing.reply_to], [user.email_formatted] * 2)
        mailing.unlink()
        user.email, user.company_id.email = False, "office@fieldpro.example"
        mailing = Mailing._cron_prepare_newsletter()
        self.assertEqual([mailing.email_from, mailing.reply_to], [user.company_id.email_formatted] * 2)

    def test_p21_the_draft_is_in_the_language_of_who_completes_it(self):
        self.root["res.lang"]._activate_lang("fr_FR")
        Mailing = self.root["mailing.mailing"]
        Mailing._get_newsletter_user().lang = "fr_FR"
        mailing = Mailing._cron_prepare_newsletter()
        self.assertIn("Nouvelles pour les partenaires, janvier 2026", mailing.subject)
        self.assertEqual(mailing.activity_ids.summary, "Compléter et envoyer la lettre aux partenaires")

    def test_the_list_costs_the_same_for_many_partners(self):
        counts = []
        for size in (1, 10, 100):
            companies = self.env["res.partner"].create(
                [{"name": f"P{n}", "is_company": True, "email": f"p{size}-{n}@many.example"} for n in range(size)]
            )
            self.env["partner.program.enrollment"].create(
                [{"partner_id": one.id, "program_id": self.program_referral.id, "state": "active"} for one in companies]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.night()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[0] + 2, counts)

    def test_p21_what_is_for_one_program_is_not_shown_to_all(self):
        self.root["partner.program.resource"].create(
            [
                {"name": "For Everybody", "url": "https://fieldpro.example/a"},
                {
                    "name": "For Affiliates",
                    "url": "https://fieldpro.example/b",
                    "program_ids": [Command.set(self.program_affiliate.ids)],
                },
            ]
        )
        body = self.root["mailing.mailing"]._prepare_newsletter(fields.Date.to_date("2026-02-01")).body_html
        self.assertIn("For Everybody", body)
        self.assertNotIn("For Affiliates", body)
