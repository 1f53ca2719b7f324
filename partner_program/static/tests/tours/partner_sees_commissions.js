import { registry } from "@web/core/registry";

// Ann of Ada Advisory: 50.00 billed for Cobalt Clinics, 10.00 expected; nothing of anybody else.
registry.category("web_tour.tours").add("partner_program_partner_sees_commissions", {
    steps: () => [
        {
            trigger: ".o_portal_index_card:not(.d-none) a[href='/my/partner']:contains('Partner Program')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_nav a:contains('Commissions')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "h1:contains('Your Commissions')",
        },
        {
            content: "what waits for the client",
            trigger: ".o_partner_program_totals div:contains('Expected') > dd:contains('10.00')",
        },
        {
            content: "what is to be paid",
            trigger: ".o_partner_program_totals div:contains('To be paid') > dd:contains('50.00')",
        },
        {
            trigger: ".o_partner_program_totals div:contains('so far') > dd:contains(/ 0.00$/)",
        },
        {
            content: "the line: client, amount, status",
            trigger:
                ".o_partner_program_line:contains('Cobalt Clinics'):contains('INV/2026/00001'):contains('50.00') " +
                ".o_partner_program_status:contains('To be paid by 02/04/2026')",
        },
        {
            trigger:
                ".o_partner_program_line:contains('INV/2026/00002'):contains('10.00') " +
                ".o_partner_program_status:contains('Waiting until your client has paid')",
        },
        {
            content: "nothing of the client of another partner",
            trigger: "main:not(:contains('Delta Dairies'))",
        },
        {
            content: "ask why",
            trigger: ".o_partner_program_line:contains('INV/2026/00001') details:not([open]) summary:contains('Why?')",
            run: "click",
        },
        {
            trigger:
                ".o_partner_program_line details[open]:contains('1,000.00'):contains('INV/2026/00001')" +
                ":contains('month 1 of 12'):contains('01/05/2026')",
        },
        {
            content: "its bill",
            trigger: ".o_partner_program_bill:contains('COMM'):contains('50.00'):contains('To be paid by 02/04/2026') a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Odoo's page of the bill",
            trigger: "#sidebar_content:contains('50.00')",
        },
        {
            trigger: ":iframe #wrapwrap:contains('Cobalt Clinics'):contains('50.00')",
        },
    ],
});
