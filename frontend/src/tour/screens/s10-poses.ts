/** A map of 20 poses: a loop that odometry leaves open, and steps of Gauss-Newton that close it. */

import { drawn, element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { short } from "../../scene/number";
import { color } from "../../scene/style";
import type { Item, Pair, Scene } from "../../scene/types";
import { LOOP, POSE, advance, blocks, countOf, poseOf, reckoned, strain, total } from "../poses";
import { PAGES, roving } from "../roving";
import type { Host } from "../screen";
import type { MillionWords, Part } from "./s10-words";

/** All poses, and the sum of squares after every step since a hand was last there. */
export interface MapState { all: number[]; falls: number[]; settled: boolean }

const OPEN = reckoned(LOOP), COUNT = countOf(LOOP);
/** Around the map, open or closed. */
const WINDOW: Scene["window"] = [-6.7, 6.1, -4.8, 5.2];
/** The length of an arrow that shows a heading. */
const HEADING = 0.62;
/** Edges within so many standard errors are calm; beyond the second they are broken. */
const CALM = 1, BROKEN = 3;

export const beginMap = (): MapState => ({ all: [...OPEN], falls: [total(LOOP, OPEN)], settled: false });

export const edgeRole = (off: number): string => (off > BROKEN ? "edge-broken" : off > CALM ? "edge-strained" : "edge");

const placeOf = (all: readonly number[], k: number): Pair => [all[POSE * k], all[POSE * k + 1]];

export function mapScene({ all }: MapState, said: MillionWords): Scene {
  const items: Item[] = [], moved = all.some((a, i) => a !== OPEN[i]), places = Array.from({ length: COUNT }, (_, k) => placeOf(all, k));
  if (moved) items.push({ kind: "curve", role: "reckoned", points: places.map((_, k) => placeOf(OPEN, k)), label: said.map.reckoned });
  for (const edge of LOOP.edges) {
    const off = strain(edge, all), closing = edge.to < edge.from;
    items.push({ kind: "curve", role: edgeRole(off), points: [places[edge.from], places[edge.to]], label: closing ? said.map.closure(short(off, 2)) : undefined });
  }
  places.forEach(([x, y], k) => {
    const angle = poseOf(all, k)[2];
    items.push({ kind: "arrow", role: "pose", tail: [x, y], head: [x + HEADING * Math.cos(angle), y + HEADING * Math.sin(angle)] });
  });
  items.push({ kind: "dots", role: "pose", points: places.slice(1), filled: places.slice(1).map(() => false) });
  items.push({ kind: "dots", role: "start", points: [places[0]], filled: [true], label: said.map.held });
  return { view: "map", question: "", window: WINDOW, items, equal: true, ticks: "" };
}

/** A step that brings the sum down by less than this share of it is the last. */
export const SLIGHT = 1e-9;

/** One step; where it no longer brings the sum down, the map has settled. */
export function stepped({ all, falls }: MapState): MapState {
  const next = advance(LOOP, all), before = falls[falls.length - 1], after = total(LOOP, next.all);
  if (next.share === 0) return { all, falls, settled: true };
  return { all: next.all, falls: [...falls, after], settled: before - after <= SLIGHT * before };
}

/** The edge that is off most, in standard errors. */
export const worst = (all: readonly number[]): number => Math.max(...LOOP.edges.map((edge) => strain(edge, all)));

export function mapPart(host: Host, said: MillionWords, state: MapState): Part {
  const figure = new Figure("map", host.touch), falls = element("ol", { class: "falls", start: 0 });
  const put = (next: MapState): void => { Object.assign(state, next); host.touch(); };
  const reset = (): void => put(beginMap());
  const handles = Array.from({ length: COUNT - 1 }, (_, i) => new Handle(figure, {
    label: said.map.pose(i + 2), kind: host.page.local.draggable, role: "pose", reset,
    move: (to) => {
      const all = [...state.all];
      [0, 1].forEach((k) => { all[POSE * (i + 1) + k] = Math.min(WINDOW[2 * k + 1], Math.max(WINDOW[2 * k], to[k])); });
      put({ all, falls: [total(LOOP, all)], settled: false });
    },
  }));
  roving(handles, PAGES);
  const step = element("button", { type: "button", "data-control": "step" }, said.map.step), back = element("button", { type: "button", class: "quiet", "data-control": "open" }, said.map.open);
  step.addEventListener("click", () => put(stepped(state)));
  back.addEventListener("click", reset);
  const count = blocks(LOOP, OPEN).flat().filter(Boolean).length;
  const side = element("div", { class: "beside" }, pattern(said), element("p", { class: "explain" }, said.map.pattern(POSE * COUNT, COUNT * COUNT, count)), element("p", { class: "explain" }, said.map.sum), falls);
  return {
    root: element("div", {}, element("div", { class: "map" }, element("div", {}, figure.root, element("p", { class: "tools" }, step, back)), side), element("p", { class: "explain" }, said.map.explain(CALM, BROKEN))),
    size: () => figure.size,
    paint: () => {
      figure.draw(mapScene(state, said), said.map.picture);
      handles.forEach((handle, i) => handle.place(placeOf(state.all, i + 1), placeOf(state.all, i + 1).map((a) => short(a, 3)).join(", ")));
      falls.replaceChildren(...state.falls.map((sum) => element("li", { "data-sum": sum }, short(sum, 4))));
      step.disabled = state.settled;
    },
    readout: () => said.map.told({ sum: short(state.falls.at(-1), 4), steps: state.falls.length - 1, worst: short(worst(state.all), 2), settled: state.settled }),
  };
}

/** Which poses J'J ties to which. The first one's row and column are left out of the solve. */
function pattern(said: MillionWords): SVGSVGElement {
  const cells = blocks(LOOP, OPEN).flatMap((row, i) => row.flatMap((met, j) => (met ? [{ i, j }] : [])));
  const look = (i: number, j: number): string => (i === 0 || j === 0 ? "reckoned" : "pose");
  const box = ({ i, j }: { i: number; j: number }): SVGElement => drawn("rect", { x: j + 0.08, y: i + 0.08, width: 0.84, height: 0.84, fill: color(look(i, j)), "data-row": i, "data-column": j });
  return drawn("svg", { class: "pattern", viewBox: `-0.2 -0.2 ${COUNT + 0.4} ${COUNT + 0.4}`, role: "img", "aria-label": said.map.patternName },
    drawn("rect", { x: 0, y: 0, width: COUNT, height: COUNT, fill: "none", stroke: "var(--frame, #c9ced6)", "stroke-width": 0.15 }), ...cells.map(box));
}
