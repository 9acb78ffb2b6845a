/** Builds all that Python puts into its pages: node build.mjs [FOLDER] (without one: where Python reads it). */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JSDOM } from "jsdom";
import { build, createServer } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));

/** What is built. */
export const FILES = ["report.js", "report.css", "tour.js", "tour.css", "map.js", "map.css", "tour.en.html", "tour.zh.html"];

export async function buildAll(folder = join(root, "../src/raphson/picture/web"), logLevel = "warn") {
  mkdirSync(folder, { recursive: true });
  process.env.RAPHSON_WEB = folder;
  for (const mode of ["production", "tour", "map"]) await build({ root, mode, logLevel });
  for (const [name, text] of Object.entries(await printedTour())) writeFileSync(join(folder, `tour.${name}.html`), text);
}

/** The tour for paper, in both languages: its own screens, drawn here without a browser. */
async function printedTour() {
  const { window } = new JSDOM("<!doctype html><html><body></body></html>", { pretendToBeVisual: true, url: "http://localhost/" });
  const still = { observe() {}, unobserve() {}, disconnect() {} };
  class Still { constructor() { return still; } }
  window.matchMedia = () => ({ matches: true, addEventListener() {} });
  window.scrollTo = () => undefined;
  window.HTMLCanvasElement.prototype.getContext = () => null;
  Object.assign(globalThis, { ResizeObserver: Still, IntersectionObserver: Still });
  for (const name of ["document", "window", "history", "location", "Node", "Element", "HTMLElement", "Text", "CustomEvent", "Event", "matchMedia", "scrollTo", "requestAnimationFrame", "cancelAnimationFrame"])
    Object.defineProperty(globalThis, name, { value: name === "window" ? window : window[name], configurable: true, writable: true });
  const server = await createServer({ root, logLevel: "error", server: { middlewareMode: true, watch: null, ws: false }, appType: "custom", optimizeDeps: { noDiscovery: true } });
  try {
    const { printed } = await server.ssrLoadModule("/src/tour/printed.ts");
    return printed();
  } finally {
    await server.close();
    window.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildAll(process.argv[2]);
  // The server that loaded the screens leaves timers behind.
  process.exit(0);
}
