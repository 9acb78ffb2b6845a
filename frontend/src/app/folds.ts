/** Panels below the first screen: closed to their questions until somebody asks. Which are open is part of the state. */

import { element } from "./dom";
import type { Panel } from "./panel";
import type { State, Store } from "./store";
import type { Words } from "./words/words";

/** In the state, and so in the address: every panel that the page has, whatever these are. */
export const ALL = "all";

interface Fold {
  name: string;
  button: HTMLButtonElement;
  body: HTMLElement;
}

export class Folds {
  /** Opens all, or closes them again. */
  readonly tools: HTMLElement;
  private readonly folds: Fold[] = [];
  private readonly all = element("button", { type: "button", class: "quiet", "data-control": "folds" });

  constructor(private store: Store, private words: Words["folds"]) {
    this.tools = element("p", { class: "tools hint folds" }, element("span", {}, words.lead), this.all);
    this.all.addEventListener("click", () => store.set({ open: this.areOpen(store.state) ? [] : [ALL] }));
  }

  /** The panel, its question a button in its heading, and the rest of it out of sight. */
  fold(panel: Panel): Panel {
    const { root } = panel, name = root.dataset.panel!, heading = root.querySelector("h2")!, question = root.querySelector(".question")!;
    const content = [...root.children].filter((child) => child !== heading && child !== question);
    const body = element("div", { id: `${name}-fold`, class: "folded", hidden: true }, ...content);
    const named = element("span", { class: "named" }, heading.textContent), asked = element("span", {}, question.textContent);
    const button = element("button", { type: "button", "aria-expanded": "false", "aria-controls": body.id }, asked, named);
    button.addEventListener("click", () => this.turn(name));
    heading.replaceChildren(button);
    root.replaceChildren(heading, body);
    root.classList.add("fold");
    this.folds.push({ name, button, body });
    return { ...panel, closed: (state) => !isOpen(state, name) };
  }

  /** Opens and closes what the state says. */
  follow(state: State): void {
    for (const { name, button, body } of this.folds) {
      const open = isOpen(state, name);
      if (body.hidden !== open) continue;
      body.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    }
    this.tools.hidden = this.folds.length < 2;
    this.all.textContent = this.areOpen(state) ? this.words.close : this.words.open;
  }

  private areOpen(state: State): boolean {
    return this.folds.every(({ name }) => isOpen(state, name));
  }

  private turn(name: string): void {
    const { open } = this.store.state, now = open.includes(ALL) ? this.folds.map((fold) => fold.name) : open;
    this.store.set({ open: now.includes(name) ? now.filter((other) => other !== name) : [...now, name] });
  }
}

const isOpen = ({ open }: State, name: string): boolean => open.includes(name) || open.includes(ALL);
