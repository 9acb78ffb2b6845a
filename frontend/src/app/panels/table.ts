/** The trials as a table. */

import type { Engine } from "../../engine/engine";
import type { Trials } from "../../engine/record";
import { element, tableIn } from "../dom";
import { short } from "../../scene/number";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import type { Words } from "../words/words";

const FIRST = 200;

export function tablePanel(engine: Engine, store: Store, words: Words): Panel {
  const trials = engine.recording.trials!;
  const length = trials.index.length;
  const { columns } = words.table;
  const caption = element("caption");
  const body = element("tbody");
  const region = tableIn(words.table.region, Object.values(columns), body, caption);
  const all = element("button", { type: "button", class: "quiet" }, words.table.all(length));
  const { root, explain } = section("table", words.panels.table, region, all);
  if (trials.of > length) say(explain, words.table.thinned(length, trials.of));
  let rows: HTMLTableRowElement[] = [];
  const fill = (count: number) => {
    for (let k = rows.length; k < count; k++) rows.push(row(trials, k, words));
    body.replaceChildren(...rows);
    caption.textContent = words.table.caption(rows.length, trials.of);
    all.hidden = rows.length >= length;
  };
  all.addEventListener("click", () => {
    fill(length);
    store.touch();
  });
  body.addEventListener("click", (event) => {
    const chosen = (event.target as Element).closest("tr");
    if (chosen) store.set({ position: Number(chosen.dataset.position), x: null, playing: "", quad: null });
  });
  return {
    root,
    needs: ({ state }) => [state.position, rows.length],
    paint: ({ state }) => {
      if (rows.length === 0) fill(Math.min(FIRST, length));
      rows.forEach((r, k) => r.setAttribute("aria-current", String(k === state.position - 1)));
    },
  };
}

function row(trials: Trials, k: number, words: Words): HTMLTableRowElement {
  const number = trials.index[k] + 1;
  const select = element("button", { type: "button", "aria-label": words.table.select(number) }, String(number));
  const taken = trials.accepted[k];
  const cells = [
    short(trials.value[k], 7), short(trials.predicted[k]), short(trials.actual[k]), short(trials.ratio[k]),
    short(trials.tau[k]), short(trials.gradientNorm[k]),
  ];
  return element(
    "tr", { "data-position": k + 1, class: taken ? "taken" : "rejected" },
    element("th", { scope: "row" }, select),
    element("td", {}, taken ? words.table.yes : words.table.no),
    ...cells.map((text) => element("td", {}, text)),
  );
}
