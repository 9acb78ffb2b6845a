/** Data, curve with its band, and residuals below, their edges in one line. */

import type { FitRecord } from "../../engine/record";
import { framed } from "../../scene/frame";
import type { Scene } from "../../scene/types";
import { fitScene, residualScene } from "../../views/fit";
import { Figure } from "../figure";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function fitPanel(fit: FitRecord, store: Store, words: Words): Panel {
  const upper = new Figure("fit", () => store.touch()), lower = new Figure("residuals", () => store.touch());
  const scenes = [fitScene(fit, words.fit.picture), residualScene(fit, words.fit.picture)];
  const { root, explain } = section("fit", scenes[0] ? words.fit.panel : words.fit.alone, ...(scenes[0] ? [upper.root] : []), lower.root);
  if (!scenes[0]) root.classList.add("alone");
  return {
    root,
    needs: () => [upper.size, lower.size],
    paint: () => {
      const figures = [upper, lower];
      const left = Math.max(...scenes.map((scene, k) => (scene ? edge(scene, figures[k].size) : 0)));
      scenes.forEach((scene, k) => scene && figures[k].draw({ ...scene, left }, words.fit.spoken(k, fit)));
      say(explain, words.fit.explain(fit), words.fit.left(fit).join(" "));
    },
  };
}

/** Where the plot of a scene would begin. */
function edge(scene: Scene, size: string): number {
  const [width, height] = size.split("x").map(Number);
  return width > 0 && height > 0 ? framed(scene, { width, height }).frame.plot.x : 0;
}
