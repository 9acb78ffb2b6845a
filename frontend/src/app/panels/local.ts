/** The local model, with the point x that can be dragged. */

import type { Engine } from "../../engine/engine";
import { warned } from "../../views/frozen";
import { local } from "../../views/local";
import { element } from "../dom";
import { Figure } from "../figure";
import { Handle } from "../handle";
import { short } from "../../scene/number";
import { localNumbers } from "../numbers";
import { explainScene, say, section, spoken, type Panel } from "../panel";
import { byHand } from "../by-hand";
import { closerTools } from "../closer";
import type { Shown } from "../shown";
import type { State, Store } from "../store";
import { tipHandles } from "../tips";
import type { Words } from "../words/words";

export function localPanel(_engine: Engine, store: Store, words: Words): Panel {
  const figure = new Figure("local", () => store.touch());
  let seen: Shown | null = null;
  const closer = closerTools(store, words, figure, () => seen);
  const tools = resetTools(store, words, closer.root);
  const handle = new Handle(figure, { label: words.local.handle, kind: words.local.draggable, role: "point", move: (x) => store.set({ x }), reset: () => store.undo() });
  const place = tipHandles(figure, store, words), hand = byHand(store, words);
  const { root, explain } = section("local", words.panels.local, figure.root, tools.root, hand.root);
  return {
    root,
    needs: ({ context }) => [context?.quad, context?.showFunction, context?.grid, context?.window, context?.trial, context?.frozen, figure.size],
    paint: (shown) => {
      const { context, state } = seen = shown;
      closer.paint(shown);
      hand.paint(context);
      root.classList.toggle("empty", !context);
      if (!context) return say(explain, words.none.plane);
      const scene = warned(local(context), context);
      figure.draw(scene, spoken(words.panels.local, scene));
      const [u, v] = context.quad.at;
      handle.place(context.quad.at, words.local.value(context.axes[0], short(u, 4), context.axes[1], short(v, 4)));
      place(context);
      tools.paint(state);
      explainScene(root, explain, scene, words.local.explain(localNumbers(context)), words);
    },
  };
}

/** What can be done with x, and the way back. */
export function resetTools(store: Store, words: Words, ...more: HTMLElement[]): { root: HTMLElement; paint: (state: State) => void } {
  const back = element("button", { type: "button", class: "quiet" }, words.controls.reset);
  back.addEventListener("click", () => store.set({ x: null, lens: null }));
  const root = element("p", { class: "tools hint" }, element("span", {}, words.local.hint), ...more, back);
  return { root, paint: (state) => { back.disabled = state.x === null && state.lens === null; } };
}
