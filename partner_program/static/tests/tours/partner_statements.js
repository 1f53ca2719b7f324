import { registry } from "@web/core/registry";

const entry = (label) => `.o_partner_program_nav a:contains('${label}')`;

// Ann of Ada Advisory: 50.00 earned in January, billed and paid in February; she invites a colleague in the end.
registry.category("web_tour.tours").add("partner_program_partner_statements", {
    steps: () => [
        {
            trigger: entry("Statements"),
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "January: earned, still to be paid",
            trigger: ".o_partner_program_month:contains('January 2026') td:last-child:contains('50.00')",
        },
        {
            content: "February: paid",
            trigger: ".o_partner_program_month:contains('February 2026') td:last-child:contains(/ 0.00$/)",
        },
        {
            trigger: ".o_partner_program_month a:contains('February 2026')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_balances tr[name=opening]:contains('50.00')",
        },
        {
            trigger: ".o_partner_program_balances tr[name=billed]:contains('50.00')",
        },
        {
            trigger: ".o_partner_program_balances tr[name=paid]:contains('50.00')",
        },
        {
            trigger: ".o_partner_program_balances tr[name=closing]:contains(/ 0.00$/)",
        },
        {
            content: "nothing was earned in February, but a bill was made and paid",
            trigger: ".o_partner_program_bill_entries:contains('COMM'):not(:contains('Cobalt'))",
        },
        {
            trigger: entry("Statements"),
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "any period",
            trigger: "#date_from",
            run() {
                this.anchor.value = "2026-01-01";
            },
        },
        {
            trigger: "#date_to",
            run() {
                this.anchor.value = "2026-01-31";
            },
        },
        {
            trigger: ".o_partner_program_period button",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "why",
            trigger: ".o_partner_program_entries:contains('Cobalt Clinics'):contains('INV/2026/00001'):contains('month 1 of 12')",
        },
        {
            trigger: entry("Statements"),
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_mail button:contains('Switch off')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_mail button:contains('Switch on')",
        },
        {
            trigger: entry("Payouts"),
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_payout:contains('COMM'):contains('50.00'):contains('Paid on 02/20/2026')",
        },
        {
            trigger: entry("Resources"),
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_resources:contains('Branding Kit') li:contains('Logos'):contains('New') a:contains('Open')",
        },
        {
            trigger: entry("Team"),
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_team tr:contains('Ann of Ada'):contains('Manages the team')",
        },
        {
            trigger: "#invite_name",
            run: "edit Nina New",
        },
        {
            trigger: "#invite_email",
            run: "edit nina@ada.example",
        },
        {
            trigger: ".o_partner_program_invite button",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_team tr:contains('Nina New'):contains('nina@ada.example'):contains('not here yet')",
        },
    ],
});
