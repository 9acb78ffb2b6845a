/** Keys of the whole page: left and right step through the trials, Home and End, space plays. */

import type { Engine } from "../engine/engine";
import { playTrials, select } from "./panels/bar";
import type { Store } from "./store";

/** Where these keys mean something already. */
const BUSY = "input, select, textarea, button, summary, a, [contenteditable], [role=slider], .table";

export function listenToKeys(store: Store, engine: Engine): void {
  if (engine.answer <= 1) return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    const target = event.target as Element;
    // A button does not use the arrows, so that they go on stepping after a press on "next".
    const arrows = event.key !== " " && target.matches("button, summary, a");
    if (target.closest(BUSY) && !arrows) return;
    const to: Record<string, number> = { ArrowLeft: store.state.position - 1, ArrowRight: store.state.position + 1, Home: 1, End: engine.answer };
    if (event.key in to) select(store, engine, to[event.key]);
    else if (event.key === " ") playTrials(store, engine);
    else return;
    event.preventDefault();
  });
}
