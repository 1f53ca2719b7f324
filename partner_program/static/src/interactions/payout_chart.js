import { loadBundle } from "@web/core/assets";
import { pyToJsLocale } from "@web/core/l10n/utils/locales";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const COLORS = { paid: "--success", to_come: "--info" };

/** The payouts of twelve months as bars; the table beside it says the same in text. */
export class PayoutChart extends Interaction {
    static selector = ".o_partner_program_chart";

    async willStart() {
        await loadBundle("web.chartjs_lib");
    }

    start() {
        const data = JSON.parse(this.el.dataset.chart);
        const style = getComputedStyle(document.documentElement);
        const compact = new Intl.NumberFormat(pyToJsLocale(document.documentElement.lang) || undefined, { notation: "compact" });
        const chart = new window.Chart(this.el.querySelector("canvas"), {
            type: "bar",
            data: {
                labels: data.months,
                datasets: data.series.map((series) => ({
                    label: series.label,
                    data: series.values,
                    texts: series.texts,
                    backgroundColor: style.getPropertyValue(COLORS[series.key]).trim(),
                    maxBarThickness: 32,
                })),
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                scales: {
                    x: { stacked: true, grid: { display: false } },
                    y: { stacked: true, beginAtZero: true, ticks: { callback: (value) => compact.format(value) } },
                },
                plugins: {
                    legend: { position: "bottom" },
                    tooltip: {
                        callbacks: {
                            label: ({ dataset, dataIndex }) => `${dataset.label}: ${dataset.texts[dataIndex]}`,
                        },
                    },
                },
            },
        });
        this.registerCleanup(() => chart.destroy());
    }
}

registry.category("public.interactions").add("partner_program.payout_chart", PayoutChart);
