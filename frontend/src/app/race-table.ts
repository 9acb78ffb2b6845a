/** The race in numbers: a row for every method. */

import { errorsOfX, observedOrder, type Runner } from "../methods/race";
import { short } from "../scene/number";
import { element } from "./dom";
import type { Words } from "./words/words";

export function fillTable(body: HTMLElement, runners: readonly Runner[], laps: number, words: Words): void {
  body.replaceChildren(...runners.map((runner) => row(runner, laps, words)));
}

function row({ method, trials, values, points, digits, answer, status }: Runner, laps: number, words: Words): HTMLTableRowElement {
  const { race: said, names } = words.methods, rejected = trials.filter((trial) => !trial.accepted).length;
  const order = answer && observedOrder(errorsOfX(points.filter((x, k) => k === 0 || x !== points[k - 1]), answer.x));
  const cells = [
    String(trials.length), String(rejected), short(values[values.length - 1], 6), digits ? digits[digits.length - 1].toFixed(1) : said.noAnswer,
    order === null ? said.noOrder : order.toFixed(1), status === "STEPS" ? said.limit(laps) : words.status[status],
  ];
  return element("tr", { "data-method": method }, element("th", { scope: "row" }, names[method]), ...cells.map((text) => element("td", {}, text)));
}
