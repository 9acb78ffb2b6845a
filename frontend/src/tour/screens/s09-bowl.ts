/** Where there is no bowl: Newton's step goes to a pass or a peak there, and what holds a step back turns it downhill. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Gauge } from "../../app/gauge";
import { Handle } from "../../app/handle";
import { say } from "../../app/panel";
import { short } from "../../scene/number";
import type { Pair } from "../../scene/types";
import { TAKE } from "../../views/walk";
import { chapter, type Host, type Screen } from "../screen";
import { WINDOW, begin, bowlScene, change, seenAt, stepAt, type Hold, type State } from "./s09-scene";
import { words, type BowlWords } from "./s09-words";
import "./s09.css";

/** The zones of the gauge: rejected, less than promised, more; the looks of the last two are those of taken steps. */
const EDGES = [-0.5, TAKE, 1, 1.5], LOOKS = [0, 3, 3];

function make(host: Host, said: BowlWords, state: State): Screen {
  const figure = new Figure("bowl", host.touch), explain = element("p", { class: "explain" }), { slider, amount, root: tools } = controls(host, said, state);
  const gauge = new Gauge(said.gauge, EDGES, said.zones, LOOKS);
  const point = new Handle(figure, {
    label: said.pull, kind: host.page.local.draggable, role: "point", reset: () => Object.assign(state, begin()) && host.touch(),
    move: (to) => {
      state.x = kept(to, figure.frame?.window ?? WINDOW);
      host.touch();
    },
  });
  let seen = seenAt(state);
  return {
    root: element("div", {}, figure.root, tools, gauge.root, explain),
    paint: () => {
      const w = stepAt(state), position = String(state.slide[state.hold]);
      seen = seenAt(state, w);
      figure.draw(bowlScene(state, w, said), said.picture);
      point.place(state.x, host.page.local.value("x₁", short(state.x[0], 3), "x₂", short(state.x[1], 3)));
      tools.querySelectorAll("input[type=radio]").forEach((radio) => ((radio as HTMLInputElement).checked = (radio as HTMLInputElement).value === state.hold));
      if (slider.value !== position) slider.value = position;
      slider.setAttribute("aria-label", said.holds[state.hold]);
      slider.setAttribute("aria-valuetext", said.amount(seen));
      amount.textContent = said.amount(seen);
      gauge.show(!w || w.still || !(w.predicted > 0) ? null : w.ratio);
      say(explain, said.step(seen));
    },
    readout: () => said.told(seen),
  };
}

/** What holds the step back, and how much. */
function controls(host: Host, said: BowlWords, state: State): { root: HTMLElement; slider: HTMLInputElement; amount: HTMLElement } {
  const slider = element("input", { type: "range", min: 0, max: 1, step: 0.002, "data-control": "hold" }), amount = element("output", { class: "number" });
  slider.addEventListener("input", () => {
    state.slide[state.hold] = Number(slider.value);
    host.touch();
  });
  const radios = (Object.keys(said.holds) as Hold[]).map((hold) => {
    const radio = element("input", { type: "radio", name: "hold", value: hold });
    radio.addEventListener("change", () => {
      change(state, hold);
      host.touch();
    });
    return element("label", { class: "radio" }, radio, element("span", {}, said.holds[hold]));
  });
  const choice = element("fieldset", { class: "choice" }, element("legend", {}, said.hold), ...radios);
  return { root: element("div", { class: "tools holds" }, choice, element("div", { class: "slide" }, slider, amount)), slider, amount };
}

/** x stays where f is drawn, a little off the edge. */
function kept([u, v]: Pair, [a, b, c, d]: readonly number[]): Pair {
  const edge = 0.02 * Math.min(b - a, d - c);
  return [Math.min(b - edge, Math.max(a + edge, u)), Math.min(d - edge, Math.max(c + edge, v))];
}

export const bowl = chapter({ id: "bowl", words, begin, make });
