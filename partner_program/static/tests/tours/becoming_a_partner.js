import { registry } from "@web/core/registry";

// A stranger applies: once with something missing, then complete.
registry.category("web_tour.tours").add("partner_program_applies", {
    steps: () => [
        { trigger: "input[name=company_name]", run: "edit New Ideas" },
        { trigger: "input[name=name]", run: "edit Nora New" },
        { trigger: "input[name=email]", run: "edit nora@new.example" },
        { trigger: "select[name=company_kind]", run: "select consultancy" },
        { trigger: "textarea[name=application_text]", run: "edit We know many clinics." },
        { trigger: ".form-check:contains('Affiliate') input[type=radio]", run: "click" },
        { trigger: "input[name=consent]", run: "click" },
        { trigger: "button:contains('Send Application')", run: "click" },
        {
            content: "the country is missing, the text is still there",
            trigger: "#country_id_error:contains('Please fill this in')",
        },
        { trigger: "textarea[name=application_text]:value('We know many clinics.')" },
        { trigger: "select[name=country_id]", run: "selectByLabel France" },
        { trigger: "button:contains('Send Application')", run: "click", expectUnloadPage: true },
        { trigger: "h1:contains('Thank you')" },
    ],
});

// A partner in onboarding signs, tells bank account and tax ID, and is active.
registry.category("web_tour.tours").add("partner_program_onboards", {
    steps: () => [
        {
            trigger: ".o_partner_program_item_agreement:contains('to be done by you'):contains('sign it online')",
        },
        { trigger: ".o_partner_program_contract:contains('agree on 20 %')" },
        { trigger: ".o_web_sign_name_and_signature input", run: "fill Nora New" },
        { trigger: "canvas.o_web_sign_signature", run: "canvasNotEmpty" },
        { trigger: ".o_portal_sign_submit:enabled", run: "click", expectUnloadPage: true },
        { trigger: ".alert:contains('the contract is signed')" },
        { trigger: ".o_partner_program_signed:contains('Signed by Nora New') a:contains('Download')" },
        { trigger: "input[name=acc_number]", run: "edit FR7630006000011234567890189" },
        { trigger: "input[name=vat]", run: "edit /" },
        { trigger: ".o_partner_program_details button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: ".alert:contains('we have noted that')" },
        { trigger: "h2:contains('Affiliate'):contains('Active')" },
        { trigger: "p:contains('nothing holds your payouts')" },
    ],
});
