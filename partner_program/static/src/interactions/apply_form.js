import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/**
 * Sends the application without leaving the page: a form that is shown again would have lost the files that were
 * chosen. Without this script the form works too, and asks for the files again.
 */
export class ApplyForm extends Interaction {
    static selector = ".o_partner_program_public:has(.o_partner_program_apply)";
    dynamicContent = {
        _root: { "t-on-submit.prevent": this.onSubmit },
    };

    async onSubmit(ev) {
        const form = ev.target;
        const button = form.querySelector("button[type=submit]");
        button.disabled = true;
        let answer;
        try {
            answer = await this.waitFor(fetch(form.action, { method: "POST", body: new FormData(form) }));
        } catch {
            HTMLFormElement.prototype.submit.call(form); // the browser says what is wrong with the network
            return;
        }
        if (answer.redirected) {
            window.location.href = answer.url;
            return;
        }
        const page = new DOMParser().parseFromString(await this.waitFor(answer.text()), "text/html");
        const shown = page.querySelector(this.constructor.selector);
        if (!shown) {
            HTMLFormElement.prototype.submit.call(form);
            return;
        }
        this.keepFiles(form, shown);
        this.el.replaceChildren(...shown.childNodes);
        (this.el.querySelector(".is-invalid") || this.el.querySelector("[role=alert]"))?.focus();
    }

    /** The field with the chosen files moves into the new form; its message comes from there. */
    keepFiles(form, shown) {
        const mine = form.querySelector("input[type=file]");
        const other = shown.querySelector("input[type=file]");
        if (mine && other) {
            mine.className = other.className;
            mine.setAttribute("aria-describedby", other.getAttribute("aria-describedby"));
            other.replaceWith(mine);
            shown.querySelector(".o_partner_program_choose_again")?.remove();
        }
    }
}

registry.category("public.interactions").add("partner_program.apply_form", ApplyForm);
