/** The tour's page; the same script in a worker computes basin maps. */

import "../app/style.css";
import "../app/folds.css";
import "../app/laboratory.css";
import "../app/dark.css";
import "../app/print.css";
import "./tour.css";
import { serve } from "../app/background";
import { dress } from "../app/dress";
import { Tour } from "./tour";

declare global {
  interface Window {
    /** For tests, and for the curious in the console. */
    tour?: Tour;
  }
}

function start(): void {
  if (!document.getElementById("tour")) return;
  dress();
  const tour = new Tour();
  document.body.append(tour.root);
  tour.paint();
  document.getElementById("static")?.remove();
  window.tour = tour;
}

if (typeof document === "undefined") serve(globalThis as never);
else start();
