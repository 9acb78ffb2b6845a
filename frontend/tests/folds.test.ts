// @vitest-environment jsdom
/** Panels below the first screen: closed they are not painted, what is open stands in the address, paper has all of them. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { fromHash, toHash } from "../src/app/address";
import { element } from "../src/app/dom";
import { ALL, Folds } from "../src/app/folds";
import { makePage } from "../src/app/page";
import { Painter } from "../src/app/painter";
import { section, type Panel } from "../src/app/panel";
import { listenToPrint } from "../src/app/print";
import { shower } from "../src/app/shown";
import { firstState, Store, type State } from "../src/app/store";
import { en } from "../src/app/words/en";
import { zh } from "../src/app/words/zh";
import type { Engine } from "../src/engine/engine";
import type { Recording } from "../src/engine/record";
import { recorded } from "../src/engine/recorded";
import look from "./fixtures/look.json";
import one from "./fixtures/one.json";
import running from "./fixtures/run.json";

class Still {
  observe(): void {}
}
Object.assign(globalThis, { ResizeObserver: Still, IntersectionObserver: Still });

const RECORDINGS = { run: running, look, one } as unknown as Record<string, Recording>;
const read = (name: string): Recording => structuredClone(RECORDINGS[name]);
const run = recorded(read("run"));
const initial = firstState(run.recording.planes[0].id);

/** A page of three panels that count how often they are painted, the first one always open. */
function counted(words = en, store = new Store(initial)) {
  const paints = { first: 0, dual: 0, table: 0 }, folds = new Folds(store, words.folds);
  const make = (name: keyof typeof paints): Panel => {
    const { root } = section(name, { title: name, question: `What is ${name}?` }, element("div", { class: "figure" }));
    return { root, needs: ({ state }) => [state.position], paint: () => void (paints[name] += 1) };
  };
  const panels = [make("first"), folds.fold(make("dual")), folds.fold(make("table"))];
  const root = element("div", {}, folds.tools, ...panels.map((panel) => panel.root));
  document.body.replaceChildren(root);
  const painter = new Painter(root, panels, shower(run, words));
  const paint = (state: State, now: boolean): void => {
    folds.follow(state);
    painter.paint(state, now);
  };
  store.subscribe(paint);
  store.flush();
  return { store, paints, buttons: [...root.querySelectorAll<HTMLButtonElement>("h2 button")], all: root.querySelector<HTMLButtonElement>("[data-control=folds]")! };
}

const opened = (): string[] => [...document.querySelectorAll<HTMLElement>("[data-panel]")].filter((panel) => panel.querySelector("h2 [aria-expanded=true]")).map((panel) => panel.dataset.panel!);

/** The panels of a page as it opens: those with their pictures in sight, and those that are questions. */
function panelsOf(engine: Engine, words = en): { first: string[]; asked: string[] } {
  const store = new Store(firstState(engine.recording.planes[0]?.id ?? "")), page = makePage(engine, store, words);
  page.paint(store.state, true);
  const panels = [...page.root.querySelectorAll<HTMLElement>(".panels > [data-panel]")], names = (list: HTMLElement[]) => list.map((panel) => panel.dataset.panel!);
  return { first: names(panels.filter((panel) => !panel.querySelector("h2 button"))), asked: names(panels.filter((panel) => panel.querySelector<HTMLElement>(".folded")?.hidden)) };
}

