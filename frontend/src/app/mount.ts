/** The page of an engine in the document, in the language of the state: built anew when that changes, or the engine does. */

import type { Engine } from "../engine/engine";
import { makePage, type Page, type Standing } from "./page";
import type { State, Store } from "./store";
import { en } from "./words/en";
import type { Words } from "./words/words";
import { zh } from "./words/zh";

export const WORDS: Record<State["language"], Words> = { en, zh };

export class Mount {
  private page: Page | null = null;
  private language = "";

  /** `engine`: null where there is nothing to show; `words`: what is said otherwise than in a report; `make`: the page of another kind of recording. */
  constructor(private store: Store, private engine: () => Engine | null, private words: (words: Words) => Words = (own) => own, private standing: Standing = "page", private place: HTMLElement = document.body, private make: (...of: Parameters<typeof makePage>) => Page = makePage) {
    store.subscribe((state, now) => this.paint(state, now));
  }

  /** The next picture is of another engine. */
  renew(): void {
    this.language = "";
  }

  private paint(state: State, now: boolean): void {
    if (state.language !== this.language) {
      // Only who pressed the button for the language has the focus in the old page.
      const switched = this.language !== "";
      this.language = state.language;
      this.build(switched);
      if (this.standing !== "inside") document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
    }
    this.page?.paint(state, now);
  }

  private build(switched: boolean): void {
    const engine = this.engine(), before = this.page?.root;
    if (engine && this.standing === "page") document.title = WORDS[this.store.state.language].page.titles[engine.recording.title] ?? engine.recording.title;
    this.page = engine && this.make(engine, this.store, this.words(WORDS[this.store.state.language]), this.standing);
    if (!this.page) before?.remove();
    else if (before) before.replaceWith(this.page.root);
    else this.place.append(this.page.root);
    if (switched) this.page?.root.querySelector<HTMLElement>(`[data-language="${this.language}"]`)?.focus();
  }
}
