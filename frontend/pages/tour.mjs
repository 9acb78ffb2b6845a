// What the tests of the tour's screens share.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { FOLDER, patient, settled } from "./browser.mjs";

export { settled };

/** Opens the tour on a screen ("end": the last). Errors and requests are kept: `page.errors`, `page.requests`. */
export async function openTour(browser, screen, { language = "en", size = { width: 1400, height: 900 }, ...options } = {}) {
  const context = await browser.newContext({ viewport: size, bypassCSP: true, ...options });
  const page = await context.newPage();
  if (options.javaScriptEnabled !== false) await patient(page);
  Object.assign(page, { errors: [], requests: [], finish: () => context.close() });
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.errors.push(message.text()));
  page.on("request", (request) => page.requests.push(request.url()));
  const file = language === "zh" ? "tour-zh" : "tour";
  await page.goto(`${pathToFileURL(`${FOLDER}/${file}.html`)}#screen=${screen}&lang=${language}`);
  if (options.javaScriptEnabled === false) return page;
  await page.waitForFunction(() => window.tour !== undefined);
  await settled(page);
  return page;
}

/** Puts the slider of the screen to a value. */
export async function slideTo(page, value) {
  await page.evaluate((to) => {
    const slider = document.querySelector(".screen:not([hidden]) input[type=range]");
    slider.value = to;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, String(value));
  await settled(page);
}

/** The sentence with the number that moves. */
export const readout = (page) => page.locator(".screen:not([hidden]) .readout").innerText();

export const near = (a, b, by, what = "") => assert.ok(Math.abs(a - b) <= by, `${what} ${a} should be ${b}`);

/** Presses at one point of a figure and lets go at another; both in shares of its width and height. */
export async function dragIn(page, figure, from, to, steps = 6) {
  const box = await page.locator(`.screen:not([hidden]) [data-figure="${figure}"]`).boundingBox();
  const at = ([u, v]) => [box.x + u * box.width, box.y + v * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps });
  await page.mouse.up();
  await settled(page);
}
