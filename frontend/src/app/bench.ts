/** The form of the laboratory: the formula, what is wrong with it, the start, examples, and the same in Python. */

import { FUNCTIONS } from "../formula/grammar";
import { script } from "../formula/python";
import { pointed } from "../formula/text";
import { short } from "../scene/number";
import { element } from "./dom";
import type { Made } from "./laboratory";
import { WORDS } from "./mount";
import { languages, type Standing } from "./page";
import type { State, Store } from "./store";
import type { Words } from "./words/words";

export interface Example {
  key: string;
  text: string;
  start: number[];
}

export const EXAMPLES: Example[] = [
  { key: "rosenbrock", text: "(1 - x)^2 + 100*(y - x^2)^2", start: [-1.2, 1] },
  { key: "himmelblau", text: "(x^2 + y - 11)^2 + (x + y^2 - 7)^2", start: [3.9, 1.2] },
  { key: "saddle", text: "x^4 - 3*x*y + y^2", start: [0.4, 0.9] },
  { key: "beale", text: "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2", start: [2.2, 0.3] },
  { key: "fit", text: "(a*exp(-0.5*k) - 1.6)^2 + (a*exp(-k) - 1.0)^2 + (a*exp(-2*k) - 0.4)^2 + (a*exp(-3*k) - 0.15)^2", start: [1.4, 0.4] },
  { key: "domain", text: "x^2 + y^2 - log(x + y - 1)", start: [2, 0.6] },
  { key: "one", text: "cosh(x - 1) + sin(3*x)", start: [2] },
  { key: "three", text: "(x - 1)^2 + 2*(y + x*z)^2 + cosh(z - y)", start: [0.2, 0.8, -0.5] },
];

interface Choices {
  made: () => Made;
  /** x in all its coordinates. */
  here: () => number[];
  type: (text: string) => void;
  begin: (start: number[]) => void;
  example: (example: Example) => void;
}

/** While somebody types, the pictures wait for so long. */
const PAUSE_MILLISECONDS = 250;
/** Characters of a formula around its error. */
const WIDTH = { wide: 90, narrow: 36 };

export class Bench {
  readonly root = element("div", { class: "bench" });
  private readonly box = element("input", {
    type: "text", id: "formula", name: "formula", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-describedby": "formula-fault", maxlength: 20000,
  });
  private readonly fault = element("div", { id: "formula-fault", class: "fault", role: "status" });
  private readonly start = element("div", { class: "start" });
  private desk: HTMLElement | null = null;
  private readonly code = element("code", {});
  private readonly here = element("button", { type: "button", class: "quiet", "data-control": "here" });
  private fields: HTMLInputElement[] = [];
  private language = "";
  private names = "";
  private said: Made | null = null;
  private timer = 0;
  private pending = false;

