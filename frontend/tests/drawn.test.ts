// @vitest-environment jsdom
/** Pictures that Python drew: each image stands once in the file, and the page puts it where it belongs, in its language. */

import { beforeEach, describe, expect, it } from "vitest";
import { fitPage } from "../src/app/fit-page";
import { makePage } from "../src/app/page";
import { firstState, Store } from "../src/app/store";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import type { DrawnPanel, Recording } from "../src/engine/record";
import { recorded } from "../src/engine/recorded";
import running from "./fixtures/run.json";

class Still {
  observe(): void {}
}
Object.assign(globalThis, { ResizeObserver: Still, IntersectionObserver: Still });

const PIXEL = "data:image/png;base64,AAAA", OTHER = "data:image/png;base64,BBBB";
const picture = (words: string, image: number): string => `<svg role="img"><title>${words}</title><image href="#${image}"/><text>${words}</text></svg>`;
const panel = (name: string): DrawnPanel => ({
  name,
  words: { en: { title: "Fields", question: "What did x come to?" }, zh: { title: "\u573a", question: "x \u53d8\u6210\u4e86\u4ec0\u4e48\u6837\uff1f" } },
  figures: [{ en: picture("start", 0), zh: picture("\u8d77\u70b9", 0) }, { en: picture("end", 1), zh: picture("\u7ec8\u70b9", 1) }],
});
const engine = (...names: string[]) => recorded({ ...(structuredClone(running) as unknown as Recording), drawn: names.map(panel) });

describe("drawn panels", () => {
  beforeEach(() => {
    document.body.innerHTML = `<main id="static"><svg><image data-image="0" href="${PIXEL}"/><image data-image="1" href="${OTHER}"/></svg></main>`;
  });

  it("hold their images and words, also after the part without scripts is gone and the language has changed", () => {
    const run = engine("fields"), store = new Store(firstState(run.recording.planes[0].id));
    const first = fitPage(run, store, en).root.querySelector('[data-panel="fields"]')!;
    document.getElementById("static")!.remove();
    const second = fitPage(run, store, zh).root.querySelector('[data-panel="fields"]')!;
    for (const root of [first, second]) expect([...root.querySelectorAll("image")].map((image) => image.getAttribute("href"))).toEqual([PIXEL, OTHER]);
    expect(first.querySelector("h2 button")!.textContent).toContain("What did x come to?");
    expect(second.querySelector("h2 button")!.textContent).toContain("\u53d8\u6210\u4e86");
    expect(second.textContent).not.toContain("start");
  });

  it("are folded before the others; an estimated spectrum takes the place of the one that is not known", () => {
    const run = engine("fields", "spread"), store = new Store(firstState(run.recording.planes[0].id));
    const panels = [...fitPage(run, store, en).root.querySelectorAll<HTMLElement>(".fold")].map(({ dataset }) => dataset.panel);
    expect(panels.slice(0, 2)).toEqual(["fields", "spread"]);
    expect(panels).not.toContain("spectrum");
    expect(panels).toContain("dual");
  });

  it("are not part of pages that know nothing of them", () => {
    const run = engine("fields"), store = new Store(firstState(run.recording.planes[0].id));
    const root = makePage(run, store, en).root;
    expect(root.querySelector('[data-panel="fields"]')).toBeNull();
    expect(root.querySelector('[data-panel="spectrum"]')).not.toBeNull();
  });
});
