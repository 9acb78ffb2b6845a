/** Many handles on one figure: one of them is a stop of the Tab key, others are reached from it. */

import type { Handle } from "../app/handle";

/** Keys and where they lead; left and right, too, where points move up and down alone. */
export type Keys = Record<string, number>;
export const PAGES: Keys = { PageDown: 1, PageUp: -1 };
export const SIDEWAYS: Keys = { ...PAGES, ArrowRight: 1, ArrowLeft: -1 };

export function roving(handles: readonly Handle[], keys: Keys): void {
  const here = (k: number): void => handles.forEach(({ root }, i) => root.setAttribute("tabindex", i === k ? "0" : "-1"));
  here(0);
  handles.forEach(({ root }, k) => {
    root.addEventListener("focus", () => here(k));
    // Before the handle itself hears the key.
    root.addEventListener("keydown", (event) => {
      const way = keys[event.key];
      if (way === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      handles[Math.min(handles.length - 1, Math.max(0, k + way))].root.focus();
      event.preventDefault();
      event.stopImmediatePropagation();
    }, { capture: true });
  });
}
