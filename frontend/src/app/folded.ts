/** A panel that is folded in until somebody asks for it; which are open is part of the state. */

import { element } from "./dom";
import type { Heading } from "./panel";
import type { State, Store } from "./store";

export class Folded {
  readonly root: HTMLElement;
  private details: HTMLDetailsElement;
  /** What the state said last. */
  private said = false;

  constructor(private name: string, heading: Heading, store: Store, ...content: (Node | null)[]) {
    const title = element("h2", { id: `${name}-title` }, heading.title);
    const question = heading.question ? element("span", { class: "question" }, heading.question) : null;
    this.details = element("details", {}, element("summary", {}, title, question), element("div", { class: "folded" }, ...content));
    this.details.addEventListener("toggle", () => {
      const others = store.state.open.filter((other) => other !== name);
      if (this.details.open !== this.isOpen(store.state)) store.set({ open: this.details.open ? [...others, name] : others });
    });
    this.root = element("section", { class: `panel wide panel-${name}`, "data-panel": name, "aria-labelledby": `${name}-title` }, this.details);
  }

  isOpen(state: State): boolean {
    return state.open.includes(this.name);
  }

  /** Folds the panel as the state says; whether it is open. */
  follow(state: State): boolean {
    const open = this.isOpen(state);
    // The reader's own click is heard only after a while: a frame before that must not undo it.
    if (open !== this.said) this.details.open = this.said = open;
    return open;
  }
}
