/** The two panels of a function of one variable: the run on f, and f with its parabola at the point. */

import type { Engine } from "../../engine/engine";
import { Figure } from "../figure";
import { Handle } from "../handle";
import { curveScene, lineRunScene, parabolaAt } from "../line-scenes";
import { short } from "../../scene/number";
import { runNumbers } from "../numbers";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import type { Words } from "../words/words";
import { noteOf, warned } from "../../views/frozen";
import { resetTools } from "./local";
import { headingOf, placeable } from "./run";

export function lineRunPanel(engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("run", () => store.touch());
  if (!engine.recording.trials) placeable(figure);
  const { root, explain } = section("run", headingOf(engine, words), figure.root);
  return {
    root,
    needs: ({ state }) => [state.position, state.showFunction, figure.size],
    paint: ({ state }) => {
      const scene = lineRunScene(engine, state.position, state.showFunction, words);
      root.classList.toggle("empty", !scene);
      if (!scene) return say(explain, words.none.plane);
      figure.draw(scene, engine.answer > 1 ? words.run.label(engine.recording.trials!.of) : words.panels.function.title);
      say(explain, `${engine.answer > 1 ? words.run.explain(runNumbers(engine, state.position)) : ""} ${state.showFunction ? "" : words.run.hidden}`.trim());
    },
  };
}

export function curvePanel(engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("local", () => store.touch());
  const handle = new Handle(figure, { label: words.local.handle, kind: words.local.draggable, role: "point", move: ([x]) => store.set({ x: [x, 0] }), reset: () => store.set({ x: null }) });
  const tools = resetTools(store, words);
  const { root, explain } = section("local", words.panels.local, figure.root, tools.root);
  return {
    root,
    needs: ({ state }) => [state.position, state.x, state.showFunction, figure.size],
    paint: ({ state }) => {
      const point = engine.point(state.position);
      const parabola = point && parabolaAt(point, state.x?.[0] ?? null, engine.onLine);
      root.classList.toggle("empty", !parabola);
      if (!point?.line || !parabola) return say(explain, words.none.plane);
      const { at, value, gradient, hessian, frozen, source } = parabola, told = { frozen, source, words };
      figure.draw(warned(curveScene(engine, point.line, parabola, state.position, state.showFunction, words), told), words.curve.label);
      handle.place([at, value], `${engine.recording.names[0] ?? "x"} = ${short(at, 4)}`);
      tools.paint(state);
      const numbers = frozen ? "" : words.curve.explain({ value, slope: gradient, curvature: hessian, step: -gradient / hessian });
      say(explain, `${numbers} ${noteOf(told)}`.trim());
    },
  };
}
