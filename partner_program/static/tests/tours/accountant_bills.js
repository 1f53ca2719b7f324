import { registry } from "@web/core/registry";

// Two lines of Ada Advisory are due (50.00 and 25.00), a third (10.00) is not: bill the two, and find them again.
registry.category("web_tour.tours").add("partner_program_accountant_bills", {
    steps: () => [
        {
            content: "the queue adds up what is earned, by partner",
            trigger: ".o_group_header:contains('Ada Advisory'):contains('85.00')",
        },
        {
            content: "the first line is due today",
            trigger: ".o_data_row:contains('INV/2026/00001'):contains('50.00'):contains('Earned') td[name=days_left]:contains(/^0$/)",
        },
        {
            content: "the third is not due yet, and shows how many days are left",
            trigger: ".o_data_row:contains('INV/2026/00003'):contains('10.00') td[name=days_left]:contains(/^10$/)",
        },
        {
            trigger: ".o_data_row:contains('INV/2026/00001') .o_list_record_selector input",
            run: "check",
        },
        {
            trigger: ".o_data_row:contains('INV/2026/00002') .o_list_record_selector input",
            run: "check",
        },
        {
            trigger: ".o_selection_box:contains('2')",
        },
        {
            trigger: ".o_control_panel button[name=action_create_vendor_bills]",
            run: "click",
        },
        {
            content: "the draft bill opens",
            trigger: ".o_form_view .o_arrow_button_current:contains('Draft')",
        },
        {
            trigger: ".o_field_widget[name=partner_id] input:value('Ada Advisory')",
        },
        {
            content: "one line for the client, with the sum of the two",
            trigger: ".o_field_widget[name=invoice_line_ids] .o_data_row:contains('Cobalt Clinics'):contains('75.00')",
        },
        {
            trigger: "span[name=amount_total]:contains('75.00'), .o_field_widget[name=tax_totals]:contains('75.00')",
        },
        {
            content: "approve it",
            trigger: "button[name=action_post]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Posted')",
        },
        {
            trigger: "button[name=action_view_commission_lines]:contains('Commissions'):contains('2')",
            run: "click",
        },
        {
            trigger: ".o_last_breadcrumb_item:contains('Commission Lines')",
        },
        {
            trigger: ".o_data_row:contains('INV/2026/00001'):contains('50.00') td[name=state]:contains('Billed')",
        },
        {
            trigger: ".o_data_row:contains('INV/2026/00002'):contains('25.00') td[name=state]:contains('Billed')",
        },
        {
            content: "and nothing else is on the bill",
            trigger: ".o_list_view:not(:contains('INV/2026/00003'))",
        },
    ],
});
