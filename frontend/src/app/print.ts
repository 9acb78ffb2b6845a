/** A printed page has everything unfolded; afterwards the page is as it was. */

import type { Store } from "./store";

export function listenToPrint(store: Store): void {
  let back: () => void = () => undefined;
  window.addEventListener("beforeprint", () => {
    const { open } = store.state, closed = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    const folded = [...document.querySelectorAll<HTMLElement>("[data-panel]")].filter((panel) => panel.querySelector(":scope > details")).map((panel) => panel.dataset.panel!);
    closed.forEach((details) => (details.open = true));
    store.set({ open: folded });
    store.flush();
    back = () => {
      closed.forEach((details) => (details.open = false));
      store.set({ open });
    };
  });
  window.addEventListener("afterprint", () => back());
}
