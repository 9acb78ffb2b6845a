/** The panels of a comparison: pictures of the paths and of the pace, the table, the bar that says what they show; and one method picked out in all. */

import type { RaceRecord, RaceWords } from "../engine/record";
import type { Scene } from "../scene/types";
import { until } from "../views/comparison";
import { element, iconButton, setIcon, tableIn } from "./dom";
import { Figure } from "./figure";
import { say, section, type Heading, type Panel } from "./panel";
import { halt, sweep } from "./play";
import { swatch } from "./race-track";
import { radios } from "./radios";
import type { State, Store } from "./store";
import type { Words } from "./words/words";

const MILLISECONDS = 7000;
/** Pixels around the pointer in which lines are looked for, along a spiral. */
const NEAR = 14;

export const heading = ([title, question]: [string, string]): Heading => ({ title, question });

/** Lines, marks and rows of one method among all: the one pointed at, or that has the focus, else the one that was pressed. */
export function spotlight(roles: string[], store: Store): { sheet: HTMLElement; light: (role?: string) => void; watch: (root: HTMLElement) => void } {
  const sheet = element("style");
  const light = (role = ""): void => {
    const lit = roles.find((one) => one === (role || store.state.picked)), others = roles.filter((one) => one !== lit).map((one) => `.figure .role-${one}`);
    const text = lit ? `${others.join()}{opacity:.13}.figure .role-${lit}[fill=none]{stroke-width:3.4}tr[data-role=${lit}]{background:var(--wash)}` : "";
    // While the pointer rests on a line nothing is laid out anew.
    if (sheet.textContent !== text) sheet.textContent = text;
  };
  const meant = ({ clientX, clientY }: MouseEvent): string => {
    for (let k = 0; k < NEAR; k += 1) {
      const found = document.elementFromPoint(clientX + k * Math.cos(k), clientY + k * Math.sin(k))?.closest<HTMLElement>("[data-role]")?.dataset.role;
      if (found && roles.includes(found)) return found;
    }
    return "";
  };
  const watch = (root: HTMLElement): void => {
    root.addEventListener("pointermove", (event) => light(meant(event)));
    root.addEventListener("pointerleave", () => light());
    root.addEventListener("focusin", ({ target }) => light((target as Element).closest("tr")?.dataset.role));
    root.addEventListener("click", (event) => {
      // A press by a key has no place; one into the race of the page moves its start.
      const place = event.target as Element, picked = place.closest("tr")?.dataset.role ?? (place.closest(".panel-race") ? "" : meant(event));
      if (picked) store.set({ picked: picked === store.state.picked ? "" : picked });
    });
  };
  return { sheet, light, watch };
}

export function picturePanel(name: "paths" | "pace", own: RaceWords, store: Store, make: (state: State) => Scene, told: (state: State) => string): Panel {
  const figure = new Figure(name, () => store.touch()), { root, explain } = section(name, heading(own[name]), figure.root);
  return {
    root, needs: ({ state: { show, over, race } }) => [figure.size, show, over, race],
    paint: ({ state }) => {
      figure.draw(make(state), own[name].join(". "));
      say(explain, told(state));
    },
  };
}

export function methodsPanel({ methods }: RaceRecord, own: RaceWords, light: () => void): Panel {
  const buttons = methods.map(({ name, role, mark }) => element("button", { type: "button" }, swatch(role, mark), name));
  const rows = methods.map(({ role, cells }, k) => element("tr", { "data-role": role }, element("th", { scope: "row" }, buttons[k]), ...[...cells, own.verdicts[k]].map((text) => element("td", {}, text))));
  const { root, explain } = section("methods", heading(own.methods), element("div", { class: "numbers" }, tableIn(own.methods[1], own.columns, element("tbody", {}, ...rows))));
  root.style.gridColumn = "1/-1";
  explain.textContent = own.about;
  return {
    root, needs: ({ state }) => [state.picked],
    paint: ({ state }) => {
      light();
      buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(methods[k].role === state.picked)));
    },
  };
}

export function stageBar(race: RaceRecord, own: RaceWords, store: Store, { controls: { play, pause, label } }: Words): Panel {
  const button = iconButton("play", play, () => sweep(store, "race", MILLISECONDS)), slider = element("input", { type: "range", max: 1, step: 0.001, "aria-label": own.slider }), where = element("output", { class: "where" });
  slider.addEventListener("input", () => {
    halt();
    store.set({ race: Number(slider.value) });
  });
  const { gap, digits, evaluations, trials } = own, shows = radios("show", own.show, { gap, digits }, (show) => store.set({ show })), overs = radios("over", own.over, { evaluations, trials }, (over) => store.set({ over }));
  return {
    root: element("section", { class: "bar with-trials", "data-panel": "bar", "aria-label": label }, element("div", { class: "transport" }, button, slider, where), shows.root, overs.root),
    needs: ({ state: { show, over, race, playing } }) => [show, over, race, playing],
    paint: ({ state }) => {
      const text = own.after[state.over].replace("{k}", String(Math.max(0, Math.floor(until(race, state)))));
      slider.value = String(state.race);
      slider.setAttribute("aria-valuetext", text);
      where.textContent = text;
      shows.check(state.show);
      overs.check(state.over);
      setIcon(button, state.playing ? "pause" : "play", state.playing ? pause : play);
    },
  };
}
