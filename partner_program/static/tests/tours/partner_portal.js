import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// Ann of Ada Advisory: 50.00 earned on Cobalt Clinics, 10.00 expected, a referral of Delta Dairies waits.
tours.add("partner_program_portal_dashboard", {
    steps: () => [
        {
            trigger: ".o_partner_program_money div:contains('To be paid next') > dd:contains('50.00'):contains('02/04/2026')",
        },
        {
            trigger: ".o_partner_program_money div:contains('Expected') > dd:contains('10.00')",
        },
        {
            content: "the chart is drawn",
            trigger: ".o_partner_program_chart canvas[height]",
        },
        {
            content: "and says the same in text",
            trigger: ".o_partner_program_money details summary:contains('The same as a table')",
            run: "click",
        },
        {
            trigger: ".o_partner_program_money details[open] tr:contains('Feb 2026'):contains('50.00')",
        },
        {
            trigger: ".o_partner_program_clients li:contains('Cobalt Clinics'):contains('Month 1 of 12')",
        },
        {
            trigger: ".o_partner_program_manager:contains('Mona') img",
        },
        {
            content: "the clock of the open referral; nothing is wider than the screen",
            trigger: "body:not(:has(.o_too_wide)) .o_partner_program_pipeline li:contains('Delta Dairies'):contains('days left') a",
            run({ anchor }) {
                if (document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error("the page is wider than the screen");
                }
                anchor.click();
            },
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_next:contains('answer by')",
        },
    ],
});

tours.add("partner_program_portal_referrals", {
    steps: () => [
        {
            trigger: ".o_partner_program_nav a[aria-current=page]:contains('Referrals')",
        },
        {
            trigger: ".o_partner_program_referral:contains('Cobalt Clinics')",
        },
        {
            trigger: "a[href='/my/referrals/new']:contains('New Referral')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "sent as it is: what is missing is said beside the fields",
            trigger: ".o_partner_program_referral_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".invalid-feedback:contains('Enter the name of the company')",
        },
        {
            trigger: "label:contains('Company') + input",
            run: "edit Ember Energy",
        },
        {
            trigger: "input[name=contact]",
            run: "edit Eve of Ember",
        },
        {
            trigger: "input[name=email]",
            run: "edit eve@ember.example",
        },
        {
            trigger: "textarea[name=note]",
            run: "edit They look for a tool",
        },
        {
            trigger: ".o_partner_program_referral_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "what happens next, and by when",
            trigger: ".o_partner_program_sent:contains('has arrived')",
        },
        {
            trigger: ".o_partner_program_next:contains('answer by 01/10/2026')",
        },
        {
            trigger: ".o_referral_milestones li[data-key=introduced]:contains('5 Jan')",
        },
        {
            content: "a message to the sales team",
            trigger: "#chatterRoot:shadow .o-mail-Composer-input",
            timeout: 60000, // the first visitor waits until Odoo has built the bundle of the chatter
            run: "edit Call them in the morning",
        },
        {
            trigger: "#chatterRoot:shadow .o-mail-Composer-send:enabled",
            run: "click",
        },
        {
            trigger: "#chatterRoot:shadow .o-mail-Message:contains('Call them in the morning')",
        },
        {
            content: "taken back",
            trigger: ".o_partner_program_withdraw summary",
            run: "click",
        },
        {
            trigger: ".o_partner_program_withdraw textarea",
            run: "edit Sent by mistake",
        },
        {
            trigger: ".o_partner_program_withdraw button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_reason:contains('Sent by mistake')",
        },
    ],
});

tours.add("partner_program_portal_question", {
    steps: () => [
        {
            trigger: ".o_partner_program_line:contains('INV/2026/00001'):contains('Month 1 of 12') a:contains('Cobalt Clinics')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_explanation:contains('1,000.00'):contains('month 1 of 12')",
        },
        {
            trigger: ".o_partner_program_history tr:contains('Your client has paid in full')",
        },
        {
            trigger: ".o_partner_program_questions summary:contains('Question this commission')",
            run: "click",
        },
        {
            trigger: ".o_partner_program_questions textarea",
            run: "edit Is the setup fee in it?",
        },
        {
            trigger: ".o_partner_program_questions button:contains('Send Question')",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".o_partner_program_question:contains('Is the setup fee in it?')",
        },
        {
            trigger: ".o_partner_program_status:contains('Held')",
        },
    ],
});
