/** The report's page: reads the recording that stands in the file and shows it. */

import "./style.css";
import "./folds.css";
import "./drawn.css";
import "./laboratory.css";
import "./dark.css";
import "./print.css";
import type { Recording } from "../engine/record";
import { recorded } from "../engine/recorded";
import type { Quadratic } from "../maths/quadratic";
import { fromHash, keepAddress } from "./address";
import { serve } from "./background";
import { comparisonPage } from "./comparison";
import { dress } from "./dress";
import { fitPage } from "./fit-page";
import { listenToKeys } from "./keys";
import { openLaboratory } from "./laboratory";
import { Mount, WORDS } from "./mount";
import { listenToPrint } from "./print";
import { firstState, Store } from "./store";
import type { Context } from "../views/context";
import { shower } from "./shown";

declare global {
  interface Window {
    /** For tests, and for the curious in the console. */
    raphson?: { store: Store; recording: Recording; show: (quad: Quadratic) => void; context: () => Context | null };
  }
}

function start(): void {
  const laboratory = document.getElementById("laboratory");
  if (laboratory?.textContent) return openLaboratory(JSON.parse(laboratory.textContent));
  const place = document.getElementById("recording");
  if (!place?.textContent) return;
  const recording = JSON.parse(place.textContent) as Recording;
  if (recording.schema !== 1) return;
  const engine = recorded(recording);
  const initial = firstState(recording.planes[0]?.id ?? "");
  const store = new Store(fromHash(location.hash, initial, engine));
  dress();
  new Mount(store, () => engine, undefined, undefined, undefined, recording.race ? comparisonPage : fitPage);
  keepAddress(store, initial, engine);
  listenToKeys(store, engine);
  listenToPrint(store);
  store.flush();
  // The static pictures are for readers without scripts, and for the day when this one fails.
  document.getElementById("static")?.remove();
  window.raphson = { store, recording, show: (quad) => store.set({ quad, x: null }), context: () => shower(engine, WORDS[store.state.language])(store.state).context };
}

// The same script in a worker computes what takes longer than a frame.
if (typeof document === "undefined") serve(globalThis as never);
else start();
