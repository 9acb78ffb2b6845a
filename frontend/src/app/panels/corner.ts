/** The corner plot: a cell for every pair of parameters, names and values on the diagonal. */

import type { FitRecord } from "../../engine/record";
import { LEVELS, correlationOf, held, pairScene, profileScene } from "../../views/corner";
import { element } from "../dom";
import { Figure } from "../figure";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import type { Words } from "../words/words";
import { share } from "./parameters";

/** So many parameters have their pairs beside the curve. */
const FEW = 3;

export function cornerPanel(fit: FitRecord, store: Store, words: Words): Panel {
  const shown = fit.corner, count = shown.length;
  const drawings: { figure: Figure; draw: () => void }[] = [];
  const grid = element("div", { class: "corner", style: `--count: ${count}` });
  shown.forEach((i, down) => {
    shown.slice(0, down).forEach((j, across) => {
      const figure = new Figure(`corner-${i}-${j}`, () => store.touch());
      const labels = down === 1 && across === 0 ? LEVELS.map((k) => words.fit.corner.level(k)) : [];
      drawings.push({ figure, draw: () => figure.draw(pairScene(fit, i, j, labels), words.fit.corner.pair(nameOf(fit, i), nameOf(fit, j), share(correlationOf(fit, i, j)))) });
      grid.append(placed(figure.root, down, across));
    });
    grid.append(placed(diagonal(fit, i, store, words, drawings), down, down));
  });
  const { root, explain } = section("corner", words.fit.corner.heading, grid);
  root.classList.toggle("wide", count > FEW);
  return {
    root,
    needs: () => drawings.map(({ figure }) => figure.size),
    paint: () => {
      drawings.forEach(({ draw }) => draw());
      const more = fit.count > count ? words.fit.corner.some(count, fit.count) : "";
      say(explain, words.fit.corner.explain(LEVELS.map((k) => held(fit, k)), fit.profiles.length > 0), more);
    },
  };
}

const nameOf = (fit: FitRecord, i: number): string => fit.parameters[i].name;

function placed(node: HTMLElement, row: number, column: number): HTMLElement {
  node.style.gridArea = `${row + 1} / ${column + 1}`;
  return node;
}

/** Name and value, and the profile where one was computed. */
function diagonal(fit: FitRecord, i: number, store: Store, words: Words, drawings: { figure: Figure; draw: () => void }[]): HTMLElement {
  const { name, words: [value, error] } = fit.parameters[i], scene = profileScene(fit, i);
  const cell = element("div", { class: "corner-name" }, element("strong", {}, name), element("span", {}, `${value} \u00b1 ${error}`.replace(/-(?=[\d.])/g, "\u2212")));
  if (!scene) return cell;
  const figure = new Figure(`corner-${i}`, () => store.touch());
  drawings.push({ figure, draw: () => figure.draw(scene, words.fit.corner.profile(name)) });
  cell.append(figure.root);
  return cell;
}
