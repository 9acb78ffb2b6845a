/** H^-1 divides: -g split along the eigenvectors, each part divided by its eigenvalue, and their sum ends at the center. */

import { element, iconButton, setIcon } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { type Quadratic, type Vec, newton } from "../../maths/quadratic";
import { short } from "../../scene/number";
import { Motion } from "../animate";
import { chapter, type Host, type Screen } from "../screen";
import { VALLEY, terrain } from "../terrain";
import { DIVIDED, SPLIT, WINDOW, atRest, dividesScene, kept, partsOf, scaleOf } from "./s05-scene";
import { words, type DividesWords } from "./s05-words";
import "./s05.css";

interface State { x: Vec; t: number; motion: Motion }

const MILLISECONDS = 6000;
const START: Vec = [2.2, 0.9];

const land = terrain(VALLEY);

/** All of it is seen at first, and on paper. */
const begin = (): State => ({ x: START, t: 1, motion: new Motion() });

function make(host: Host, said: DividesWords, state: State): Screen {
  const figure = new Figure("divides", host.touch), names: [string, string] = ["x\u2081", "x\u2082"];
  const set = (next: Partial<State>): void => {
    Object.assign(state, next);
    host.touch();
  };
  const reset = (): void => {
    state.motion.stop();
    set({ x: START, t: 1 });
  };
  const toggle = (): void => {
    if (state.motion.playing) state.motion.stop();
    else state.motion.start(MILLISECONDS, state.t < 1 ? state.t : 0, (t) => set({ t }));
    host.touch();
  };
  const handle = new Handle(figure, { label: said.point, kind: host.page.local.draggable, role: "point", move: (to) => set({ x: kept(state.x, to, land.quadratic) }), reset });
  const button = iconButton("play", said.play, toggle), slider = element("input", { type: "range", min: 0, max: 1, step: 0.005, "aria-label": said.slider, "data-control": "progress" });
  slider.addEventListener("input", () => {
    state.motion.stop();
    set({ t: Number(slider.value) });
  });
  slider.addEventListener("keydown", (event) => event.key === "Escape" && reset());
  const phase = element("output", { class: "number" }), body = element("tbody");
  const table = element("table", { class: "division" }, body);
  return {
    root: element("div", {}, figure.root, element("p", { class: "tools" }, button, slider, phase), table),
    paint: () => {
      const q = land.quadratic(state.x)!, { playing } = state.motion;
      figure.draw(dividesScene(q, state.t, land.grid(WINDOW), names, said, host.page.views), said.picture);
      handle.place(state.x, `x = (${state.x.map((a) => short(a)).join(", ")})`);
      setIcon(button, playing ? "pause" : "play", playing ? said.pause : said.play);
      slider.value = String(state.t);
      phase.textContent = said.phases[phaseOf(state.t)];
      slider.setAttribute("aria-valuetext", said.phases[phaseOf(state.t)]);
      body.replaceChildren(...rows(q, said));
    },
    readout: () => told(land.quadratic(state.x)!, phaseOf(state.t), said),
  };
}

/** The division of each part in numbers, the steep one first: it shrinks. */
function rows(q: Quadratic, said: DividesWords): HTMLElement[] {
  const own = partsOf(q), k = scaleOf(q);
  return [1, 0].map((i) => {
    const { lambda, slope, step } = own[i], [name, ...cells] = said.row(i === 1, slope, lambda, step, 1 / (lambda * k));
    return element("tr", { "data-part": i === 1 ? "steep" : "flat", "data-step": step }, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell)));
  });
}

function told(q: Quadratic, phase: Phase, said: DividesWords): string {
  const [flat, steep] = partsOf(q), size = (a: number): string => short(Math.abs(a));
  if (atRest(q)) return said.rest;
  if (phase < 2) return said.split(size(steep.slope), size(flat.slope));
  if (phase === 3) return said.lands(newton(q).map((a) => short(a)).join(", "));
  return said.divides([size(steep.slope), short(steep.lambda), size(steep.step)], [size(flat.slope), short(flat.lambda), size(flat.step)]);
}

type Phase = 0 | 1 | 2 | 3;

/** -g, split, divided, added up. */
const phaseOf = (t: number): Phase => (t <= 0 ? 0 : t <= SPLIT ? 1 : t <= DIVIDED ? 2 : 3);

export const divides = chapter({ id: "divides", words, begin, make });
