/** The page of a report: of a fit first data and curve, parameters, correlations; then the run; of a large one what Python drew. */

import type { Engine } from "../engine/engine";
import { makePage, type Page, type Standing } from "./page";
import type { Panel } from "./panel";
import { cornerPanel } from "./panels/corner";
import { drawnPanels } from "./panels/drawn";
import { fitPanel } from "./panels/fit";
import { parametersPanel } from "./panels/parameters";
import type { Store } from "./store";
import type { Words } from "./words/words";

export const fitPage = (engine: Engine, store: Store, words: Words, standing: Standing = "page"): Page => makePage(engine, store, words, standing, fitPanels, ({ recording }) => drawnPanels(recording, words));

/** What a fit is about comes before how it was found. */
function fitPanels({ recording: { fit } }: Engine, store: Store, words: Words): Panel[] {
  if (!fit) return [];
  return [fitPanel(fit, store, words), parametersPanel(fit, words), ...(fit.corner.length > 1 ? [cornerPanel(fit, store, words)] : [])];
}
