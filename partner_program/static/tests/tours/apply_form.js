import { registry } from "@web/core/registry";

/** Choose a file in a field, as from the disk. */
function attach({ anchor }) {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["%PDF-1.4 who we are"], "company.pdf", { type: "application/pdf" }));
    anchor.files = transfer.files;
    anchor.dispatchEvent(new Event("change", { bubbles: true }));
}

// An applicant forgets a field: what was typed and the file that was chosen are still there, and are sent.
registry.category("web_tour.tours").add("partner_program_apply_keeps_files", {
    steps: () => [
        { trigger: ".o_partner_program_apply #company_name", run: "edit New Ideas" },
        { trigger: "#name", run: "edit Nora New" },
        { trigger: "#email", run: "edit nora@new.example" },
        { trigger: "#country_id", run: "selectByLabel France" },
        { trigger: "#company_kind", run: "selectByIndex 3" },
        { trigger: "#files", run: attach },
        { trigger: "#consent", run: "check" },
        { trigger: ".o_partner_program_apply button[type=submit]", run: "click" },
        {
            content: "why is missing; the file is chosen still",
            trigger: "#application_text.is-invalid",
            run() {
                const names = [...document.querySelector("#files").files].map((file) => file.name);
                if (names.join() !== "company.pdf") {
                    throw new Error(`The chosen files are ${names.join() || "lost"}.`);
                }
                if (document.querySelector(".o_partner_program_choose_again")) {
                    throw new Error("The file is asked for again, though it is there.");
                }
            },
        },
        { trigger: "#application_text", run: "edit We know many clinics." },
        { trigger: ".o_partner_program_apply button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: ".o_partner_program_public:contains('Your application has arrived')" },
    ],
});
