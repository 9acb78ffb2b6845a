/** The tour: one screen at a time, chosen by buttons, keys and the address; all of them on paper. */

import { element, rich } from "../app/dom";
import { WORDS } from "../app/mount";
import { languages } from "../app/page";
import { say } from "../app/panel";
import { halt } from "../app/play";
import { firstState, Store } from "../app/store";
import { chapters } from "./chapters";
import type { Chapter, Screen } from "./screen";
import { tourWords } from "./words";

interface Stage { root: HTMLElement; screen: Screen; readout: HTMLElement; title: HTMLElement }

/** Where arrow keys mean something else. */
const BUSY = "input, select, textarea, [contenteditable], [role=slider], [role=region]";

export class Tour {
  readonly root = element("div", { class: "tour" });
  /** The screen that is shown, counted from 0. */
  at = 0;
  /** Only its language is the tour's. */
  readonly store = new Store(firstState(""));
  private states = new Map<Chapter, unknown>();
  private stages = new Map<Chapter, Stage>();
  private built = "";
  private turned = "";
  private printing = false;
  private place: HTMLElement = element("div");
  private nav: HTMLElement = element("nav");
  private turns: HTMLElement = element("nav");

  constructor() {
    const said = fromHash(location.hash);
    this.at = said.at;
    if (said.language) this.store.state.language = said.language;
    this.store.subscribe(() => this.paint());
    window.addEventListener("hashchange", () => {
      const { at, language } = fromHash(location.hash);
      if (language && language !== this.store.state.language) this.store.set({ language });
      if (at !== this.at) this.go(at);
    });
    document.addEventListener("keydown", (event) => this.key(event));
    this.listenToPrint();
  }

  go(at: number): void {
    halt();
    this.at = Math.min(chapters.length - 1, Math.max(0, at));
    history.replaceState(null, "", toHash(this.at, this.store.state.language));
    this.paint();
    scrollTo(0, 0);
    this.stage(chapters[this.at]).title.focus({ preventScroll: true });
  }

  /** Paints the screen that is shown, in the language of the state. */
  paint(): void {
    if (this.printing) return this.all();
    const { language } = this.store.state;
    if (language !== this.built) this.build();
    const own = chapters[this.at], stage = this.stage(own);
    for (const [chapter, { root }] of this.stages) root.hidden = chapter !== own;
    this.paintOne(stage);
    this.steps();
  }

  /** The screen of a chapter; for tests, and for paper. */
  stage(chapter: Chapter): Stage {
    const known = this.stages.get(chapter);
    if (known) return known;
    const { language } = this.store.state, words = chapter.words[language], k = chapters.indexOf(chapter);
    if (!this.states.has(chapter)) this.states.set(chapter, chapter.begin());
    const screen = chapter.make({ language, page: WORDS[language], touch: () => this.store.touch() }, words, this.states.get(chapter));
    const title = element("h2", { id: `title-${chapter.id}`, tabindex: -1 }, words.title), readout = element("p", { class: "readout", "aria-live": "polite" });
    const number = element("p", { class: "count", "aria-hidden": "true" }, k < chapters.length - 1 ? `${k + 1}` : tourWords[language].end);
    const sentences = words.sentences.map((sentence) => element("p", { class: "sentence" }, ...rich(sentence)));
    const said = element("div", { class: "said" }, number, title, ...sentences, element("p", { class: "act" }, ...rich(words.act)));
    const careful = words.careful ? element("p", { class: "careful" }, ...rich(words.careful)) : null;
    const root = element("section", { class: "screen", "data-screen": chapter.id, "aria-labelledby": title.id }, said, element("div", { class: "stage" }, screen.root), element("div", { class: "told" }, readout, careful));
    const stage = { root, screen, readout, title };
    this.stages.set(chapter, stage);
    // In the order of the tour, for paper.
    const after = chapters.slice(k + 1).find((other) => this.stages.has(other));
    this.place.insertBefore(root, after ? this.stages.get(after)!.root : null);
    return stage;
  }

  private paintOne({ root, screen, readout }: Stage): void {
    try {
      screen.paint();
      say(readout, screen.readout());
      root.classList.remove("broken");
    } catch (error) {
      // One screen that cannot be drawn must not take the way to the others with it.
      root.classList.add("broken");
      console.error(`raphson: screen ${root.dataset.screen}`, error);
    }
  }

