import { registry } from "@web/core/registry";

// From the first mail to the first payout, for both programs. What happens at other desks, and the days between, is
// done by the test: these are the screens of the manager, the partner and the accountant.
const tours = registry.category("web_tour.tours");

/** Choose a file in a field, as from the disk. */
function attach({ anchor }) {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["%PDF-1.4 attended"], "attendance.pdf", { type: "application/pdf" }));
    anchor.files = transfer.files;
    anchor.dispatchEvent(new Event("change", { bubbles: true }));
}

const openApplication = (name) => [
    {
        content: "the application waits in the pipeline",
        trigger: `.o_kanban_group:contains('Applied') .o_kanban_record:contains('${name}')`,
        run: "click",
    },
    { trigger: ".o_arrow_button_current:contains('Applied')" },
    {
        content: "with the mail, and the answer that was sent",
        trigger: ".o-mail-Message:contains('Subject: Partnership')",
    },
    { trigger: ".o-mail-Message:contains('Your application has arrived')" },
];

// The invitation: a password, and one is in the portal.
const acceptInvitation = () => [
    { trigger: "input[name=password]", run: "edit a-long-passphrase" },
    { trigger: "input[name=confirm_password]", run: "edit a-long-passphrase" },
    { trigger: ".oe_login_buttons button[type=submit]", run: "click", expectUnloadPage: true },
    { trigger: "a[href='/my/partner']:contains('Partner Program')", run: "click", expectUnloadPage: true },
];

const refer = () => [
    { trigger: ".o_partner_program_nav a:contains('Referrals')", run: "click", expectUnloadPage: true },
    { trigger: "a[href='/my/referrals/new']", run: "click", expectUnloadPage: true },
    { trigger: "label:contains('Company') + input", run: "edit Delta Dairies" },
    { trigger: "input[name=contact]", run: "edit Dee" },
    { trigger: "input[name=email]", run: "edit hello@delta.example" },
    { trigger: ".o_partner_program_referral_form button[type=submit]", run: "click", expectUnloadPage: true },
    { trigger: ".o_partner_program_sent:contains('has arrived')" },
];

tours.add("partner_program_path_affiliate_manager", {
    steps: () => [
        ...openApplication("Nora New"),
        { trigger: "button[name=action_onboard]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Onboarding')" },
        {
            content: "the account manager came by the rule; the rest is left to do",
            trigger: ".o_partner_program_item_account_manager:has(.fa-check-circle)",
        },
        { trigger: ".o_partner_program_item_agreement:contains('to be done by the partner')" },
        { trigger: "button[name=action_note_training]", run: "click" },
        { trigger: ".modal .o_field_widget[name=contact_id] input", run: "edit Nora" },
        { trigger: ".modal .o-autocomplete--dropdown-item:contains('Nora New')", run: "click" },
        { trigger: ".modal .o_field_widget[name=proof] input[type=file]:not(:visible)", run: attach },
        { trigger: ".modal .o_field_widget[name=proof] input:value('attendance.pdf')" },
        { trigger: ".modal footer button:contains('Save')", run: "click" },
        { trigger: "body:not(:has(.modal)) .o_field_widget[name=trained_contact_ids]:contains('Nora New')" },
    ],
});

tours.add("partner_program_path_affiliate_partner", {
    steps: () => [
        ...acceptInvitation(),
        { trigger: ".o_partner_program_nav a:contains('Contract')", run: "click", expectUnloadPage: true },
        { trigger: ".o_partner_program_item_training:has(.fa-check-circle)" },
        { trigger: ".o_partner_program_contract:contains('agree on 20 %')" },
        { trigger: ".o_web_sign_name_and_signature input", run: "fill Nora New" },
        { trigger: "canvas.o_web_sign_signature", run: "canvasNotEmpty" },
        { trigger: ".o_portal_sign_submit:enabled", run: "click", expectUnloadPage: true },
        { trigger: ".o_partner_program_signed:contains('Signed by Nora New')" },
        { trigger: "input[name=acc_number]", run: "edit FR7630006000011234567890189" },
        { trigger: "input[name=vat]", run: "edit /" },
        { trigger: ".o_partner_program_details button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "h2:contains('Affiliate'):contains('Active')" },
        ...refer(),
    ],
});

// The morning after the client has paid: the to-do asks who it is, and one click says it.
tours.add("partner_program_path_affiliate_client", {
    steps: () => [
        { trigger: ".o-mail-Activity:contains('Is this the client?'):contains('Delta Dairies')" },
        { trigger: "div[name=next_contact_found]:contains('say who the client is')" },
        { trigger: ".o_data_row:contains('same email address') button[name=action_choose]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Acquired')" },
    ],
});

tours.add("partner_program_path_referral_manager", {
    steps: () => [
        ...openApplication("Cobalt Clinics"),
        {
            content: "a customer applied without naming a program: the facts suggest one",
            trigger: ".o_field_widget[name=suggested_program_id]:contains('Referral')",
        },
        { trigger: "button[name=action_use_suggestion]", run: "click" },
        { trigger: ".o_form_view:not(:has(button[name=action_use_suggestion])) button[name=action_onboard]", run: "click" },
        {
            content: "the program asks for nothing, so the partner is active",
            trigger: ".o_arrow_button_current:contains('Active')",
        },
    ],
});

tours.add("partner_program_path_referral_partner", {
    steps: () => [...acceptInvitation(), ...refer()],
});

// The accountant: what is due, onto a bill, posted and paid.
for (const [program, partner, amount] of [
    ["affiliate", "Nora New", "200.00"],
    ["referral", "Cobalt Clinics", "50.00"],
]) {
    tours.add(`partner_program_path_${program}_accountant`, {
        steps: () => [
            { trigger: `.o_group_header:contains('${partner}'):contains('${amount}')` },
            { trigger: ".o_data_row:contains('Delta Dairies') .o_list_record_selector input", run: "check" },
            { trigger: ".o_control_panel button[name=action_create_vendor_bills]", run: "click" },
            { trigger: ".o_arrow_button_current:contains('Draft')" },
            { trigger: `.o_field_widget[name=invoice_line_ids] .o_data_row:contains('${amount}')` },
            { trigger: "button[name=action_post]", run: "click" },
            { trigger: ".o_arrow_button_current:contains('Posted')" },
            { trigger: "button[name=action_register_payment]:visible", run: "click" },
            { trigger: ".modal button[name=action_create_payments]", run: "click" },
            { trigger: "body:not(:has(.modal)) .ribbon:contains('Paid')" },
        ],
    });
    tours.add(`partner_program_path_${program}_payout`, {
        steps: () => [
            {
                trigger: `.o_partner_program_payout:contains('COMM'):contains('${amount}'):contains('Paid on 02/04/2026')`,
            },
            { trigger: ".o_partner_program_nav a:contains('Commissions')", run: "click", expectUnloadPage: true },
            {
                trigger: `.o_partner_program_line:contains('Delta Dairies'):contains('${amount}') .o_partner_program_status:contains('Paid')`,
            },
        ],
    });
}
