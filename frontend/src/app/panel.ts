/** A panel: a heading with its question, a picture, a sentence that says what is seen. */

import { element, rich } from "./dom";
import type { Scene } from "../scene/types";
import type { Shown } from "./shown";
import type { State } from "./store";
import type { Words } from "./words/words";

export interface Panel {
  readonly root: HTMLElement;
  /** What the picture depends on: it is painted again only when one of these has changed. */
  needs(shown: Shown): readonly unknown[];
  paint(shown: Shown): void;
  /** Whether its picture is out of sight, and so not painted; never where this is missing. */
  closed?(state: State): boolean;
}

export interface Heading {
  title: string;
  question: string;
}

/** The section around a panel; `explain` is filled with `say`. */
export function section(name: string, heading: Heading, ...content: Node[]): { root: HTMLElement; explain: HTMLElement } {
  const explain = element("p", { class: "explain" });
  const title = element("h2", { id: `${name}-title` }, heading.title);
  const question = heading.question ? element("p", { class: "question" }, heading.question) : null;
  const root = element("section", { class: `panel panel-${name}`, "data-panel": name, "aria-labelledby": `${name}-title` }, title, question, ...content, explain);
  return { root, explain };
}

/** Puts the scene's caption, what else is to be said, and the scene's notes below the picture. */
export function explainScene(root: HTMLElement, place: HTMLElement, scene: Scene, more: string, words: Words): void {
  // Where there is nothing to draw the panel folds to its sentence: an empty frame would look like a picture.
  root.classList.toggle("void", scene.items.every((item) => item.kind === "text"));
  const caption = inColor(scene.caption ?? "", words.terms);
  say(place, [caption, inColor(more, words.terms)].filter((text) => text !== "").join(" "), (scene.notes ?? []).join(" "));
}

/** Puts a sentence with colored words, and a softer one, into their place. */
export function say(place: HTMLElement, text: string, note = ""): void {
  if (place.dataset.text === text + note) return;
  place.dataset.text = text + note;
  // A Chinese full stop brings its own space.
  place.replaceChildren(...rich(text.replace(/([。；]) +/g, "$1")), ...(note ? [" ", element("span", { class: "note" }, note)] : []));
}

/** Marks the terms of a sentence with their roles. */
function inColor(text: string, terms: Record<string, string>): string {
  const any = new RegExp(`\\{[^}]*\\}|${Object.keys(terms).join("|")}`, "g");
  return text.replace(any, (term) => (term in terms ? `{${terms[term]}:${term}}` : term));
}

/** What a screen reader says of a scene. */
export function spoken(heading: Heading, scene: Scene): string {
  return `${heading.title}. ${scene.caption ?? heading.question}`;
}
