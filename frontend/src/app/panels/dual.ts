/** The dual: the gradients met on the level through x. Dragging g moves x by H^-1 of the change. */

import type { Engine } from "../../engine/engine";
import { kind } from "../../maths/quadratic";
import { solve } from "../../maths/symmetric";
import { add, subtract } from "../../maths/vector";
import { dual } from "../../views/dual";
import { Figure } from "../figure";
import { Handle } from "../handle";
import { short } from "../../scene/number";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import type { Context } from "../../views/context";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function dualPanel(_engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("dual", () => store.touch());
  let last: Context | null = null;
  const handle = new Handle(figure, {
    label: words.dual.handle, kind: words.dual.draggable, role: "gradient",
    move: (g) => last && store.set({ x: add(last.quad.at, solve(last.quad.hessian, subtract(g, last.quad.gradient))) }),
    reset: () => store.set({ x: null }),
  });
  const { root, explain } = section("dual", words.panels.dual, figure.root);
  return {
    root,
    needs: ({ context }) => [context?.quad, figure.size],
    paint: ({ context }) => {
      last = context;
      root.classList.toggle("empty", !context);
      if (!context) return say(explain, words.none.plane);
      const scene = dual(context);
      const movable = kind(context.quad) === "bowl";
      figure.draw(scene, spoken(words.panels.dual, scene));
      const [a, b] = context.quad.gradient;
      handle.place(movable ? context.quad.gradient : null, words.local.value("g1", short(a, 4), "g2", short(b, 4)));
      explainScene(root, explain, scene, movable ? words.dual.explain : "", words);
    },
  };
}
