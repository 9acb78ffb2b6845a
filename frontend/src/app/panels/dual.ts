/** The dual: the gradients met on the level through x. Dragging g moves x by H^-1 of the change. */

import type { Engine } from "../../engine/engine";
import type { Live } from "../../engine/live";
import { kind, type Vec } from "../../maths/quadratic";
import { solve } from "../../maths/symmetric";
import { add, norm, subtract } from "../../maths/vector";
import { dual } from "../../views/dual";
import { warned } from "../../views/frozen";
import { Figure } from "../figure";
import { Handle } from "../handle";
import { short } from "../../scene/number";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import type { Context } from "../../views/context";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function dualPanel(_engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("dual", () => store.touch());
  let last: Context | null = null, live: Live | null = null;
  const handle = new Handle(figure, {
    label: words.dual.handle, kind: words.dual.draggable, role: "gradient",
    move: (g) => last && store.set({ x: whereGradientIs(g, last, live) }),
    reset: () => store.undo(),
  });
  const { root, explain } = section("dual", words.panels.dual, figure.root);
  return {
    root,
    needs: ({ context }) => [context?.quad, context?.window, context?.frozen, figure.size],
    paint: ({ context, local }) => {
      [last, live] = [context, local?.live ?? null];
      root.classList.toggle("empty", !context);
      if (!context) return say(explain, words.none.plane);
      const scene = warned(dual(context), context);
      const movable = kind(context.f ?? context.quad) === "bowl";
      figure.draw(scene, spoken(words.panels.dual, scene));
      const [a, b] = context.quad.gradient;
      handle.place(movable ? context.quad.gradient : null, words.local.value("g1", short(a, 4), "g2", short(b, 4)));
      explainScene(root, explain, scene, movable ? (live ? words.dual.explainLive : words.dual.explain) : "", words);
    },
  };
}

/** Newton steps towards the place where f has a given gradient: a hand moves a little at a time. */
const STEPS = 12;

/** Where the gradient is g: by H^-1 of the change, again and again where f itself is known; x as it is where that ends at no bowl. */
function whereGradientIs(g: Vec, context: Context, live: Live | null): Vec {
  // A changed H is left behind: x moves on f.
  const quad = context.f ?? context.quad;
  let here = quad;
  for (let k = 0; k < STEPS; k += 1) {
    const change = subtract(g, here.gradient);
    if (k > 0 && norm(change) <= 1e-9 * norm(g)) break;
    const at = add(here.at, solve(here.hessian, change));
    if (!live) return at;
    const seen = live.at(at);
    if (typeof seen === "string" || kind(seen.quad) !== "bowl") return quad.at;
    here = seen.quad;
  }
  return norm(subtract(g, here.gradient)) <= 1e-3 * norm(subtract(g, quad.gradient)) ? here.at : quad.at;
}
