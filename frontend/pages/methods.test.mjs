// The methods of the page in a real browser: the race, the basin map in workers, radius and damping.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** Opens a page with panels unfolded, under its own security policy: workers must pass it. */
async function unfolded(name, panels, options = {}) {
  const page = await open(browser, name, { hash: `open=${panels}`, bypassCSP: false, folded: true, ...options });
  page.workers_ = 0;
  page.on("worker", () => (page.workers_ += 1));
  for (const panel of panels.split(",")) await page.waitForSelector(`[data-panel="${panel}"] svg [data-scene]`);
  return page;
}

const slide = (page, control, value) =>
  page.evaluate(([control, value]) => {
    const slider = document.querySelector(`[data-control="${control}"]`);
    slider.value = String(value);
    slider.dispatchEvent(new Event("input"));
    window.raphson.store.flush();
  }, [control, value]);

/** The walk as it is drawn, in pixels, and as it is said. */
const drawnWalk = (page) =>
  page.evaluate(() => {
    const svg = document.querySelector('[data-figure="walk"] svg'), of = (element, ...names) => names.map((name) => Number(element.getAttribute(name)));
    const ball = svg.querySelector('[data-role="trust-region"]'), dot = svg.querySelector('circle[data-role="trial"]'), newton = svg.querySelector('g[data-role="newton"] line');
    const value = (control) => document.querySelector(`[data-control="${control}"]`).getAttribute("aria-valuetext");
    return {
      ball: of(ball, "cx", "cy", "rx"), dot: of(dot, "cx", "cy"), filled: dot.dataset.filled, newton: newton && of(newton, "x2", "y2"),
      lambda: value("damping"), ratio: document.querySelector('[role="meter"]').getAttribute("aria-valuetext"), words: document.querySelector('[data-panel="walk"] .explain').textContent,
    };
  });

test("radius and damping are one walk: the step ends on the circle, with no damping on the Newton point", async () => {
  const page = await unfolded("run-newton", "walk");
  for (const share of [0.1, 0.4, 0.7]) {
    await slide(page, "radius", share);
    const { ball, dot, words } = await drawnWalk(page);
    assert.ok(Math.abs(Math.hypot(dot[0] - ball[0], dot[1] - ball[1]) - ball[2]) < 0.5, `${share}: ${words}`);
  }
  for (const share of [0.2, 0.5]) {
    await slide(page, "damping", share);
    const { ball, dot } = await drawnWalk(page);
    assert.ok(Math.abs(Math.hypot(dot[0] - ball[0], dot[1] - ball[1]) - ball[2]) < 0.5);
  }
  await slide(page, "damping", 1);
  const end = await drawnWalk(page);
  assert.equal(end.lambda, "0");
  assert.ok(Math.hypot(end.dot[0] - end.newton[0], end.dot[1] - end.newton[1]) < 0.5);
  assert.equal(end.filled, String(Number(end.ratio.replace("\u2212", "-")) > 1e-4));
  assert.match(end.words, end.filled === "true" ? /taken/ : /rejected/);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("the race starts where the hand puts it, and the table says what the lines show", async () => {
  const page = await unfolded("run-newton", "race");
  const table = () => page.$$eval('[data-panel="race"] tbody tr', (rows) => Object.fromEntries(rows.map((row) => [row.dataset.method, row.textContent])));
  const before = await table();
  assert.deepEqual(Object.keys(before), ["gradient-descent", "newton", "damped-newton", "bfgs"]);
  await page.locator('[data-figure="race"] .handle').focus();
  for (let k = 0; k < 5; k += 1) await page.keyboard.press("Shift+ArrowRight");
  await page.evaluate(() => window.raphson.store.flush());
  assert.notDeepEqual(await table(), before);
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.raphson.store.flush());
  assert.deepEqual(await table(), before);
  await page.locator('[data-method="trust-exact"]').first().check();
  await page.evaluate(() => window.raphson.store.flush());
  assert.ok("trust-exact" in (await table()));
  const starts = await page.$$eval('[data-figure="race"] path[class^="role-race-"]', (paths) => paths.map((path) => /^M[-\d.]+,[-\d.]+/.exec(path.getAttribute("d"))[0]));
  assert.equal(new Set(starts).size, 1);
  await page.finish();
});

test("the basin map comes from workers made of the page itself, without a request", async () => {
  const page = await unfolded("run-newton", "race");
  await page.selectOption('[data-control="ground"]', "newton");
  await page.waitForFunction(() => /starts/.test(document.querySelector('[data-panel="race"] [aria-live]').textContent), null, { timeout: 120_000 });
  assert.ok(page.workers_ >= 1);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:") && !url.startsWith("blob:")), []);
  const seen = await page.$eval("canvas.basin", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return { width: canvas.width, opaque: data.filter((a, k) => k % 4 === 3 && a === 255).length, size: canvas.width * canvas.height };
  });
  assert.equal(seen.width, 200);
  assert.equal(seen.opaque, seen.size);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("where workers are refused, the map is made between frames", async () => {
  const context = await browser.newContext({ viewport: { width: 800, height: 900 } }), page = await context.newPage();
  await page.addInitScript(() => (window.Worker = class { constructor() { throw new Error("refused"); } }));
  const { FOLDER } = await import("./browser.mjs");
  await page.goto(`file://${FOLDER}/run-newton.html#open=race`);
  await page.waitForSelector('[data-panel="race"] svg [data-scene]');
  await page.selectOption('[data-control="ground"]', "newton");
  await page.waitForFunction(() => /starts/.test(document.querySelector('[data-panel="race"] [aria-live]').textContent), null, { timeout: 180_000 });
  await context.close();
});

test("a host function has no race, a bounded run none that breaks its bounds", async () => {
  for (const name of ["look-host", "run-bounded"]) {
    const page = await open(browser, name, {});
    assert.equal(await page.locator('[data-panel="race"]').count(), 0);
    await page.finish();
  }
});
