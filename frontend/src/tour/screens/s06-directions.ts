/** Every -g of length 1 at once: H^(-t) turns their circle into the stretched circle, by way of the contour's shape. */

import { element, rich } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { type Quadratic, type Vec, eigen } from "../../maths/quadratic";
import { factors, stretched } from "../../maths/stretch";
import { solve } from "../../maths/symmetric";
import { angleBetween, norm, scale } from "../../maths/vector";
import type { Window } from "../../maths/window";
import { short } from "../../scene/number";
import type { Item, Scene } from "../../scene/types";
import type { Context } from "../../views/context";
import { dual } from "../../views/dual";
import { stretch } from "../../views/stretch";
import type { Words } from "../../app/words/words";
import { bareContext } from "../bare";
import { fourEllipses } from "../ellipses";
import { onPaper } from "../paper";
import { power } from "../power";
import { chapter, type Host, type Screen } from "../screen";
import { terrain } from "../terrain";
import { type DirectionsWords, words } from "./s06-words";
import "./s06.css";

/** Eigenvalues 0.5 along (2, 1) and 2.5 along (1, -2). */
export const land = terrain("0.45*x1^2 - 0.8*x1*x2 + 1.05*x2^2");
const HESSIAN = land.quadratic([0, 0])!.hessian;
/** Room for the circle, and for the longest axis of what becomes of it. */
const WINDOW: Window = [-2.45, 2.45, -1.24, 1.24];

/** The power, where -g points (radians), whether the dual is shown and the table is open. */
export interface State { t: number; around: number; dual: boolean; four: boolean }

export const begin = (): State => ({ t: 1, around: 1.25, dual: false, four: false });

/** The -g that is followed: of length 1. */
export const slopeAt = (around: number): Vec => [Math.cos(around), Math.sin(around)];

/** f where its -g has length 1 and this direction. The level met farthest out gives the dual's picture its size. */
export function contextOf(around: number, page: Words): Context {
  const at = (g: Vec): Vec => solve(HESSIAN, g), flat = eigen(land.quadratic([0, 0])!).axes[0];
  return bareContext(land.quadratic(at(scale(-1, slopeAt(around))))!, WINDOW, page, { base: land.quadratic(at(flat))! });
}

const angleOf = ({ axes: [[a, b]] }: { axes: [Vec, Vec] }): number => Math.atan2(b, a);
const circle: Item = { kind: "ellipse", role: "slopes", center: [0, 0], semi: [1, 1], angle: 0 };

/** What of the view a tour shows: the parts and their sum were the last screen. */
const SHOWN = ["spoke", "axis", "stretched", "newton", "minus-gradient", "point"];

/** The circle and the contour, and in front of them what H^(-t) has made of the circle. */
export function stretchScene(context: Context, t: number, said: DirectionsWords): Scene {
  const scene = stretch(context, { t, around: null }), q = context.quad;
  const contour: Item = { kind: "ellipse", role: "model", center: [0, 0], semi: fourEllipses(q)[0].semi, angle: angleOf(eigen(q)), lam: eigen(q).values, label: t === 0.5 ? "" : said.contour };
  const before: Item = { kind: "arrow", role: "minus-gradient", tail: [0, 0], head: scale(-1, q.gradient), held: true, label: said.minusGradient };
  const image = scene.items.filter((item) => SHOWN.includes(item.role));
  return { ...scene, window: WINDOW, ticks: "", x_label: "", y_label: "", items: [circle, contour, ...(t === 0 ? [] : [before]), ...image] };
}

/** The gradients of the level through x, and the circle that the hand follows. */
export function dualScene(context: Context): Scene {
  const scene = dual(context);
  return { ...scene, ticks: "", items: [circle, ...scene.items.map((item) => (item.role === "dual-axis" || item.role === "center" ? ({ ...item, label: "" } as Item) : item))] };
}

