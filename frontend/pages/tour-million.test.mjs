// Screen 10 of the tour on the page: a fit whose data are dragged, a map that closes its loop, the cost of n.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { openTour, settled } from "./tour.mjs";

const fixture = JSON.parse(readFileSync(new URL("../tests/fixtures/squares.json", import.meta.url), "utf8"));
const runs = JSON.parse(readFileSync(new URL("../../benchmarks/results/large/runs.json", import.meta.url), "utf8"));
const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const SCREEN = '[data-screen="million"]';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const choose = async (page, k) => {
  await page.click(`${SCREEN} [data-tab="${k}"]`);
  await settled(page);
};
const told = (page) => page.locator(`${SCREEN} .readout`).innerText();
const minus = (text) => Number(text.replaceAll("\u2212", "-"));
/** The middle of the k-th handle of a figure, on the page. */
const handleAt = async (page, figure, k) => {
  const box = await page.locator(`${SCREEN} [data-figure="${figure}"] .handle`).nth(k).boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
};
const drag = async (page, [x, y], [dx, dy]) => {
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx, y + dy, { steps: 5 });
  await page.mouse.up();
  await settled(page);
};
const centers = (page, figure, role) => page.locator(`${SCREEN} [data-figure="${figure}"] circle[data-role="${role}"]`).evaluateAll((all) => all.map((dot) => dot.dataset.center.split(" ").map(Number)));