describe("a closed panel", () => {
  beforeEach(() => void (location.hash = ""));

  it("is not painted until its question is pressed, and not again once it is closed", () => {
    const { store, paints, buttons } = counted();
    expect(paints).toEqual({ first: 1, dual: 0, table: 0 });
    store.set({ position: 2 });
    store.flush();
    expect(paints).toEqual({ first: 2, dual: 0, table: 0 });
    buttons[0].click();
    store.flush();
    expect(paints).toEqual({ first: 2, dual: 1, table: 0 });
    buttons[0].click();
    store.set({ position: 3 });
    store.flush();
    expect(paints).toEqual({ first: 3, dual: 1, table: 0 });
    // Opened again it is that of the state now; and what did not change is not painted twice.
    buttons[0].click();
    store.flush();
    store.flush();
    expect(paints).toEqual({ first: 3, dual: 2, table: 0 });
  });

  it("has a heading that is a button, which says what it opens and whether it did", () => {
    const { store, buttons, all } = counted();
    for (const button of buttons) {
      const body = document.getElementById(button.getAttribute("aria-controls")!)!;
      expect(button.parentElement!.tagName).toBe("H2");
      expect([button.textContent, button.getAttribute("aria-expanded"), body.hidden]).toEqual([expect.stringContaining("What is "), "false", true]);
      button.click();
      store.flush();
      expect([button.getAttribute("aria-expanded"), body.hidden]).toEqual(["true", false]);
      expect(body.querySelector(".figure")).not.toBeNull();
    }
    expect(all.textContent).toBe(en.folds.close);
    all.click();
    store.flush();
    expect([opened(), all.textContent, store.state.open]).toEqual([[], en.folds.open, []]);
  });

  it("opens where a link says so, and the address says which are open", () => {
    for (const hash of ["", "open=dual", "open=table,dual", "open=all"]) {
      const state = fromHash(hash, initial, run);
      expect(toHash(state, initial, run)).toBe(hash);
      counted(en, new Store(state));
      expect(opened()).toEqual(["dual", "table"].filter((name) => hash.includes(name) || hash.includes(ALL)));
    }
  });

  it("can be closed alone where all were opened, and unknown names are left as they are", () => {
    const { store, buttons } = counted(en, new Store({ ...initial, open: [ALL] }));
    buttons[0].click();
    store.flush();
    expect([opened(), store.state.open]).toEqual([["table"], ["table"]]);
    const other = counted(en, new Store({ ...initial, open: ["ellipsoid", "dual", "dual"] }));
    other.buttons[1].click();
    other.buttons[0].click();
    expect(other.store.state.open).toEqual(["ellipsoid", "table"]);
  });

  it("stays open in the other language", () => {
    const { store, buttons } = counted();
    buttons[1].click();
    const { all } = counted(zh, store);
    expect([opened(), all.textContent]).toEqual([["table"], zh.folds.open]);
  });

  it("is printed, and closed again afterwards", () => {
    const { store, paints, buttons } = counted();
    buttons[0].click();
    store.flush();
    listenToPrint(store);
    window.dispatchEvent(new Event("beforeprint"));
    expect([opened(), paints]).toEqual([["dual", "table"], { first: 1, dual: 1, table: 1 }]);
    window.dispatchEvent(new Event("afterprint"));
    store.flush();
    expect([opened(), store.state.open]).toEqual([["dual"], ["dual"]]);
  });

  it("keeps a picture that cannot be drawn from taking the others along", () => {
    const quiet = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const store = new Store({ ...initial, open: [ALL] }), folds = new Folds(store, en.folds);
    let painted = 0;
    const make = (name: string, paint: () => void): Panel => folds.fold({ root: section(name, en.panels.dual).root, needs: () => [], paint });
    const panels = [make("bad", () => { throw new Error("bad"); }), make("good", () => void (painted += 1))];
    new Painter(element("div"), panels, shower(run, en)).paint(store.state, true);
    expect([painted, panels[0].root.classList.contains("broken"), quiet.mock.calls.length]).toEqual([1, true, 1]);
    quiet.mockRestore();
  });
});

describe("the first screen", () => {
  it.each([en, zh])("is the local model and the run; all others are questions", (words) => {
    expect(panelsOf(run, words)).toEqual({ first: ["local", "run"], asked: ["dual", "stretch", "whitened", "spectrum", "timeline", "walk", "race", "surface", "table"] });
    expect(panelsOf(recorded(read("look")), words).first).toEqual(["local", "run"]);
    expect(panelsOf(recorded(read("one")), words)).toEqual({ first: ["local", "run"], asked: ["timeline", "table"] });
  });

  it("has the timeline in place of the run where no plane was recorded", () => {
    const { first, asked } = panelsOf(recorded({ ...read("run"), planes: [] }));
    expect(first).toEqual(["local", "timeline"]);
    expect(asked).not.toContain("timeline");
  });

  it("asks a question at every fold, in both languages", () => {
    for (const words of [en, zh]) {
      const store = new Store(initial), { root } = makePage(run, store, words);
      for (const button of root.querySelectorAll(".fold h2 button")) expect(button.firstElementChild!.textContent).toMatch(/[?？]$/);
    }
  });
});
