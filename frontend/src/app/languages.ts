/** The buttons that change the language. */

import { element } from "./dom";
import type { Language } from "./store";

export function languageButtons(chosen: Language, words: Record<Language | "label", string>, choose: (language: Language) => void): HTMLElement {
  const button = (language: Language, code: string) => {
    const b = element("button", { type: "button", lang: code, "data-language": language, "aria-pressed": String(chosen === language) }, words[language]);
    b.addEventListener("click", () => choose(language));
    return b;
  };
  return element("div", { class: "languages", role: "group", "aria-label": words.label }, button("en", "en"), button("zh", "zh-CN"));
}
