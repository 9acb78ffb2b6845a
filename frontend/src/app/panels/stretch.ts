/** The stretched circle: every -g of one length beside what H^-1 makes of it. Dragged around, one leads the other. */

import type { Engine } from "../../engine/engine";
import { kind } from "../../maths/quadratic";
import { stretched, unstretched } from "../../maths/stretch";
import { norm } from "../../maths/vector";
import { warned } from "../../views/frozen";
import { type Choice, chosen, powerOf, slopes, stretch } from "../../views/stretch";
import type { Context } from "../../views/context";
import type { Pair } from "../../scene/types";
import { element } from "../dom";
import { Figure } from "../figure";
import { Handle } from "../handle";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import { powerTools } from "../power-tools";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function stretchPanel(_engine: Engine, store: Store, words: Words): Panel {
  const [left, right] = [new Figure("slopes", () => store.touch()), new Figure("stretch", () => store.touch())];
  let last: Context | null = null;
  const choice = (): Choice => ({ t: store.state.stretch, around: store.state.around });
  const to = (v: Pair | null) => v && norm(v) > 0 && store.set({ around: Math.atan2(v[1], v[0]) });
  const turn = (by: number) => {
    if (!last) return;
    const [a, b] = chosen(last, choice()).vector, angle = Math.atan2(b, a) + (by * Math.PI) / 180;
    to([Math.cos(angle), Math.sin(angle)]);
  };
  const common = { kind: words.stretch.draggable, reset: () => store.set({ around: null }), turn };
  const slope = new Handle(left, { ...common, label: words.stretch.slope, role: "slopes", move: to });
  const step = new Handle(right, {
    ...common, label: words.stretch.step, role: "stretched",
    move: (s) => last && to(unstretched(last.quad, powerOf(last.quad, store.state.stretch), s)),
  });
  const back = element("button", { type: "button", class: "quiet" }, words.stretch.back);
  back.addEventListener("click", () => store.set({ around: null }));
  const tools = powerTools(store, "stretch", words.stretch, ["−g", "−H⁻¹g"], back);
  const { root, explain } = section("stretch", words.panels.stretch, element("div", { class: "pair" }, left.root, right.root), tools.root);
  return {
    root,
    needs: ({ context, state }) => [context?.quad, context?.window, context?.frozen, state.stretch, state.around, state.playing === "stretch", left.size, right.size],
    paint: ({ context, state }) => {
      last = context;
      root.classList.toggle("empty", !context);
      if (!context) return say(explain, words.none.plane);
      const scenes = [warned(slopes(context, choice()), context), stretch(context, choice())];
      left.draw(scenes[0], `${words.panels.stretch.title}. ${scenes[0].caption}`);
      right.draw(scenes[1], spoken(words.panels.stretch, scenes[1]));
      const { vector } = chosen(context, choice()), image = stretched(context.quad, powerOf(context.quad, state.stretch), vector);
      slope.place(image && vector, words.stretch.at(degreesOf(vector)));
      step.place(image, image ? words.stretch.at(degreesOf(image)) : "");
      tools.paint(state, kind(context.quad) === "bowl");
      back.disabled = state.around === null;
      explainScene(root, explain, { ...scenes[0], caption: scenes[1].caption }, image ? words.stretch.explain : "", words);
    },
  };
}

/** Where a vector points, from the first axis against the clock. */
const degreesOf = ([a, b]: Pair): string => ((Math.atan2(b, a) * 180) / Math.PI).toFixed(0).replace("-0", "0").replace("-", "\u2212");