  private build(): void {
    const { language } = this.store.state, words = tourWords[language], switched = this.root.contains(document.activeElement);
    const again = this.built !== "";
    this.built = language;
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = words.title;
    for (const { screen } of this.stages.values()) screen.close?.();
    this.stages.clear();
    this.turned = "";
    this.place = element("main", { class: "place", id: "screen", tabindex: -1 });
    this.nav = element("nav", { "aria-label": words.screens });
    this.turns = element("nav", { class: "turns", "aria-label": words.turns });
    const skip = element("a", { class: "skip", href: "#screen" }, words.skip);
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      this.place.focus();
    });
    const head = element("header", {}, element("div", {}, element("h1", {}, words.title), element("p", { class: "facts" }, words.subtitle)), element("div", { class: "header-tools" }, languages(this.store, WORDS[language])));
    const page = element("div", { class: "page", lang: document.documentElement.lang }, skip, head, this.nav, this.place, this.turns, element("footer", {}, element("p", {}, words.made)));
    this.root.replaceChildren(page);
    if (switched) this.root.querySelector<HTMLElement>(`[data-language="${language}"]`)?.focus();
    if (again) history.replaceState(null, "", toHash(this.at, language));
  }

  /** The list of screens, and the way to the next and to the one before. */
  private steps(): void {
    const { language } = this.store.state, words = tourWords[language], titles = chapters.map((chapter) => chapter.words[language].title);
    // Made anew in every frame, a link would be gone between the press and the click.
    if (this.turned === `${this.at} ${language}`) return;
    this.turned = `${this.at} ${language}`;
    const link = (k: number, text: string, more: Record<string, string>): HTMLElement => {
      const a = element("a", { href: toHash(k, language), ...more }, text);
      a.addEventListener("click", (event) => {
        event.preventDefault();
        this.go(k);
      });
      return a;
    };
    const names = titles.map((title, k) => {
      const number = k < titles.length - 1 ? `${k + 1}` : words.end;
      return link(k, number, { title, "aria-label": words.place(number, title), ...(k === this.at ? { "aria-current": "step" } : {}) });
    });
    this.nav.replaceChildren(element("ol", {}, ...names.map((name) => element("li", {}, name))));
    this.turns.replaceChildren(
      ...(this.at > 0 ? [link(this.at - 1, words.previous(titles[this.at - 1]), { class: "turn back", rel: "prev" })] : []),
      ...(this.at < titles.length - 1 ? [link(this.at + 1, words.next(titles[this.at + 1]), { class: "turn on", rel: "next" })] : []),
      element("p", { class: "hint" }, words.keys),
    );
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as Element;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.defaultPrevented || target.closest(BUSY)) return;
    const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1 }[event.key];
    if (to === undefined || to < 0 || to >= chapters.length) return;
    this.go(to);
    event.preventDefault();
  }

  /** Paper shows all screens. */
  private listenToPrint(): void {
    window.addEventListener("beforeprint", () => {
      this.printing = true;
      this.paint();
    });
    window.addEventListener("afterprint", () => {
      this.printing = false;
      this.paint();
    });
  }

  /** Every screen at once, in order. */
  all(): void {
    if (this.built !== this.store.state.language) this.build();
    const stages = chapters.map((chapter) => this.stage(chapter));
    for (const stage of stages) {
      stage.root.hidden = false;
      this.paintOne(stage);
    }
  }
}

/** #screen=3, or #screen=end; the language where it was chosen. */
function fromHash(hash: string): { at: number; language: "en" | "zh" | null } {
  const said = new URLSearchParams(hash.replace(/^#/, "")), screen = said.get("screen"), language = said.get("lang");
  const at = screen === "end" ? chapters.length - 1 : Math.round(Number(screen ?? 1)) - 1;
  return { at: at >= 0 && at < chapters.length ? at : 0, language: language === "en" || language === "zh" ? language : null };
}

const toHash = (at: number, language: string): string => `#screen=${at === chapters.length - 1 ? "end" : at + 1}&lang=${language}`;
