/** A printed page has everything unfolded; afterwards the page is as it was. */

import { ALL } from "./folds";
import type { Store } from "./store";

export function listenToPrint(store: Store): void {
  let back: () => void = () => undefined;
  window.addEventListener("beforeprint", () => {
    const { open } = store.state, closed = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    closed.forEach((details) => (details.open = true));
    store.set({ open: [ALL] });
    store.flush();
    back = () => {
      closed.forEach((details) => (details.open = false));
      store.set({ open });
    };
  });
  window.addEventListener("afterprint", () => back());
}
