/** Keys of the whole page: left and right step through the trials, Home and End, space plays, Escape undoes a change of H or a drag, ? lists them. */

import type { Engine } from "../engine/engine";
import { element } from "./dom";
import { playTrials, select } from "./panels/bar";
import type { Store } from "./store";
import type { Words } from "./words/words";

/** Where these keys mean something already. */
const BUSY = "input, select, textarea, button, summary, a, [contenteditable], [role=slider], [role=region]";

export function listenToKeys(store: Store, engine: Engine): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "?" && !target.matches("input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea")) document.querySelector<HTMLDialogElement>("dialog.keys")?.showModal();
    else if (!(event.key === "Escape" && store.undo()) && (engine.answer <= 1 || event.shiftKey || !trialKey(event, target, store, engine))) return;
    event.preventDefault();
  });
}

/** Whether the key was one of those that choose a trial. */
function trialKey(event: KeyboardEvent, target: Element, store: Store, engine: Engine): boolean {
  // A button does not use the arrows, so that they go on stepping after a press on "next".
  const arrows = event.key !== " " && target.matches("button, summary, a");
  if (target.closest(BUSY) && !arrows) return false;
  const to: Record<string, number> = { ArrowLeft: store.state.position - 1, ArrowRight: store.state.position + 1, Home: 1, End: engine.answer };
  if (event.key in to) select(store, engine, to[event.key]);
  else if (event.key === " ") playTrials(store, engine);
  else return false;
  return true;
}

/** A button that opens the list of keys, and the list. */
export function keysHelp(engine: Engine, { controls: { keys } }: Words): [HTMLButtonElement, HTMLDialogElement] {
  const rows = [...(engine.answer > 1 ? keys.trials : []), ...keys.always];
  const close = element("button", { type: "button", class: "quiet" }, keys.close);
  const list = element("dl", {}, ...rows.flatMap(([key, what]) => [element("dt", {}, key), element("dd", {}, what)]));
  const dialog = element("dialog", { class: "keys", "aria-labelledby": "keys-title" }, element("h2", { id: "keys-title" }, keys.title), list, close);
  const button = element("button", { type: "button", class: "quiet keys-button", title: keys.title, "aria-label": keys.title, "aria-haspopup": "dialog" }, "?");
  button.addEventListener("click", () => dialog.showModal());
  close.addEventListener("click", () => dialog.close());
  return [button, dialog];
}
