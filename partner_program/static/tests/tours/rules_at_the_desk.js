import { registry } from "@web/core/registry";

// The rules on claims as salesperson and manager meet them: recent discussions, an override, an end, a revival, and a
// quotation that skips the entry package. The days between are done by the test.
const tours = registry.category("web_tour.tours");

const decide = (button, reason) => [
    { trigger: `.o_statusbar_buttons button:contains('${button}')`, run: "click" },
    {
        content: "the manager says why",
        trigger: ".modal .o_field_widget[name=reason] textarea",
        run: `edit ${reason}`,
    },
];

tours.add("partner_program_claim_is_refused_by_evidence", {
    steps: () => [
        {
            content: "nothing was known when it was registered",
            trigger: ".o_field_widget[name=eligibility]:contains('Eligible')",
        },
        { trigger: "button:contains('Look for More Evidence')", run: "click" },
        {
            content: "the verdict",
            trigger: ".o_field_widget[name=eligibility]:contains('Recent Discussions')",
        },
        { trigger: "div[name=next_ineligible]:contains('see the evidence below, then reject it')" },
        { trigger: ".nav-link[name=evidence]", run: "click" },
        {
            content: "the proof: day, kind, one line, and the way to the document",
            trigger:
                ".o_field_widget[name=evidence_ids] .o_data_row:contains('Jun 1, 2025'):contains('Customer Invoice'):contains('INV/2025') button[name=action_open]",
        },
        {
            content: "a salesperson rejects it; accepting it is a manager's",
            trigger:
                ".o_form_view:not(:has(.o_statusbar_buttons button:contains('Accept'))) button[name=action_reject_ineligible]",
        },
    ],
});

tours.add("partner_program_manager_accepts_it_anyway", {
    steps: () => [
        { trigger: "div[name=next_ineligible]:contains('A partner manager may accept it anyway, with a reason')" },
        { trigger: ".nav-link[name=evidence]", run: "click" },
        { trigger: ".o_field_widget[name=evidence_ids] .o_data_row:contains('Customer Invoice')" },
        ...decide("Accept Anyway", "That invoice was for spare parts"),
        { trigger: ".modal footer button:contains('Accept Anyway')", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Accepted')" },
        { trigger: ".o_field_widget[name=decision_reason]:contains('That invoice was for spare parts')" },
        {
            content: "the verdict stays what it was, and the log says who overrode it",
            trigger: ".o_field_widget[name=eligibility]:contains('Recent Discussions')",
        },
        { trigger: ".o-mail-Message:contains('Refusal overridden: That invoice was for spare parts')" },
    ],
});

tours.add("partner_program_claim_has_expired", {
    steps: () => [
        { trigger: ".o_field_widget[name=decision_reason]:contains('Not closed by 04/05/2026')" },
        {
            content: "a salesperson cannot take it up again",
            trigger: ".o_form_view:not(:has(.o_statusbar_buttons button:contains('Accept Again')))",
        },
    ],
});

tours.add("partner_program_manager_revives_it", {
    steps: () => [
        { trigger: ".o_field_widget[name=decision_reason]:contains('Not closed by 04/05/2026')" },
        ...decide("Accept Again", "They were on holiday"),
        {
            content: "the months of the program from today are offered",
            trigger: ".modal .o_field_widget[name=expires_on] button:contains('Jul 6')",
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=expires_on] input", run: "edit 04/20/2026" },
        { trigger: ".modal footer button:contains('Accept Again')", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Accepted')" },
        { trigger: "div[name=next_lead_won]:contains('Close by 20 Apr · 14 days left')" },
        { trigger: ".o_field_widget[name=decision_reason]:contains('They were on holiday')" },
    ],
});

const sell = (product) => [
    { trigger: ".o_field_x2many_list_row_add button:contains('Add a product'), a:contains('Add a product')", run: "click" },
    { trigger: ".o_selected_row div[name=product_template_id] input", run: `edit ${product}` },
    { trigger: `ul.ui-autocomplete a:contains('${product}')`, run: "click" },
    { trigger: `.o_data_row:contains('${product}'), .o_data_row:has(input:value('${product}'))` },
];

tours.add("partner_program_quotation_skips_the_entry_package", {
    steps: () => [
        { trigger: ".o_form_view:not(:has(div[name=first_package_warning])) .o_field_widget[name=order_line]" },
        ...sell("FieldPro Pro"),
        {
            content: "while it is typed, it says why it warns",
            trigger:
                "div[name=first_package_warning]:contains('Delta Dairies has never had a package'):contains('starts on Starter'):contains('sells Pro')",
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
        ...sell("FieldPro Starter"),
        {
            content: "with Starter nothing is skipped",
            trigger: ".o_form_view:not(:has(div[name=first_package_warning]))",
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
    ],
});
