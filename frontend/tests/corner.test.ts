// @vitest-environment jsdom
/** The switch of the corner plot: J'J alone, the full H beside it, and why not. */

import { describe, expect, it } from "vitest";
import { cornerPanel } from "../src/app/panels/corner";
import type { Shown } from "../src/app/shown";
import { firstState, Store } from "../src/app/store";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import type { FitRecord } from "../src/engine/record";
import known from "./fixtures/fit.json";

class Still {
  observe(): void {}
}
Object.assign(globalThis, { ResizeObserver: Still });

const mgh09 = known.mgh09.record as unknown as FitRecord;

/** The panel as the state has it. */
function panelOf(fit: FitRecord, words = en, whole = false) {
  const store = new Store({ ...firstState(""), whole }), panel = cornerPanel(fit, store, words);
  const paint = (): void => panel.paint({ state: store.state } as Shown);
  document.body.replaceChildren(panel.root);
  paint();
  return { store, panel, paint, box: panel.root.querySelector<HTMLInputElement>("[data-control=whole]")!, said: () => panel.root.querySelector(".explain")!.textContent! };
}

describe("the switch", () => {
  it("changes the state, and what is drawn depends on it", () => {
    const { store, panel, paint, box, said } = panelOf(mgh09), before = panel.needs({ state: store.state } as Shown);
    expect([box.checked, box.disabled]).toEqual([false, false]);
    expect(said()).not.toContain("by H");
    box.click();
    expect(store.state.whole).toBe(true);
    expect(panel.needs({ state: store.state } as Shown)).not.toEqual(before);
    paint();
    expect([box.checked, said()]).toEqual([true, expect.stringContaining("b4 differs most")]);
    box.click();
    paint();
    expect([store.state.whole, said().includes("by H")]).toEqual([false, false]);
  });

  it.each([en, zh])("says why there is nothing to draw, whatever the address asks for", (words) => {
    for (const why of ["unknown", "undetermined", "indefinite", "rounding"] as const) {
      const { panel, box, said } = panelOf({ ...mgh09, whole: { why, errors: [], correlation: [] } }, words, true);
      expect([box.checked, box.disabled]).toEqual([false, true]);
      expect(panel.root.querySelector(".tools")!.textContent).toContain(words.fit.corner.whole.none[why]);
      expect(said()).not.toContain(words.fit.corner.whole.level);
    }
    const { box } = panelOf({ ...mgh09, whole: undefined }, words, true);
    expect(box.disabled).toBe(true);
  });
});
