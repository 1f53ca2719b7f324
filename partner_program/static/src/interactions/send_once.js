import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

// Milliseconds. Whoever has stopped an upload sends again; the server knows a form by its content.
const PATIENCE = 10000;

/** A second click while the form is on its way sends nothing. */
export class SendOnce extends Interaction {
    static selector = "form.o_partner_program_send_once";
    dynamicContent = {
        _root: { "t-on-submit": this.onSubmit },
        _window: { "t-on-pageshow": this.onPageShow },
    };

    onSubmit(ev) {
        if (this.isSent) {
            ev.preventDefault();
            return;
        }
        this.isSent = true;
        this.waitForTimeout(() => (this.isSent = false), PATIENCE);
    }

    /** The browser's Back button shows the form as it was left. */
    onPageShow() {
        this.isSent = false;
    }
}

registry.category("public.interactions").add("partner_program.send_once", SendOnce);
