/** Pictures that Python drew, of runs too large to be drawn from numbers here: shown as they are, in the page's language. */

import type { DrawnPanel, Recording } from "../../engine/record";
import { element } from "../dom";
import { section, type Panel } from "../panel";
import type { Words } from "../words/words";

/** Images stand once in the file, in the part that is read without scripts and is gone soon. */
let images: Map<string, string> | null = null;

const held = (number: string): string => {
  images ??= new Map([...document.querySelectorAll("#static image[data-image]")].map((image) => [image.getAttribute("data-image")!, image.getAttribute("href")!]));
  return images.get(number) ?? "";
};

export const drawnPanels = ({ drawn }: Recording, words: Words): Panel[] => (drawn ?? []).map((panel) => drawnPanel(panel, words));

function drawnPanel({ name, words: own, figures }: DrawnPanel, { code }: Words): Panel {
  const language = code === "zh" ? "zh" : "en";
  const places = figures.map((figure) => {
    const place = element("figure", { class: "drawn-figure" });
    place.innerHTML = figure[language].replace(/ href="#(\d+)"/g, (_, number: string) => ` href="${held(number)}"`);
    return place;
  });
  const { root, explain } = section(name, own[language], element("div", { class: "drawn" }, ...places));
  explain.remove();
  return { root, needs: () => [], paint: () => undefined };
}
