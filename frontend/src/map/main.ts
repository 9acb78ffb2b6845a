/** The page of an optimized graph: reads the map that stands in the file and shows it. */

import "../app/style.css";
import "../app/dark.css";
import "../app/print.css";
import "../app/drawn.css";
import "./map.css";
import { dress } from "../app/dress";
import { MapPage } from "./page";
import { type MapRecord, decodeMap } from "./record";

declare global {
  interface Window {
    /** For tests, and for the curious in the console. */
    map?: MapPage;
  }
}

function start(): void {
  const place = document.getElementById("graph-map");
  if (!place?.textContent) return;
  const record = JSON.parse(place.textContent) as MapRecord;
  if (record.schema !== 1) return;
  dress();
  window.map = new MapPage(decodeMap(record));
  // The still picture is for readers without scripts, and for the day when this one fails.
  document.getElementById("static")?.remove();
}

start();
