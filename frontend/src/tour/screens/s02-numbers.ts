/** Two variables: the curvature is a table of four numbers; with f and g it makes the model, right within a ring around x. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import type { Words } from "../../app/words/words";
import { level } from "../../maths/conic";
import { contours } from "../../maths/contour";
import type { Quadratic, Vec } from "../../maths/quadratic";
import { type Ring, ring } from "../../maths/trust";
import { norm } from "../../maths/vector";
import { halves, type Window } from "../../maths/window";
import { short } from "../../scene/number";
import type { Item, Pair, Scene } from "../../scene/types";
import { throughX } from "../../views/local";
import { chapter, type Host, type Screen } from "../screen";
import { contextAt, terrain } from "../terrain";
import { words, type NumbersWords } from "./s02-words";
import "./s02.css";

/**
 * A hollow with saddles beside it. All numbers of H change from place to place, and no direction is free of bends of
 * higher order: along x2 the tour's valley is exactly a parabola, so that a ring around x would never close.
 */
export const GROUND = "0.2*x1^2 + 0.3*x2^2 + 0.4*x1*x2 + 0.4*sin(1.2*x1 - 0.6*x2 - 0.2) + 0.5*cos(x1 + 1.8*x2 - 1.3)";
const WINDOW: Window = [-2.4, 1.8, -1.6, 1.4];

export type Show = "f" | "model" | "both";
const SHOWS: Show[] = ["f", "model", "both"];
export interface State { x: Vec; show: Show }

const land = terrain(GROUND);

/** f, g and H at x. */
export const board = (x: Vec): { quad: Quadratic } | null => {
  const quad = land.quadratic(x);
  return quad && { quad };
};

let known: { quad: Quadratic; seen: Ring } | null = null;

/** The ring of x, which picture and words share. */
function ringOf(quad: Quadratic): Ring {
  const same = known && known.quad.at[0] === quad.at[0] && known.quad.at[1] === quad.at[1];
  if (!same) known = { quad, seen: ring(quad, land.value, 2 * norm(halves(WINDOW))) };
  return known!.seen;
}

/** How far from x the model is right to a tenth: in the worst direction and in the best; null where that has no end. */
export function reachOf(x: Vec): { nearest: number; farthest: number | null } | null {
  const quad = land.quadratic(x), seen = quad && ringOf(quad);
  return seen && { nearest: seen.nearest, farthest: Number.isFinite(seen.farthest) ? seen.farthest : null };
}

export function numbersScene({ x, show }: State, said: NumbersWords, page: Words): Scene | null {
  const context = contextAt(land, x, WINDOW, page);
  if (!context) return null;
  const { quad, window, grid } = context, heights = grid ? contours(grid).levels : [], f = show !== "model", model = show !== "f";
  const cross = ([[WINDOW[0] * 3, x[1]], [WINDOW[1] * 3, x[1]]] satisfies Pair[]), plumb = [[x[0], WINDOW[2] * 3], [x[0], WINDOW[3] * 3]] satisfies Pair[];
  return {
    view: "numbers", question: "", window, equal: true, x_label: context.axes[0], y_label: context.axes[1],
    items: [
      ...(model ? trust(ringOf(quad), said.ring) : []),
      ...(f && grid ? [contours(grid)] : []), { kind: "curve", role: "spoke", points: cross }, { kind: "curve", role: "spoke", points: plumb },
      ...(model ? heights.flatMap((height) => level(quad, window, "model-contour", height - quad.value)) : []),
      ...(f ? throughX(context) : []), ...(model ? labeled(level(quad, window, "model-level"), page.views.modelThrough) : []),
      { kind: "dots", role: "point", points: [x], filled: [true], held: true, label: "x" },
    ],
  };
}

/** The ring, and the shade within it. */
const trust = ({ pieces, inside }: Ring, label: string): Item[] => [
  { kind: "curve", role: "fidelity", points: inside, closed: true, fill: true },
  ...labeled(pieces.map((points): Item => ({ kind: "curve", role: "ten-percent", points })).sort((a, b) => lengthOf(b) - lengthOf(a)), label),
];
const lengthOf = (item: Item): number => (item.kind === "curve" ? item.points.length : 0);

