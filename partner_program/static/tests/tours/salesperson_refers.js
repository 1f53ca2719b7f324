import { registry } from "@web/core/registry";

// A lead of Cobalt Clinics, referred by Ada Advisory: registered, checked, accepted, won, acquired.
registry.category("web_tour.tours").add("partner_program_salesperson_refers", {
    steps: () => [
        {
            content: "the lead is open and nobody has referred it",
            trigger: ".o_last_breadcrumb_item:contains('Lead on Cobalt Clinics')",
        },
        {
            trigger: ".o_form_view:not(:has(button[name=action_view_referral])) button[name=action_register_referral]",
            run: "click",
        },
        {
            content: "say who referred it",
            trigger: ".modal .o_field_widget[name=enrollment_id] input",
            run: "edit Ada",
        },
        {
            trigger: ".modal .o-autocomplete--dropdown-item:contains('Ada Advisory (Referral)')",
            run: "click",
        },
        {
            content: "the client comes from the lead",
            trigger: ".modal .o_field_widget[name=client_id] input:value('Cobalt Clinics')",
        },
        {
            trigger: ".modal footer button:contains('Register')",
            run: "click",
        },
        {
            content: "the lead names the partner and the last day to close it",
            trigger: ".o_field_widget[name=referral_partner_id]:contains('Ada Advisory')",
        },
        {
            trigger: ".o_field_widget[name=referral_clock]:contains('Close by 5 Apr · 90 days left')",
        },
        {
            trigger: "button[name=action_view_referral]:contains('Submitted')",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Submitted')",
        },
        {
            content: "we were not in touch with this client before",
            trigger: ".o_field_widget[name=eligibility]:contains('Eligible')",
        },
        {
            trigger: "div[name=next_eligible]:contains('accept or reject')",
        },
        {
            trigger: "button[name=action_accept]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Accepted')",
        },
        {
            content: "the form says what comes next, and until when",
            trigger: "div[name=next_lead_won]:contains('win the lead in time'):contains('90 days left')",
        },
        {
            trigger: ".o_breadcrumb a:contains('Lead on Cobalt Clinics')",
            run: "click",
        },
        {
            trigger: "button[name=action_set_won_rainbowman]",
            run: "click",
        },
        {
            content: "winning the lead acquired the client",
            trigger: "button[name=action_view_referral]:contains('Acquired')",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Acquired')",
        },
        {
            trigger: "div[name=next_acquired]:contains('Waiting for the first invoice')",
        },
        {
            trigger: ".o_field_widget[name=commission_rate]:contains(/^5$/)",
        },
        {
            content: "in the app, somebody notes what another partner tells of the same client",
            trigger: ".o_navbar_apps_menu button",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .o_app[data-menu-xmlid='partner_program.menu_root']",
            run: "click",
        },
        {
            trigger: ".o_menu_sections [data-menu-xmlid='partner_program.menu_referrals']",
            run: "click",
        },
        {
            trigger: ".o_kanban_view .o_kanban_record:contains('Cobalt Clinics')",
        },
        {
            trigger: ".o_control_panel_main_buttons button:contains('New'):visible",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=enrollment_id] input",
            run: "edit Byte",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Byte Builders (Affiliate)')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=prospect_email] input",
            run: "edit boss@cobalt.example",
        },
        {
            trigger: ".o_field_widget[name=prospect_name] input",
            run: "edit Cobalt",
        },
        {
            content: "who that may be is shown while it is typed, and why",
            trigger: ".o_field_widget[name=match_hint]:contains('Cobalt Clinics (same email domain)')",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: "div[name=next_confirm]:contains('say who the client is')",
        },
        {
            trigger: ".nav-link[name=matches]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=match_ids] .o_data_row:contains('Cobalt Clinics'):contains('same email domain') button[name=action_choose]",
            run: "click",
        },
        {
            content: "the client is taken: refused with one click, with the reason",
            trigger: "div[name=next_protected] button[name=action_reject_protected]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Rejected')",
        },
        {
            trigger: ".o_field_widget[name=decision_reason]:contains('received and accepted earlier')",
        },
    ],
});
