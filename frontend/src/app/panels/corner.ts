/** The corner plot: a cell for every pair of parameters, names and values on the diagonal. */

import type { FitRecord } from "../../engine/record";
import { short } from "../../scene/number";
import { LEVELS, correlationOf, grownOf, held, pairScene, profileScene, wholeOf } from "../../views/corner";
import { element } from "../dom";
import { Figure } from "../figure";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import type { Words } from "../words/words";
import { share } from "./parameters";

/** So many parameters have their pairs beside the curve. */
const FEW = 3;

export function cornerPanel(fit: FitRecord, store: Store, words: Words): Panel {
  const shown = fit.corner, count = shown.length, said = words.fit.corner;
  const drawings: Drawing[] = [];
  const grid = element("div", { class: "corner", style: `--count: ${count}` });
  shown.forEach((i, down) => {
    shown.slice(0, down).forEach((j, across) => {
      const figure = new Figure(`corner-${i}-${j}`, () => store.touch()), pair = said.pair(nameOf(fit, i), nameOf(fit, j), share(correlationOf(fit, i, j)));
      const labels = down === 1 && across === 0 ? [...LEVELS.map((k) => said.level(k)), said.whole.level] : [];
      drawings.push({ figure, draw: (whole) => figure.draw(pairScene(fit, i, j, labels, whole), whole ? pair + said.whole.pair(share(wholeOf(fit, i, j)?.r ?? null)) : pair) });
      grid.append(placed(figure.root, down, across));
    });
    grid.append(placed(diagonal(fit, i, store, words, drawings), down, down));
  });
  const choice = wholeSwitch(fit, store, words), { root, explain } = section("corner", said.heading, grid, choice.root);
  root.classList.toggle("wide", count > FEW);
  return {
    root,
    needs: ({ state }) => [state.whole, ...drawings.map(({ figure }) => figure.size)],
    paint: ({ state }) => {
      const whole = state.whole && fit.whole?.why === "";
      choice.paint(whole);
      drawings.forEach(({ draw }) => draw(whole));
      const text = said.explain(LEVELS.map((k) => held(fit, k)), fit.profiles.length > 0);
      say(explain, whole ? `${text} ${said.whole.explain(compared(fit))}` : text, fit.count > count ? said.some(count, fit.count) : "");
    },
  };
}

interface Drawing { figure: Figure; draw: (whole: boolean) => void }

/** J'J alone, or the full H beside it; why not, where there is none. */
function wholeSwitch(fit: FitRecord, store: Store, words: Words): { root: HTMLElement; paint: (whole: boolean) => void } {
  const { whole: said } = words.fit.corner, why = fit.whole?.why ?? "unknown";
  const input = element("input", { type: "checkbox", disabled: why !== "", "data-control": "whole" });
  input.addEventListener("change", () => store.set({ whole: input.checked }));
  const root = element("div", { class: "tools" }, element("label", { class: "radio" }, input, said.switch), why ? element("span", {}, said.none[why]) : null);
  return { root, paint: (whole) => { input.checked = whole; } };
}

/** Every parameter of the corner with both standard errors, and whose differ most. */
function compared(fit: FitRecord): Parameters<Words["fit"]["corner"]["whole"]["explain"]>[0] {
  const off = (i: number): number => Math.abs(Math.log(grownOf(fit, i) ?? 1)), worst = fit.corner.reduce((most, i) => (off(i) > off(most) ? i : most));
  const pairs = fit.corner.map((i, k): [string, string, string] => [nameOf(fit, i), short(fit.parameters[i].error), short(fit.whole!.errors[k])]);
  return { pairs, name: nameOf(fit, worst), most: grownOf(fit, worst) ?? 1 };
}

const nameOf = (fit: FitRecord, i: number): string => fit.parameters[i].name;

function placed(node: HTMLElement, row: number, column: number): HTMLElement {
  node.style.gridArea = `${row + 1} / ${column + 1}`;
  return node;
}

/** Name and value, and the profile where one was computed. */
function diagonal(fit: FitRecord, i: number, store: Store, words: Words, drawings: Drawing[]): HTMLElement {
  const { name, words: [value, error] } = fit.parameters[i];
  const cell = element("div", { class: "corner-name" }, element("strong", {}, name), element("span", {}, `${value} \u00b1 ${error}`.replace(/-(?=[\d.])/g, "\u2212")));
  if (!profileScene(fit, i)) return cell;
  const figure = new Figure(`corner-${i}`, () => store.touch());
  drawings.push({ figure, draw: (whole) => figure.draw(profileScene(fit, i, whole)!, words.fit.corner.profile(name)) });
  cell.append(figure.root);
  return cell;
}
