/** H as its four numbers. */

import type { Sym } from "../maths/quadratic";
import { element } from "./dom";

export function matrix(): { root: HTMLElement; show: (H: Sym, written: (entry: number) => string) => void } {
  const entries = [0, 1, 1, 2] as const, cells = entries.map((k) => element("td", { "data-entry": k }));
  const row = (...own: HTMLElement[]): HTMLElement => element("tr", {}, ...own);
  const root = element("figure", { class: "hessian" }, element("figcaption", {}, "H ="), element("table", {}, element("tbody", {}, row(cells[0], cells[1]), row(cells[2], cells[3]))));
  return { root, show: (H, written) => entries.forEach((k, at) => (cells[at].textContent = written(H[k]))) };
}
