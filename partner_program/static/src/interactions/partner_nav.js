import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/** On a phone the navigation is wider than the screen: show where one is. */
export class PartnerNav extends Interaction {
    static selector = ".o_partner_program_nav";

    start() {
        const list = this.el.querySelector("ul");
        const active = list?.querySelector(".active");
        if (active && list.scrollWidth > list.clientWidth) {
            list.scrollLeft = active.offsetLeft - (list.clientWidth - active.offsetWidth) / 2;
        }
    }
}

registry.category("public.interactions").add("partner_program.partner_nav", PartnerNav);
