/** The eigenvalues of the whole H, and where the gradient's energy lies. */

import type { Engine } from "../../engine/engine";
import type { Context } from "../../views/context";
import { noteOf } from "../../views/frozen";
import { spectrum as view } from "../../views/spectrum";
import { Figure } from "../figure";
import { spectrumNumbers } from "../numbers";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import type { Store } from "../store";
import type { Words } from "../words/words";

/** So few stems need less room. */
const FEW = 3;

export function spectrumPanel(_engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("spectrum", () => store.touch());
  const { root, explain } = section("spectrum", words.panels.spectrum, figure.root);
  return {
    root,
    needs: ({ spectrum, context }) => [spectrum, context?.stale, context?.frozen, figure.size],
    paint: ({ spectrum, context }) => {
      const numbers = spectrum && spectrumNumbers(spectrum, context?.stale ?? false, context?.frozen === "hand");
      root.classList.toggle("empty", !numbers);
      if (!spectrum || !numbers) return say(explain, words.none.spectrum);
      root.classList.toggle("few", spectrum.eigenvalues.length <= FEW);
      // The stems need nothing of a plane, and a point may have none.
      const plain = view({ ...context, spectrum, words } as Context), note = context && noteOf(context), notes = note ? [note] : [];
      if (context?.frozen === "hand" && context.section !== "whole") notes.push(words.views.noteSlice);
      const scene = notes.length > 0 ? { ...plain, notes: [...(plain.notes ?? []), ...notes] } : plain;
      figure.draw(scene, spoken(words.panels.spectrum, scene));
      explainScene(root, explain, scene, words.spectrum.explain(numbers), words);
    },
  };
}