  constructor(private store: Store, private choices: Choices, private standing: Standing) {
    this.box.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.pending = true;
      this.timer = window.setTimeout(() => this.typed(), PAUSE_MILLISECONDS);
    });
    this.here.addEventListener("click", () => choices.begin(choices.here()));
  }

  paint(state: State): void {
    const made = this.choices.made(), words = WORDS[state.language];
    if (state.language !== this.language) this.build(words, state.language);
    const names = made.compiled?.names ?? [];
    if (names.join() !== this.names) this.rebuildStart(names, words);
    if (made !== this.said) this.tell(made, words);
    const x = this.choices.here();
    this.fields.forEach((field, i) => document.activeElement !== field && (field.value = short(x[i], 6).replace("\u2212", "-")));
    this.here.disabled = state.x === null || made.stale;
    for (const field of this.fields) field.disabled = made.stale;
    this.code.textContent = made.compiled && !made.stale ? script(made.compiled.formula, x.map((a) => Number(a.toPrecision(6)))) : "";
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.pending = false;
    if (this.box.value !== this.choices.made().text) this.choices.type(this.box.value);
  }

  private build(words: Words, language: string): void {
    const { laboratory: own } = words, switched = this.language !== "";
    [this.language, this.names, this.said] = [language, "\u0000", null];
    const form = element("form", { class: "formula" }, element("label", { for: "formula" }, own.formula), this.box);
    this.box.setAttribute("aria-label", own.formulaLabel);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.typed();
    });
    this.here.textContent = own.here;
    this.here.title = own.hereHint;
    this.root.lang = words.code === "zh" ? "zh-CN" : "en";
    this.desk = element("section", { class: "desk", "aria-label": own.title }, form, this.fault, this.start, this.examples(words), this.folds(words));
    if (this.standing === "inside") return this.root.replaceChildren(this.desk);
    this.root.replaceChildren(
      element("header", {}, element("div", {}, element("h1", {}, own.title), element("p", { class: "facts" }, own.lead)), languages(this.store, words)),
      this.desk,
    );
    document.title = `raphson: ${own.title}`;
    if (switched) this.root.querySelector<HTMLElement>(`[data-language="${language}"]`)?.focus();
  }

  private examples({ laboratory }: Words): HTMLElement {
    const buttons = EXAMPLES.map((example) => {
      const button = element("button", { type: "button", class: "quiet", "data-example": example.key }, laboratory.names[example.key]);
      button.addEventListener("click", () => this.choices.example(example));
      return button;
    });
    return element("div", { class: "examples", role: "group", "aria-label": laboratory.examples }, element("span", {}, laboratory.examples), ...buttons);
  }

  private folds({ laboratory }: Words): HTMLElement {
    const copy = element("button", { type: "button", class: "quiet", "data-control": "copy" }, laboratory.copy);
    copy.addEventListener("click", () => {
      const tell = (text: string) => () => { copy.textContent = text; };
      // Where there is no clipboard the text can still be selected.
      (navigator.clipboard?.writeText(this.code.textContent ?? "") ?? Promise.reject(new Error())).then(tell(laboratory.copied), tell(laboratory.notCopied));
    });
    const functions = [...FUNCTIONS].map(([name, count]) => `${name}(${count === 1 ? "a" : "a, b"})`).join(" ");
    return element(
      "div", { class: "folds" },
      element("details", { class: "grammar" }, element("summary", {}, laboratory.what), element("p", {}, laboratory.grammar), element("p", { class: "code", lang: "en" }, functions)),
      element("details", { class: "python" }, element("summary", {}, laboratory.python), element("pre", { tabindex: 0, role: "region", "aria-label": laboratory.code }, this.code), copy),
    );
  }

  /** A field for every variable. */
  private rebuildStart(names: string[], { laboratory }: Words): void {
    this.names = names.join();
    this.fields = names.map((name) => {
      const field = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", size: 9, "aria-label": laboratory.coordinate(name) });
      field.addEventListener("change", () => this.begun());
      return field;
    });
    const pairs = names.map((name, i) => element("label", { class: "coordinate" }, element("span", {}, `${name} =`), this.fields[i]));
    this.start.replaceChildren(...(names.length > 0 ? [...pairs, this.here] : []));
  }

  private begun(): void {
    const x = this.choices.here();
    const start = this.fields.map((field, i) => (field.value.trim() === "" || field.value === short(x[i], 6) ? x[i] : Number(field.value.replace("\u2212", "-"))));
    for (const [i, field] of this.fields.entries()) field.setAttribute("aria-invalid", String(!Number.isFinite(start[i])));
    if (start.every(Number.isFinite)) this.choices.begin(start);
  }

  /** What was made of the formula. */
  private tell(made: Made, words: Words): void {
    this.said = made;
    if (this.box.value !== made.text && !this.pending) this.box.value = made.text;
    const wrong = made.column >= 0, text = made.say(words), width = window.innerWidth < 700 ? WIDTH.narrow : WIDTH.wide;
    this.box.setAttribute("aria-invalid", String(wrong));
    // Where there are no pictures the form is all that the page has.
    if (made.engine || this.standing === "inside") this.desk?.removeAttribute("role");
    else this.desk?.setAttribute("role", "main");
    this.fault.className = `fault${wrong ? " wrong" : ""}`;
    this.fault.replaceChildren(
      ...(text ? [element("p", {}, text)] : []), ...(wrong ? [element("pre", { "aria-hidden": "true" }, pointed(made.text, made.column, width))] : []),
      ...(made.stale ? [element("p", { class: "note" }, words.laboratory.stale)] : []),
    );
  }
}
