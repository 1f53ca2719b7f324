import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/**
 * Odoo's signature form takes the focus when the page opens, which would scroll past the checklist and the contract.
 * Who has not typed or clicked yet did not ask for that: the page stays where it is, and the first press of Tab goes to
 * its beginning (taking the focus away alone would let Tab go on behind the name).
 */
export class SignContract extends Interaction {
    static selector = ".o_partner_program_sign";
    dynamicContent = {
        _root: { "t-on-focusin": this.onFocusin },
        _document: { "t-on-keydown": this.onUse, "t-on-pointerdown": this.onUse },
    };

    setup() {
        this.isUsed = false;
        this.top = window.scrollY;
    }

    onFocusin() {
        if (!this.isUsed) {
            document.body.tabIndex = -1;
            document.body.focus({ preventScroll: true });
            document.body.removeAttribute("tabindex");
            window.scrollTo({ top: this.top, behavior: "instant" });
        }
    }

    onUse() {
        this.isUsed = true;
    }
}

registry.category("public.interactions").add("partner_program.sign_contract", SignContract);
