"""P25: versions of the contract, signing in the portal and on paper, and that what was signed stays as it was."""

import base64
import hashlib
import html
import re
from io import BytesIO

from PIL import Image

from odoo import SUPERUSER_ID, fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, JsonRpcException, tagged

from .common import PartnerProgramCommon


def picture():
    """A drawn signature, in base64."""
    stream = BytesIO()
    Image.new("RGB", (200, 60), "white").save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


@tagged("post_install", "-at_install")
class TestSignatures(PartnerProgramCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "office@fieldpro.example"
        cls.agreement.body = (
            "<p>{{company_name}} and {{ partner_name }} agree on {{commission_rate}} %, signed by {{signer_name}}.</p>"
        )
        cls.enrollment_byte.write({"signed_on": False, "signed_by": False, "agreement_id": False})
        cls.signatures = cls.env["partner.program.signature"]

    def sign(self, name="Ben of Byte", signature=None, enrollment=None, agreement=None):
        enrollment, agreement = enrollment or self.enrollment_byte, agreement or self.agreement
        checksum = agreement._get_text_checksum(enrollment)
        return self.make_jsonrpc_request(
            f"/my/agreement/{enrollment.id}/sign?agreement_id={agreement.id}&checksum={checksum}",
            {"name": name, "signature": picture() if signature is None else signature},
        )

    def signed(self):
        enrollment = self.enrollment_byte.sudo().with_context(partner_program_signer=self.portal_byte.id)
        checksum = self.agreement._get_text_checksum(enrollment)
        return enrollment._sign_online(self.agreement.id, checksum, "Ben of Byte", picture(), "192.0.2.7")

    def upload(self, content, name="scan.pdf", **vals):
        wizard = self.env["partner.program.signature.upload"].with_user(self.manager)
        return wizard.create(
            {
                "enrollment_id": self.enrollment_byte.id,
                "signed_by": "Ben of Byte",
                "document": base64.b64encode(content),
                "filename": name,
                **vals,
            }
        ).action_confirm()

    def test_p25_signing_in_the_portal(self):
        self.authenticate("portal_byte", "portal_byte")
        page = self.url_open("/my/agreement").text
        self.assertIn("and Byte Builders agree on 20 %", page)
        self.assertIn("Payouts wait until this list is done", page)
        self.assertEqual(self.sign()["redirect_url"], "/my/agreement?message=signed")
        record = self.signatures.search([])
        self.assertRecordValues(
            record,
            [
                {
                    "enrollment_id": self.enrollment_byte.id,
                    "partner_id": self.byte.id,
                    "agreement_id": self.agreement.id,
                    "method": "portal",
                    "signed_by": "Ben of Byte",
                    "user_id": self.portal_byte.id,
                    "ip_address": "127.0.0.1",
                    "is_intact": True,
                }
            ],
        )
        self.assertIn("Byte Builders agree on 20 %, signed by Ben of Byte.", record.body)
        self.assertTrue(self.enrollment_byte.requirements_met)
        self.assertEqual(
            (self.enrollment_byte.signed_by, str(self.enrollment_byte.signed_on)), ("Ben of Byte", "2026-01-05")
        )
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", self.enrollment_byte.id)], order="id desc", limit=1)
        self.assertEqual((mail.recipient_ids, mail.email_cc), (self.byte_contact, self.company.email_formatted))
        self.assertEqual(mail.attachment_ids, record.document_id)
        page = self.url_open("/my/agreement?message=signed").text
        self.assertIn("Signed contracts", page)
        self.assertNotIn("o_partner_program_sign", page.replace("o_partner_program_signed", ""))
        document = self.url_open(f"/my/agreement/document/{record.id}")
        self.assertEqual(hashlib.sha256(document.content).hexdigest(), record.checksum)

    def test_p25_a_colleague_who_signs_gets_a_copy_too(self):
        bea = self.env["res.partner"].create({"name": "Bea", "parent_id": self.byte.id, "email": "bea@byte.example"})
        self._new_user("bea", "base.group_portal", partner=bea)
        self.enrollment_byte.applicant_id = self.byte_contact
        self.authenticate("bea", "bea")
        self.assertIn("redirect_url", self.sign(name="Bea"))
        mail = self.env["mail.mail"].sudo().search([("res_id", "=", self.enrollment_byte.id)], order="id desc", limit=1)
        self.assertEqual(mail.recipient_ids, self.byte_contact + bea)

    def read_contract(self):
        """What the page says to sign: the call of its form, with what stands for the text that is shown."""
        page = self.url_open("/my/agreement").text
        return page, html.unescape(re.search(r'"(/my/agreement/\d+/sign[^"]*)"', html.unescape(page))[1])

    def test_d15_the_page_says_whether_payouts_are_held_or_will_be(self):
        self.signed()
        version = self.agreement.copy({"version": 2, "sign_by": "2026-03-01"})
        self.program_affiliate.agreement_id = version
        self.authenticate("portal_byte", "portal_byte")
        for day, said in (("2026-03-01", "after that day payouts are held"), ("2026-03-02", "payouts are held until")):
            self.go_to(day)
            page = self.url_open("/my/agreement").text
            self.assertIn(said, page)
            self.assertEqual("It was to be signed by" in page, day == "2026-03-02")

    def test_d14_nothing_is_asked_of_who_has_left_and_is_owed_nothing(self):
        self.authenticate("portal_byte", "portal_byte")
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(product=self.starter))
        for for_cause in (False, True):
            self.enrollment_byte.write({"state": "ended", "for_cause": for_cause, "end_reason": "Left"})
            page = self.url_open("/my/agreement").text
            self.assertIn('o_partner_program_sign"', page, "a commission is held")
            self.assertIn("Payouts wait until", page)
        own = self.enrollment_byte.create(
            {"partner_id": self.ada.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        own.action_end()
        self.enrollment_ada.action_end()
        self.authenticate("portal_ada", "portal_ada")
        page = self.url_open("/my/agreement").text
        self.assertIn("no payout waits for anything", page)
        self.assertNotIn('o_partner_program_sign"', page)
        self.assertNotIn("Payouts wait until", page)

    def test_p25_the_text_that_is_kept_is_the_one_that_was_read(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        term = self.agreement.body.removeprefix("<p>").removesuffix("</p>")
        french = "Le taux est de {{commission_rate}} %, {{signer_name}}."
        self.agreement.update_field_translations("body", {"fr_FR": {term: french}})
        self.byte_contact.lang = "fr_FR"
        self.enrollment_byte.applicant_id = self.env["res.partner"].create(
            {"name": "Bea", "parent_id": self.byte.id, "email": "bea@byte.example", "lang": "en_US"}
        )
        self.assertEqual(self.enrollment_byte._get_lang(), "en_US")
        self.authenticate("portal_byte", "portal_byte")
        page, call = self.read_contract()
        self.assertIn("Le taux est de 20 %", page)
        answer = self.make_jsonrpc_request(call, {"name": "Ben of Byte", "signature": picture()})
        self.assertIn("redirect_url", answer)
        record = self.signatures.search([])
        self.assertEqual(str(record.body), "<p>Le taux est de 20 %, Ben of Byte.</p>")

    def test_p25_a_text_that_changed_after_it_was_opened_is_not_signed(self):
        self.authenticate("portal_byte", "portal_byte")
        _page, call = self.read_contract()
        self.program_affiliate.commission_rate = 15
        data = {"name": "Ben of Byte", "signature": picture()}
        self.assertIn("Reload the page and read it again", self.make_jsonrpc_request(call, data)["error"])
        bare = call.split("&checksum")[0]
        self.assertIn("Reload the page and read it again", self.make_jsonrpc_request(bare, data)["error"])
        self.assertFalse(self.signatures.search([]))
        page, call = self.read_contract()
        self.assertIn("agree on 15 %", page)
        self.assertIn("redirect_url", self.make_jsonrpc_request(call, data))
        self.assertIn("agree on 15 %", self.signatures.search([]).body)

    def test_p25_the_document_is_a_pdf_with_the_signature(self):
        enrollment = self.enrollment_byte.sudo().with_context(force_report_rendering=True)
        checksum = self.agreement._get_text_checksum(enrollment)
        record = enrollment._sign_online(self.agreement.id, checksum, "Ben of Byte", picture(), "192.0.2.7")
        self.assertTrue(record.document_id.raw.startswith(b"%PDF"))

    def test_p25_nobody_signs_before_the_application_is_approved(self):
        self.enrollment_byte.with_context(partner_program_no_mail=True).state = "applied"
        self.authenticate("portal_byte", "portal_byte")
        self.assertIn("error", self.sign())
        self.assertNotIn("o_portal_sign_submit", self.url_open("/my/agreement").text)
        with self.assertRefused("once your application is approved"):
            self.signed()
        self.assertFalse(self.signatures.search([]))
        self.assertFalse(self.enrollment_byte.signed_on)

    def test_p25_what_was_signed_cannot_be_changed_or_deleted(self):
        record = self.signed()
        document = record.document_id
        drawing = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", record._name), ("res_field", "=", "signature"), ("res_id", "=", record.id)])
        )
        self.assertTrue(document and drawing)
        for user in (self.manager, self.env.ref("base.user_admin"), self.env.user):
            with self.subTest(user=user.login):
                mine = record.with_user(user)
                for attempt in (
                    lambda mine=mine: mine.write({"signed_by": "Somebody else"}),
                    lambda mine=mine: mine.unlink(),
                    lambda user=user: document.with_user(user).write({"raw": b"forged"}),
                    lambda user=user: document.with_user(user).write({"name": "other.pdf"}),
                    lambda user=user: document.with_user(user).unlink(),
                    lambda user=user: drawing.with_user(user).unlink(),
                ):
                    with self.assertRefused("kept|not allowed|top-secret", (UserError, AccessError)):
                        attempt()
        for attempt in (
            lambda: record.sudo().write({"signed_by": "Somebody else"}),
            lambda: record.sudo().write({"document_id": False}),
            lambda: record.sudo().unlink(),
            lambda: document.sudo().write({"datas": base64.b64encode(b"forged")}),
            lambda: document.sudo().write({"res_model": "res.partner"}),
            lambda: document.sudo().write({"raw": b"forged"}),
            lambda: document.sudo().unlink(),
            lambda: drawing.sudo().write({"raw": b"forged"}),
            lambda: self.env["ir.attachment"].sudo().create({"name": "x"}).write({"res_model": record._name}),
            lambda: self.enrollment_byte.sudo().unlink(),
            lambda: self.agreement.write({"body": "<p>Other terms</p>"}),
            lambda: self.agreement.unlink(),
        ):
            with self.assertRefused(
                "kept|afterwards|signed already|still|nother model|referenc|has asked", (UserError, AccessError)
            ):
                attempt()
        document.sudo().write({"raw": document.raw, "mimetype": document.mimetype})  # moved to another storage
        self.assertTrue(record.is_intact)

    def test_p25_over_rpc_as_manager(self):
        record = self.signed()
        self.authenticate("mona", "mona")
        for model, ids, method, args in (
            (record._name, record.ids, "write", [{"signed_by": "Eve"}]),
            (record._name, record.ids, "unlink", []),
            ("ir.attachment", record.document_id.ids, "write", [{"raw": "Zm9yZ2Vk"}]),
            ("ir.attachment", record.document_id.ids, "unlink", []),
            (record._name, [], "create", [{"signed_by": "Eve"}]),
        ):
            with self.subTest(model=model, method=method), self.assertRaises(JsonRpcException), self.cr.savepoint():
                args = [*([ids] if method != "create" else []), *args]
                self.make_jsonrpc_request(
                    f"/web/dataset/call_kw/{model}/{method}",
                    {"model": model, "method": method, "args": args, "kwargs": {}},
                )
        record.invalidate_recordset()
        self.assertEqual((record.signed_by, record.is_intact), ("Ben of Byte", True))

    def test_p25_the_checksum_tells_of_changes_behind_the_back_of_the_orm(self):
        record = self.signed()
        self.env.flush_all()
        self.cr.execute(
            "UPDATE ir_attachment SET store_fname = NULL, db_datas = 'forged' WHERE id = %s", record.document_id.ids
        )
        self.env.invalidate_all()
        self.assertFalse(record.is_intact)

    def test_p25_signing_twice_an_old_version_or_nothing(self):
        self.authenticate("portal_byte", "portal_byte")
        self.assertIn("Draw your signature", self.sign(signature="")["error"])
        self.assertIn("Draw your signature", self.sign(signature="bm8gcGljdHVyZQ==")["error"])
        self.assertIn("Enter your name", self.sign(name="  ")["error"])
        second = self.agreement.copy({"version": 2})
        self.program_affiliate.agreement_id = second
        self.assertIn("newer version", self.sign()["error"])
        self.assertFalse(self.signatures.search([]))
        self.assertIn("redirect_url", self.sign(agreement=second))
        self.assertIn("signed this version of the contract already", self.sign(agreement=second)["error"])
        self.assertEqual(len(self.signatures.search([])), 1)

    def test_p25_people_of_other_companies_and_applicants_sign_nothing(self):
        record = self.signed()
        self.authenticate("portal_ada", "portal_ada")
        self.assertIn("not one of your company", self.sign()["error"])
        self.assertEqual(self.url_open(f"/my/agreement/document/{record.id}").status_code, 404)
        self.assertEqual(self.url_open(f"/web/content/{record.document_id.id}").status_code, 404)
        self.assertNotIn("Byte Builders", self.url_open("/my/agreement").text)
        self.enrollment_ada.write({"program_id": self.program_affiliate.id, "state": "applied"})
        page = self.url_open("/my/agreement").text
        self.assertIn("There is nothing to sign", page)
        self.assertNotIn("Affiliate", page)
        self.assertIn("not one of your company", self.sign(enrollment=self.enrollment_ada)["error"])
        self.assertNotIn("Applied", self.url_open("/my/partner").text)
        for model in ("partner.program.signature", "partner.program.agreement", "partner.program.enrollment"):
            with self.assertRefused(".", AccessError):
                self.env[model].with_user(self.portal_ada).search([])

    def test_p25_a_scan_of_a_paper_is_kept(self):
        with self.assertRefused("as PDF, PNG, JPEG or TIFF"):
            self.upload(b"MZ this is a program", "contract.pdf")
        with self.assertRefused("has 21 MB, at most 20 MB are possible"):
            self.upload(b"%PDF-1.4 " + b"0" * 21 * 1024 * 1024)
        with self.assertRefused("cannot be dated in the future"):
            self.upload(b"%PDF-1.4 scan", signed_on="2026-02-01")
        self.upload(b"%PDF-1.4 scan", signed_on="2025-12-20")
        record = self.signatures.search([])
        self.assertRecordValues(record, [{"method": "paper", "signed_by": "Ben of Byte", "user_id": self.manager.id}])
        self.assertEqual((record.document_id.raw, record.is_intact), (b"%PDF-1.4 scan", True))
        self.assertEqual(str(self.enrollment_byte.signed_on), "2025-12-20")
        with self.assertRefused("signed already"):
            self.upload(b"%PDF-1.4 another")

    def test_p25_the_scan_of_an_old_version_is_kept_and_the_later_signature_stays(self):
        second = self.agreement.copy({"version": 2})
        self.program_affiliate.agreement_id = second
        self.enrollment_byte.with_user(self.manager).action_sign()
        before = self.env["mail.mail"].sudo().search([])
        self.upload(b"%PDF-1.4 scan", signed_on="2025-12-20", agreement_id=self.agreement.id)
        self.assertEqual(self.signatures.search([]).agreement_id, self.agreement + second)
        self.assertRecordValues(
            self.enrollment_byte,
            [{"agreement_id": second.id, "signed_on": fields.Date.to_date("2026-01-05"), "requirements_met": True}],
        )
        self.assertEqual(self.env["mail.mail"].sudo().search([]), before, "the partner has the contract that counts")
        other = self.agreement.create({"name": "Another Contract", "body": "<p>Terms</p>"})
        with self.assertRefused("Another Contract, version 1 is not the contract of Byte Builders"):
            self.upload(b"%PDF-1.4 scan", agreement_id=other.id)

    def test_p25_a_scan_of_an_old_version_counts_for_whoever_signed_nothing_later(self):
        self.program_affiliate.agreement_id = self.agreement.copy({"version": 2, "sign_by": "2026-03-31"})
        self.upload(b"%PDF-1.4 scan", signed_on="2025-12-20", agreement_id=self.agreement.id)
        self.assertRecordValues(
            self.enrollment_byte, [{"agreement_id": self.agreement.id, "requirements_met": True, "has_to_sign": True}]
        )

    def test_p25_a_later_version_counts_when_the_program_goes_back_to_an_earlier_one(self):
        self.signed()
        second = self.agreement.copy({"version": 2, "sign_by": "2026-01-20"})
        self.program_affiliate.agreement_id = second
        self.authenticate("portal_byte", "portal_byte")
        self.assertIn("redirect_url", self.sign(agreement=second))
        self.program_affiliate.agreement_id = self.agreement
        enrollment = self.enrollment_byte
        self.assertRecordValues(enrollment, [{"requirements_met": True, "has_to_sign": False}])
        item = enrollment._get_checklist()[0]
        self.assertTrue(item["done"])
        self.assertIn("Test Agreement, version 2, signed by Ben of Byte on 01/05/2026", item["todo"])
        self.assertIn("signed this version of the contract already", self.sign()["error"])
        enrollment.with_user(self.manager).action_sign()
        self.assertEqual(len(self.signatures.search([])), 2, "there is nothing to note")

    def test_d15_a_version_that_was_withdrawn_is_not_waited_for(self):
        self.signed()
        self.program_affiliate.agreement_id = self.agreement.copy({"version": 2, "sign_by": "2026-01-20"})
        self.program_affiliate.agreement_id = self.agreement
        self.program_affiliate.agreement_id = self.agreement.copy({"version": 3, "sign_by": "2026-04-30"})
        self.go_to("2026-02-01")
        self.assertFalse(self.enrollment_byte._get_missing_requirements())
        self.assertEqual(str(self.enrollment_byte._get_sign_by()), "2026-04-30")

    def test_p25_a_partner_who_changes_the_program_and_back_has_signed(self):
        self.signed()
        other = self.agreement.create({"name": "Referral Contract", "body": "<p>Other terms</p>"})
        self.program_referral.agreement_id = other
        self.enrollment_byte._change_program(self.program_referral)
        self.assertIn("contract not signed", self.enrollment_byte._get_missing_requirements())
        self.authenticate("portal_byte", "portal_byte")
        self.assertIn("redirect_url", self.sign(name="Bea of Byte", agreement=other))
        self.go_to("2026-02-01")
        self.enrollment_byte._change_program(self.program_affiliate)
        self.assertRecordValues(self.enrollment_byte, [{"requirements_met": True, "has_to_sign": False}])
        self.assertIn(
            "Test Agreement, version 1, signed by Ben of Byte on 01/05/2026",
            self.enrollment_byte._get_checklist()[0]["todo"],
        )
        self.assertIn("Ben of Byte has signed this version of the contract already", self.sign()["error"])
        self.refer(self.enrollment_byte)
        self.program_referral.agreement_id = self.agreement.copy({"version": 2, "sign_by": "2026-03-31"})
        successor = self.enrollment_byte._change_program(self.program_referral)
        self.assertRecordValues(
            successor,
            [{"agreement_id": self.agreement.id, "signed_by": "Ben of Byte", "requirements_met": True}],
        )
        self.assertEqual((str(successor.signed_on), successor.has_to_sign), ("2026-01-05", True))

    def test_p25_a_new_version_of_an_archived_one_is_not_archived(self):
        self.agreement.active = False
        self.agreement.action_new_version()
        copy = self.agreement.search([("name", "=", "Test Agreement"), ("version", "=", 2)])
        self.assertTrue(copy.active)

    def test_p25_a_paper_is_dated_by_the_day_of_the_company(self):
        self.manager.tz = "Asia/Tokyo"
        self.go_to("2026-01-10 20:00:00")  # five in the morning of the eleventh there
        self.upload(b"%PDF-1.4 scan")
        self.assertEqual(str(self.enrollment_byte.signed_on), "2026-01-10")

    def test_p25_what_one_company_signed_is_not_given_to_another(self):
        self.enrollment_byte.partner_id = self.client
        self.enrollment_byte.partner_id = self.byte
        self.signed()
        for user in (self.env.user, self.manager):
            with self.assertRefused("create a new one for the other company"):
                self.enrollment_byte.with_user(user).partner_id = self.client
        self.enrollment_byte.partner_id = self.byte_contact  # of the same company

    def test_p25_a_person_who_joins_a_company_keeps_its_contracts(self):
        pia = self.env["res.partner"].create({"name": "Pia", "email": "pia@pia.example"})
        self._new_user("portal_pia", "base.group_portal", partner=pia)
        enrollment = self.enrollment_byte.create(
            {"partner_id": pia.id, "program_id": self.program_affiliate.id, "state": "active"}
        )
        enrollment._sign_on_paper(self.agreement, "2026-01-02", "Pia", "a.pdf", b"%PDF-1.4", "application/pdf")
        signature = enrollment.signature_ids
        pia.parent_id = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.assertEqual(enrollment.partner_id, pia.parent_id)
        self.authenticate("portal_pia", "portal_pia")
        self.assertIn(f"/my/agreement/document/{signature.id}", self.url_open("/my/agreement").text)
        self.assertEqual(self.url_open(f"/my/agreement/document/{signature.id}").content, b"%PDF-1.4")

    def test_p25_so_has_one_who_had_referred_and_whose_enrollment_was_succeeded(self):
        self.signed()
        self.refer(self.enrollment_byte)
        self.program_referral.agreement_id = self.agreement.create({"name": "Referral Contract", "body": "<p>1</p>"})
        successor = self.enrollment_byte._change_program(self.program_referral)
        self.assertTrue(successor.has_to_sign)
        successor.with_user(self.manager).action_sign()
        successor.action_activate()
        self.go_to("2026-02-01")
        self.refer(successor, client=self.other_client)
        back = successor._change_program(self.program_affiliate)
        self.assertNotEqual(back, self.enrollment_byte)
        self.assertRecordValues(
            back, [{"requirements_met": True, "has_to_sign": False, "signed_by": "Ben of Byte", "state": "active"}]
        )
        self.assertEqual(str(back.signed_on), "2026-01-05")

    def change_twice(self):
        """Byte earns on Affiliate, changes to Referral, refers there, and comes back; the three enrollments."""
        self.program_referral.agreement_id = self.agreement.create({"name": "Referral Contract", "body": "<p>1</p>"})
        self.refer(self.enrollment_byte)
        self.pay(self.invoice(product=self.starter))
        between = self.enrollment_byte._change_program(self.program_referral)
        between.action_sign()
        between.action_activate()
        self.refer(between, client=self.other_client)
        return self.enrollment_byte, between, between._change_program(self.program_affiliate)

    def test_p25_what_is_signed_after_a_change_counts_for_the_enrollment_of_before(self):
        self.signed()
        self.program_affiliate.write({"bank_account_required": False, "tax_id_required": False})
        before, between, back = self.change_twice()
        self.assertEqual((before + between + back).mapped("requirements_met"), [True, True, True])
        mails = self.env["mail.mail"].sudo()
        earlier = mails.search([])
        second = self.agreement.copy({"version": 2, "sign_by": "2026-03-31"})
        self.program_affiliate.agreement_id = second
        self.assertEqual((mails.search([]) - earlier).mapped("res_id"), back.ids, "asked for once")
        earlier = mails.search([])
        self.go_to("2026-03-29")
        self.env["partner.program.enrollment"].with_user(SUPERUSER_ID)._cron_remind_to_sign()
        self.assertEqual((mails.search([]) - earlier).mapped("res_id"), back.ids, "reminded once")
        self.go_to("2026-04-01")
        self.env["partner.program.training"]._cron_sync_training()
        self.assertEqual((before + between + back).mapped("requirements_met"), [False, True, False])
        self.assertEqual(self.line_of(self.invoice_of(before)).state, "held")
        self.authenticate("portal_byte", "portal_byte")
        self.assertEqual(self.url_open("/my/agreement").text.count('o_partner_program_sign"'), 1, "shown once")
        self.assertIn("redirect_url", self.sign(enrollment=back, agreement=second))
        self.assertRecordValues(before, [{"requirements_met": True, "has_to_sign": False}])
        self.assertRecordValues(back, [{"requirements_met": True, "has_to_sign": False, "agreement_id": second.id}])
        self.assertIn("Test Agreement, version 2, signed by Ben", before._get_checklist()[0]["todo"])
        self.assertEqual(self.line_of(self.invoice_of(before)).state, "earned")
        self.assertNotIn('o_partner_program_sign"', self.url_open("/my/agreement").text)

    def invoice_of(self, enrollment):
        return enrollment.referral_ids.acquisition_move_id

    def test_p25_what_is_noted_on_the_first_of_three_enrollments_counts_at_once(self):
        self.program_affiliate.write({"bank_account_required": False, "tax_id_required": False})
        self.enrollment_byte.write({"agreement_id": False, "signed_on": False})
        before, between, back = self.change_twice()
        self.assertEqual((before + between + back).mapped("requirements_met"), [False, True, False])
        before.write({"agreement_id": self.agreement.id, "signed_on": "2026-01-02"})
        self.assertEqual((before + back).mapped("requirements_met"), [True, True])
        before.write({"agreement_id": False, "signed_on": False})
        self.assertEqual((before + back).mapped("requirements_met"), [False, False])
        before._sign_on_paper(self.agreement, "2026-01-02", "Ben", "a.pdf", b"%PDF-1.4", "application/pdf")
        self.assertEqual((before + back).mapped("requirements_met"), [True, True])

    def test_p25_a_paper_that_is_kept_with_the_enrollment_before_counts_too(self):
        self.refer(self.enrollment_byte)
        self.enrollment_byte.write({"agreement_id": False, "signed_on": False})
        self.program_referral.write({"agreement_id": self.agreement.id, "bank_account_required": False})
        successor = self.enrollment_byte._change_program(self.program_referral)
        self.assertFalse(successor.requirements_met)
        self.enrollment_byte._sign_on_paper(
            self.agreement, "2026-01-02", "Ben", "a.pdf", b"%PDF-1.4", "application/pdf"
        )
        self.assertTrue(successor.requirements_met)

    def test_p25_who_signed_what_and_when_is_a_list(self):
        self.enrollment_byte.signed_by = "Ben of Byte"
        self.enrollment_byte.with_user(self.manager).action_sign()
        self.program_affiliate.agreement_id = self.agreement.copy({"version": 2})
        self.enrollment_byte.with_user(self.manager).action_sign()
        self.enrollment_byte.with_user(self.manager).action_sign()
        rows = self.signatures.with_user(self.accountant).search([])
        self.assertEqual(rows.mapped("agreement_id.version"), [2, 1])
        self.assertEqual(set(rows.mapped("method")), {"noted"})
        # Who signed the first is known; of the second nobody has said it.
        self.assertEqual(rows.mapped("signed_by"), ["Byte Builders", "Ben of Byte"])

    def test_p25_who_signed_the_contract_of_before_has_not_signed_that_of_the_new_program(self):
        self.signed()
        other = self.agreement.create({"name": "Referral Contract", "body": "<p>Other terms</p>"})
        self.program_referral.agreement_id = other
        self.enrollment_byte._change_program(self.program_referral)
        self.enrollment_byte.with_user(self.manager).action_sign()
        signed = self.enrollment_byte.signature_ids.filtered(lambda one: one.agreement_id == other)
        self.assertEqual((signed.method, signed.signed_by), ("noted", "Byte Builders"))

    def test_p25_fields_of_the_text_are_filled_in_and_run_nothing(self):
        self.byte.name = "<b>Byte</b>"
        self.assertIn("&lt;b&gt;Byte&lt;/b&gt;", self.agreement._render_body(self.enrollment_byte))
        self.assertIn(
            "Example Partner Ltd", self.agreement.copy({"version": 7})._render_body(self.enrollment_byte.browse())
        )
        with self.assertRefused("There is no field {{password}} to fill in. Use one of: partner_name"):
            self.agreement.body = "<p>{{password}}</p>"
        self.assertIn("Byte", self.agreement.with_user(self.manager).preview)

    def test_p25_a_new_version_counts_on(self):
        action = self.agreement.with_user(self.manager).action_new_version()
        copy = self.agreement.browse(action["res_id"])
        self.assertEqual((copy.name, copy.version, copy.body), (self.agreement.name, 2, self.agreement.body))

    def test_p25_a_new_version_made_in_another_language_is_one_of_the_same_contract(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.agreement.with_context(lang="fr_FR").name = "Contrat d'essai"
        self.signed()
        french = self.agreement.with_user(self.manager).with_context(lang="fr_FR")
        second = self.agreement.browse(french.action_new_version()["res_id"])
        names = [second.with_context(lang=lang).name for lang in ("en_US", "fr_FR")]
        self.assertEqual(names, ["Test Agreement", "Contrat d'essai"])
        second.sign_by = "2026-03-31"
        self.program_affiliate.agreement_id = second
        self.assertTrue(self.enrollment_byte.requirements_met)
        third = second.with_context(lang="fr_FR").action_new_version()
        self.assertEqual(second.browse(third["res_id"]).version, 3)

    def test_p25_a_new_version_counts_on_from_one_that_was_archived(self):
        self.agreement.copy({"version": 2, "active": False})
        action = self.agreement.with_user(self.manager).action_new_version()
        self.assertEqual(self.agreement.browse(action["res_id"]).version, 3)

    def test_d15_bank_account_and_tax_id_are_told_in_the_portal_once(self):
        self.program_affiliate.write({"bank_account_required": True, "tax_id_required": True})
        self.authenticate("portal_byte", "portal_byte")
        self.assertIn("Bank account (IBAN)", self.url_open("/my/agreement").text)
        token = http.Request.csrf_token(self)

        def tell(**data):
            return self.url_open("/my/agreement/details", data={"csrf_token": token, **data}).text

        self.assertIn("at least one of the fields", tell())
        self.assertIn("not a bank account number", tell(acc_number="abc"))
        self.assertIn("we have noted that", tell(acc_number="FR7630006000011234567890189", vat="/"))
        self.assertEqual(self.byte.bank_ids.sanitized_acc_number, "FR7630006000011234567890189")
        self.assertFalse(self.byte.bank_ids.allow_out_payment, "an accountant looks at it first")
        self.assertEqual(self.byte.vat, "/")
        self.assertIn(
            "we have noted that", tell(acc_number="fr76 3000 6000 0112 3456 7890 189", vat="/"), "second click"
        )
        self.assertIn("is known already", tell(acc_number="DE89370400440532013000"))
        self.assertIn("is known already", tell(acc_number="FR7630006000011234567890189", vat="FR12"))
        self.assertEqual(len(self.byte.bank_ids), 1)
        self.assertEqual(self.url_open("/my/agreement/details", data={"vat": "X"}).status_code, 400, "CSRF")
        self.byte.bank_ids.active = False
        for typed in ("FR7630006000011234567890189", "fr76 3000 6000 0112 3456 7890 189"):
            self.assertIn("was closed on our side", tell(acc_number=typed))