/** What the sentence under the picture says: semi-axes, and what became of this -g. */
export function numbers(q: Quadratic, t: number): { semi: Vec; length: number; turn: number } {
  const slope = scale(-1, q.gradient), image = stretched(q, t, slope)!;
  return { semi: factors(q, t)!, length: norm(image), turn: angleBetween(slope, image) };
}

function make(host: Host, said: DirectionsWords, state: State): Screen {
  const figure = new Figure("directions", host.touch), other = new Figure("directions-dual", host.touch);
  const to = (v: Vec): void => {
    if (norm(v) > 0) state.around = Math.atan2(v[1], v[0]);
    host.touch();
  };
  const common = { kind: host.page.stretch.draggable, reset: () => to(slopeAt(begin().around)), turn: (by: number) => to(slopeAt(state.around + (by * Math.PI) / 180)) };
  const slope = new Handle(figure, { ...common, label: said.pullStep, role: "slopes", move: to });
  const gradient = new Handle(other, { ...common, label: said.pullGradient, role: "gradient", move: (g) => to(scale(-1, g)) });
  const show = element("button", { type: "button", class: "quiet", "data-control": "dual" });
  show.addEventListener("click", () => {
    state.dual = !state.dual;
    host.touch();
  });
  const tools = power(host, state, "stretch", said, ["t = 0", "1"], show), pictures = element("div", { class: "pictures" }, figure.root, other.root);
  const four = fourTable(said, state), root = element("div", {}, pictures, tools.root, four.root);
  return {
    root,
    paint: () => {
      const context = contextOf(state.around, host.page), degrees = (v: Vec): string => said.at(short(Math.round((Math.atan2(v[1], v[0]) * 180) / Math.PI), 4));
      pictures.classList.toggle("pair", state.dual || onPaper());
      show.textContent = state.dual ? said.hideDual : said.showDual;
      show.setAttribute("aria-pressed", String(state.dual));
      figure.draw(stretchScene(context, state.t, said), said.picture);
      slope.place(slopeAt(state.around), degrees(slopeAt(state.around)));
      if (state.dual || onPaper()) other.draw(dualScene(context), said.dualPicture);
      gradient.place(state.dual ? context.quad.gradient : null, degrees(context.quad.gradient));
      tools.paint(true);
      four.paint(state.t);
    },
    readout: () => {
      const { semi, length, turn } = numbers(contextOf(state.around, host.page).quad, state.t);
      return said.told({ t: state.t, semi: [short(semi[0]), short(semi[1])], length: short(length), turn: turn.toFixed(1), dual: state.dual || onPaper() });
    },
  };
}

/** The table, and the row whose ellipse the power t has reached. */
function fourTable(said: DirectionsWords, state: State): { root: HTMLElement; paint: (t: number) => void } {
  const q = land.quadratic([0, 0])!, [a, b] = eigen(q).values;
  const rows = fourEllipses(q).map(({ name, t, semi, role }) => {
    const { name: title, set, semi: formula, home, says } = said.rows[name];
    const cell = (k: number, text: string, more: Record<string, string> = {}): HTMLElement => element("td", { "data-head": said.heads[k], ...more }, text);
    const numbers = semi.map((length, i) => cell(3 + i, short(length), { "data-semi": String(length) }));
    return { t, row: element("tr", { "data-ellipse": name }, element("th", { scope: "row" }, ...rich(`{${role}:${title}}`)), cell(1, set), cell(2, formula), ...numbers, cell(5, short(t)), cell(6, home), cell(7, says)) };
  });
  const head = element("tr", {}, ...said.heads.map((text) => (text ? element("th", { scope: "col" }, text) : element("td"))));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows.map(({ row }) => row)));
  const details = element("details", { class: "four", open: state.four }, element("summary", {}, said.four), element("p", {}, said.caption(short(a), short(b))), table);
  details.addEventListener("toggle", () => { state.four = details.open; });
  return {
    root: details,
    paint: (t) => rows.forEach((own) => own.row.classList.toggle("here", own.t === t)),
  };
}

export const directions = chapter({ id: "directions", words, begin, make });