const labeled = (items: Item[], label: string): Item[] => items.map((item, i) => (i ? item : ({ ...item, label } as Item)));

function make(host: Host, said: NumbersWords, state: State): Screen {
  const figure = new Figure("numbers", host.touch), table = tables(said), show = choices(said, state, host);
  const reset = (): void => {
    Object.assign(state, { x: begin().x });
    host.touch();
  };
  const move = (to: Pair): void => {
    state.x = to.map((a, k) => Math.min(WINDOW[2 * k + 1], Math.max(WINDOW[2 * k], a))) as Vec;
    host.touch();
  };
  const handle = new Handle(figure, { label: host.page.local.handle, kind: host.page.local.draggable, role: "point", move, reset });
  return {
    root: element("div", { class: "ground" }, figure.root, element("div", { class: "side" }, show.root, table.root)),
    paint: () => {
      const scene = numbersScene(state, said, host.page), quad = land.quadratic(state.x);
      if (!scene || !quad) return;
      figure.draw(scene, said.picture);
      handle.place(state.x, host.page.local.value(land.names[0], short(state.x[0], 3), land.names[1], short(state.x[1], 3)));
      table.paint(quad);
      show.paint();
    },
    readout: () => {
      const reach = reachOf(state.x);
      return reach ? said.told(short(reach.nearest, 2), reach.farthest === null ? null : short(reach.farthest, 2)) : "";
    },
  };
}

/** f, the model or both. */
function choices(said: NumbersWords, state: State, host: Host): { root: HTMLElement; paint(): void } {
  const inputs = SHOWS.map((value) => {
    const input = element("input", { type: "radio", name: "numbers-show", value });
    input.addEventListener("change", () => {
      state.show = value;
      host.touch();
    });
    return input;
  });
  const labels = SHOWS.map((value, k) => element("label", { class: "radio" }, inputs[k], element("span", {}, said[value])));
  return {
    root: element("fieldset", { class: "choice tools" }, element("legend", {}, said.show), ...labels),
    paint: () => inputs.forEach((input) => (input.checked = input.value === state.show)),
  };
}

/** g as two numbers and H as a table of four, each named by what it says. */
function tables(said: NumbersWords): { root: HTMLElement; paint(quad: Quadratic): void } {
  const cell = (name: string, role: string, words: string): HTMLElement => element("td", { "data-entry": name }, element("small", {}, words), element("b", { "data-role": role }));
  const [a, b] = land.names, head = (text: string, scope: string): HTMLElement => element("th", { scope }, text);
  const slopes = element("table", { class: "matrix vector" }, element("caption", {}, said.slopes), element("tbody", {},
    element("tr", {}, head(a, "row"), cell("g1", "minus-gradient", said.slope(a))), element("tr", {}, head(b, "row"), cell("g2", "minus-gradient", said.slope(b)))));
  const bends = element("table", { class: "matrix" }, element("caption", {}, said.bends), element("thead", {}, element("tr", {}, element("td"), head(a, "col"), head(b, "col"))), element("tbody", {},
    element("tr", {}, head(a, "row"), cell("H11", "model-level", said.bend(a)), cell("H12", "model-level", said.twist)),
    element("tr", {}, head(b, "row"), cell("H21", "model-level", said.twist), cell("H22", "model-level", said.bend(b)))));
  const root = element("div", { class: "entries" }, bends, slopes);
  return {
    root,
    paint: ({ gradient: [g1, g2], hessian: [h11, h12, h22] }) => {
      for (const [name, value] of Object.entries({ g1, g2, H11: h11, H12: h12, H21: h12, H22: h22 })) {
        const entry = root.querySelector<HTMLElement>(`[data-entry="${name}"]`)!;
        entry.dataset.value = String(value);
        entry.querySelector("b")!.textContent = fixed(value);
      }
    },
  };
}

/** Two decimals: numbers that keep their places can be watched. */
const fixed = (value: number): string => value.toFixed(2).replace(/^-(?=0\.00$)/, "").replace("-", "\u2212");

export const begin = (): State => ({ x: [-1.4, -0.5], show: "both" });

export const numbers = chapter({ id: "numbers", words, begin, make });
