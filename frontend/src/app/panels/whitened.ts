/** The whitened picture: a slider turns the ellipse into the circle. */

import type { Engine } from "../../engine/engine";
import { kind } from "../../maths/quadratic";
import { warned } from "../../views/frozen";
import { whitened } from "../../views/whitened";
import { Figure } from "../figure";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import { powerTools } from "../power-tools";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function whitenedPanel(_engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("whitened", () => store.touch());
  const tools = powerTools(store, "morph", words.whitened, ["s", "y"]);
  const { root, explain } = section("whitened", words.panels.whitened, figure.root, tools.root);
  return {
    root,
    needs: ({ context, state }) => [context?.quad, context?.window, context?.frozen, context?.morph, state.playing === "morph", figure.size],
    paint: ({ context, state }) => {
      root.classList.toggle("empty", !context);
      if (!context) return say(explain, words.none.plane);
      tools.paint(state, kind(context.quad) === "bowl");
      const scene = warned(whitened(context), context);
      figure.draw(scene, spoken(words.panels.whitened, scene));
      explainScene(root, explain, scene, "", words);
    },
  };
}