test("the fit says what Python says; a dragged point moves alone, and the fit with it", async () => {
  const page = await openTour(browser, 10);
  const [{ x: [a, b], errors, squares }] = fixture.fits;
  const numbers = (await told(page)).match(/\d+(\.\d+)?/g).map(Number);
  assert.deepEqual(numbers.slice(0, 4), [Number(a.toPrecision(3)), Number(errors[0].toPrecision(2)), Number(b.toPrecision(3)), Number(errors[1].toPrecision(2))]);
  const cells = await page.locator(`${SCREEN} [data-matrix="J\u2032J"] td`).allInnerTexts();
  assert.deepEqual(cells.map(minus), squares.flat().map((value) => Number(value.toPrecision(4))));
  const before = await centers(page, "fit-data", "data");
  assert.equal(before.length, 12);
  await drag(page, await handleAt(page, "fit-data", 3), [0, -120]);
  const after = await centers(page, "fit-data", "data"), moved = after.flatMap(([t, y], i) => (y !== before[i][1] || t !== before[i][0] ? [i] : []));
  assert.deepEqual(moved, [3]);
  assert.ok(after[3][0] === before[3][0] && after[3][1] > before[3][1] + 0.3);
  assert.notEqual(Number((await told(page)).match(/[\d.]+/)[0]), numbers[0]);
  // A press beside the points moves the nearest one.
  const [x, y] = await handleAt(page, "fit-data", 8);
  await drag(page, [x + 12, y - 14], [0, -60]);
  assert.deepEqual((await centers(page, "fit-data", "data")).flatMap(([, height], i) => (height !== after[i][1] ? [i] : [])), [8]);
  await page.keyboard.press("Escape");
  await settled(page);
  assert.deepEqual(await centers(page, "fit-data", "data"), before);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("by keys: one stop for all points, left and right lead to neighbors, up moves; another language keeps the data", async () => {
  const page = await openTour(browser, 10);
  const stops = page.locator(`${SCREEN} [data-figure="fit-data"] .handle[tabindex="0"]`);
  assert.equal(await stops.count(), 1);
  await stops.focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp"]) await page.keyboard.press(key);
  await settled(page);
  assert.match(page.url(), /screen=10/);
  const now = await centers(page, "fit-data", "data"), { y } = fixture.fits[0];
  assert.deepEqual(now.flatMap(([, height], i) => (height !== y[i] ? [i] : [])), [2]);
  assert.ok(now[2][1] > y[2]);
  assert.equal(await stops.count(), 1);
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.deepEqual(await centers(page, "fit-data", "data"), now);
  assert.match(await told(page), /只在 b 的那一项上相差/);
  await page.finish();
});

test("the loop closes: the sum falls with every press, down to SciPy's; a hand opens it again", async () => {
  const page = await openTour(browser, 10);
  await choose(page, 1);
  const sums = () => page.locator(`${SCREEN} .falls li`).evaluateAll((all) => all.map((item) => Number(item.dataset.sum)));
  const thick = () => page.locator(`${SCREEN} [data-figure="map"] path[data-role="edge-broken"]`).count();
  const step = page.locator(`${SCREEN} [data-control="step"]`);
  assert.equal(await thick(), 1);
  assert.ok(Math.abs((await sums())[0] / fixture.loop.begin - 1) < 1e-9);
  for (let k = 0; k < 12 && await step.isEnabled(); k += 1) {
    await step.click();
    await settled(page);
  }
  const all = await sums();
  assert.ok(all.length >= 4 && all.every((sum, k) => k === 0 || sum < all[k - 1]), all.join());
  assert.ok(Math.abs(all.at(-1) / fixture.loop.end - 1) < 1e-8);
  assert.equal(await thick(), 0);
  assert.match(await told(page), /The map has settled/);
  const poses = await centers(page, "map", "pose");
  poses.forEach(([x, y], k) => [x, y].forEach((value, i) => assert.ok(Math.abs(value - fixture.loop.poses[3 * (k + 1) + i]) < 1e-6)));
  await drag(page, await handleAt(page, "map", 9), [60, 70]);
  assert.deepEqual((await centers(page, "map", "pose")).flatMap(([x], k) => (x !== poses[k][0] ? [k] : [])), [9]);
  assert.ok((await sums()).length === 1 && (await sums())[0] > 10 * fixture.loop.end);
  assert.ok(await step.isEnabled());
  for (let k = 0; k < 12 && await step.isEnabled(); k += 1) await step.click();
  await settled(page);
  assert.ok(Math.abs((await sums()).at(-1) / fixture.loop.end - 1) < 1e-8);
  await page.click(`${SCREEN} [data-control="open"]`);
  await settled(page);
  assert.equal(await thick(), 1);
  assert.equal(await page.locator(`${SCREEN} .pattern rect[data-row]`).count(), 60);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("the cost of n: by slider and by hand; what was measured is the benchmark's", async () => {
  const page = await openTour(browser, 10);
  await choose(page, 2);
  const { wall, peak, products, n } = runs["rosenbrock-1e6"], said = await page.locator(`${SCREEN} [data-part="2"] .explain`).innerText();
  for (const part of [`${Number(wall.toPrecision(3))}\u00a0s`, `${Number(peak.toPrecision(3))}\u00a0GiB`, `${products} products`, n.toString().replace(/\B(?=(\d{3})+$)/g, "\u202f")]) assert.ok(said.includes(part), part);
  const at = async () => Number((await page.locator(`${SCREEN} [data-figure="cost"] [data-role="point"]`).getAttribute("data-center")).split(" ")[0]);
  assert.equal(await at(), 1e6);
  await page.locator(`${SCREEN} [data-control="n"]`).fill("3");
  await settled(page);
  assert.equal(await at(), 1000);
  assert.match(await told(page), /7\.63\sMiB/);
  await drag(page, await handleAt(page, "cost", 0), [-80, 0]);
  const less = await at();
  assert.ok(less < 1000 && less >= 2);
  const [, size] = (await page.locator(`${SCREEN} [data-figure="cost"] [data-role="point"]`).getAttribute("data-center")).split(" ").map(Number);
  assert.equal(size, 8 * less * less);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("one part at a time; all three are drawn for paper", async () => {
  const page = await openTour(browser, 10);
  for (const k of [1, 2, 0]) {
    await choose(page, k);
    assert.deepEqual(await page.locator(`${SCREEN} .part`).evaluateAll((all) => all.flatMap((part, i) => (getComputedStyle(part).visibility === "visible" ? [i] : []))), [k]);
  }
  await page.emulateMedia({ media: "print" });
  assert.deepEqual(await page.locator(`${SCREEN} .part`).evaluateAll((all) => all.map((part) => getComputedStyle(part).visibility === "visible" && part.offsetHeight > 200)), [true, true, true]);
  assert.ok((await page.locator(`${SCREEN} .figure svg[role="img"]`).count()) === 4);
  await page.finish();
});

test("axe finds nothing on this screen, light and dark, in both languages", async () => {
  for (const [language, colorScheme] of [["en", "light"], ["zh", "dark"]]) {
    const page = await openTour(browser, 10, { language, colorScheme });
    await page.evaluate(AXE);
    for (const k of [0, 1, 2]) {
      await choose(page, k);
      const { violations } = await page.evaluate((root) => window.axe.run(root), SCREEN);
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`), []);
    }
    assert.deepEqual([page.errors, page.requests.length], [[], 1]);
    await page.finish();
  }
});

test("a finger pulls a pose, and that pose alone", async () => {
  const page = await openTour(browser, 10, { size: { width: 390, height: 800 }, hasTouch: true });
  await choose(page, 1);
  await page.locator(`${SCREEN} [data-figure="map"]`).scrollIntoViewIfNeeded();
  const poses = await centers(page, "map", "pose"), [x, y] = await handleAt(page, "map", 6), client = await page.context().newCDPSession(page);
  const touch = (type, points) => client.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  await touch("touchStart", [{ x, y }]);
  await touch("touchMove", [{ x: x - 20, y: y + 25 }]);
  await touch("touchEnd", []);
  await settled(page);
  const moved = await centers(page, "map", "pose");
  assert.deepEqual(moved.flatMap(([u, v], k) => (u !== poses[k][0] || v !== poses[k][1] ? [k] : [])), [6]);
  await page.finish();
});
