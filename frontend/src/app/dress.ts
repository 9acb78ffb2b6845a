/** The colors of roles, on light ground and on dark, for the whole document. */

import { darkInks } from "../scene/style";
import { colorOf, element } from "./dom";

export function dress(): void {
  for (const [name, role] of [["accent", "model-level"], ["good", "newton"], ["bad", "minus-gradient"], ["run", "path"]])
    document.documentElement.style.setProperty(`--${name}`, colorOf(role));
  // Dark only where the page came to life: the static pictures are on white.
  document.documentElement.classList.add("scripted");
  document.head.append(element("style", {}, `@media screen and (prefers-color-scheme: dark){:root.scripted{${darkInks("#14191f")}}}`));
}
