/** The ratio of actual by promised decrease on a scale whose zones say what follows from it. */

import { short } from "../scene/number";
import { element } from "./dom";

export class Gauge {
  readonly root: HTMLElement;
  readonly zones: HTMLElement[];
  private marker = element("span", { class: "marker" });
  private bar: HTMLElement;
  private ratio = element("output", { class: "number" });

  /** `looks`: the number of the look of each zone (0: rejected, 3: grow). */
  constructor(label: string, private edges: readonly number[], names: readonly string[], looks: readonly number[] = [...names.keys()]) {
    const low = edges[0], high = edges[edges.length - 1];
    this.zones = names.map((name, k) => {
      const wide = (100 * (edges[k + 1] - edges[k])) / (high - low);
      return element("span", { class: `zone zone-${looks[k]}`, style: `width: ${wide.toFixed(2)}%` }, name);
    });
    this.bar = element("div", { class: "zones", role: "meter", "aria-label": label, "aria-valuemin": low, "aria-valuemax": high, "aria-valuenow": 0 }, ...this.zones, this.marker);
    this.root = element("div", { class: "gauge" }, element("p", { class: "tools" }, element("span", {}, label), this.ratio), this.bar);
  }

  /** A ratio beyond the ends, or one that is not finite, stands at an end; null: there is none. */
  show(ratio: number | null): void {
    const low = this.edges[0], high = this.edges[this.edges.length - 1], at = Math.min(high, Math.max(low, Number.isFinite(ratio) ? ratio! : low));
    this.marker.style.left = `${((100 * (at - low)) / (high - low)).toFixed(2)}%`;
    this.bar.setAttribute("aria-valuenow", at.toFixed(3));
    this.bar.setAttribute("aria-valuetext", short(ratio));
    this.ratio.textContent = short(ratio);
    this.marker.hidden = ratio === null;
  }
}
