/** The report's page: reads the recording that stands in the file and shows it. */

import "./style.css";
import type { Recording } from "../engine/record";
import { recorded } from "../engine/recorded";
import type { Quadratic } from "../maths/quadratic";
import { fromHash, keepAddress } from "./address";
import { serve } from "./background";
import { colorOf } from "./dom";
import { listenToKeys } from "./keys";
import { makePage, type Page } from "./page";
import { Store, type State } from "./store";
import { en } from "./words/en";
import type { Context } from "../views/context";
import { shower } from "./shown";
import type { Words } from "./words/words";
import { zh } from "./words/zh";

declare global {
  interface Window {
    /** For tests, and for the curious in the console. */
    raphson?: { store: Store; recording: Recording; show: (quad: Quadratic) => void; context: () => Context | null };
  }
}

const WORDS: Record<State["language"], Words> = { en, zh };

function start(): void {
  const place = document.getElementById("recording");
  if (!place?.textContent) return;
  const recording = JSON.parse(place.textContent) as Recording;
  if (recording.schema !== 1) return;
  const engine = recorded(recording);
  const initial: State = {
    position: 1, plane: recording.planes[0]?.id ?? "", section: "slice", x: null, lens: null, morph: 0, stretch: 1, around: null, language: "en",
    showFunction: true, open: [], azimuth: -60, elevation: 30, playing: "", quad: null,
  };
  const store = new Store(fromHash(location.hash, initial, engine));
  let page: Page | null = null;
  let language = "";
  const paint = (state: State, now: boolean) => {
    if (state.language !== language) {
      const switched = language !== "";
      language = state.language;
      const next = makePage(engine, store, WORDS[state.language]);
      if (page) page.root.replaceWith(next.root);
      else document.body.append(next.root);
      page = next;
      document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
      if (switched) next.root.querySelector<HTMLElement>(`[data-language="${language}"]`)?.focus();
    }
    page!.paint(state, now);
  };
  for (const [name, role] of [["accent", "model-level"], ["good", "newton"], ["bad", "minus-gradient"], ["run", "path"]])
    document.documentElement.style.setProperty(`--${name}`, colorOf(role));
  store.subscribe(paint);
  keepAddress(store, initial, engine);
  listenToKeys(store, engine);
  store.flush();
  // The static pictures are for readers without scripts, and for the day when this one fails.
  document.getElementById("static")?.remove();
  window.raphson = { store, recording, show: (quad) => store.set({ quad, x: null }), context: () => shower(engine, WORDS[store.state.language])(store.state).context };
}

// The same script in a worker computes what takes longer than a frame.
if (typeof document === "undefined") serve(globalThis as never);
else start();
