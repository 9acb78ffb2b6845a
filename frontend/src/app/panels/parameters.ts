/** The parameters with their error bars, what is not determined, and the correlations as numbers. */

import type { FitParameter, FitRecord } from "../../engine/record";
import { correlationOf } from "../../views/corner";
import { element } from "../dom";
import type { Panel } from "../panel";
import type { Words } from "../words/words";

/** From here on a correlation is set in bold: one of the two can make up for much of the other. */
const STRONG = 0.9;

export function parametersPanel(fit: FitRecord, words: Words): Panel {
  const root = element("section", { class: "panel panel-parameters", "data-panel": "parameters", "aria-labelledby": "parameters-title" },
    element("h2", { id: "parameters-title" }, words.fit.parameters.title),
    table(fit, words), facts(fit, words), correlations(fit, words));
  return { root, needs: () => [], paint: () => undefined };
}

function table(fit: FitRecord, words: Words): HTMLElement {
  const { heads } = words.fit.parameters;
  const head = element("tr", {}, ...heads(fit.level).map((text) => element("th", { scope: "col" }, text)));
  const rows = fit.parameters.map((parameter) => row(parameter, words));
  const more = fit.count > fit.parameters.length ? element("p", { class: "note" }, words.fit.parameters.more(fit.count - fit.parameters.length)) : null;
  return element("div", { class: "numbers", role: "group", tabindex: 0, "aria-label": words.fit.parameters.title }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)), more);
}

/** As many digits as the error leaves: the words of the console. */
function row({ name, words: [value, error, , low, high], state }: FitParameter, words: Words): HTMLElement {
  const known = state === "known";
  const cells = [signed(value), known ? signed(error) : "\u2013", known ? words.fit.parameters.interval(signed(low), signed(high)) : words.fit.parameters.state[state]];
  return element("tr", { "data-state": state }, element("th", { scope: "row" }, name), ...cells.map((text) => element("td", {}, text)));
}

const signed = (text: string): string => text.replace(/-(?=[\d.])/g, "\u2212");

/** What must be known before the numbers are used, each in a line of its own. */
function facts(fit: FitRecord, words: Words): HTMLElement {
  const items = words.fit.facts(fit).map(({ text, grave }) => element("li", { class: grave ? "grave" : null }, text));
  return element("ul", { class: "facts-list" }, ...items);
}

/** Below the diagonal: each number once. */
function correlations(fit: FitRecord, words: Words): HTMLElement {
  const { title, none, some } = words.fit.correlations, { cells } = fit;
  if (cells.length < 2) return element("p", { class: "note" }, none);
  const name = (i: number) => fit.parameters[i].name;
  const head = element("tr", {}, element("td"), ...cells.slice(0, -1).map((i) => element("th", { scope: "col" }, name(i))));
  const rows = cells.slice(1).map((i, k) =>
    element("tr", {}, element("th", { scope: "row" }, name(i)), ...cells.slice(0, -1).map((j, column) => (column <= k ? cell(fit, i, j) : element("td")))),
  );
  const note = fit.count > cells.length ? element("p", { class: "note" }, some(cells.length, fit.count)) : null;
  return element("div", { class: "correlations" }, element("h3", {}, title),
    element("div", { class: "numbers", role: "group", tabindex: 0, "aria-label": title }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows))), note);
}

/** The number says it; the shade and the weight of its letters only help to find it. */
function cell(fit: FitRecord, i: number, j: number): HTMLElement {
  const r = correlationOf(fit, i, j), size = Math.abs(r ?? 0);
  const shade = `background: color-mix(in srgb, ${(r ?? 0) < 0 ? "var(--bad)" : "var(--accent)"} ${Math.round(22 * size)}%, transparent)`;
  return element("td", { "data-correlation": r ?? "", style: shade, class: size > STRONG ? "strong" : null }, share(r));
}

/** With so many digits that one below 1 does not read as 1. */
export function share(r: number | null): string {
  if (r === null) return "\u2013";
  if (Math.abs(r) === 1) return r > 0 ? "+1" : "\u22121";
  const digits = Math.abs(r) < 0.995 ? 2 : Math.min(8, Math.max(2, 1 - Math.floor(Math.log10(Math.max(1 - Math.abs(r), 1e-16)))));
  const text = Math.abs(r).toFixed(digits);
  return Number(text) === 0 ? (r === 0 ? "0" : text) : `${r < 0 ? "\u2212" : "+"}${text}`;
}
