// Screen 3: the contour's axes under the hand, measured in the SVG.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { openTour, settled } from "./tour.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const SCREEN = '[data-screen="axes"]';

/** What is drawn and what is said. */
const seen = async (page) => (await settled(page), page.evaluate((screen) => {
  const root = document.querySelector(screen), ring = root.querySelector('ellipse[data-role="model-level"]'), number = (name) => Number(ring?.getAttribute(name));
  return {
    semi: ring ? [number("rx"), number("ry")] : null, lambda: ring?.dataset.lambda.split(" ").map(Number), turn: ring ? Number(/rotate\(([-\d.e]+)/.exec(ring.getAttribute("transform"))[1]) : null,
    curves: root.querySelectorAll('path[data-role="model-level"]').length, lines: root.querySelectorAll('path[data-role="asymptote"]').length,
    tips: [...root.querySelectorAll(".handle:not([hidden])")].length, told: root.querySelector(".readout").innerText,
    entries: [...root.querySelectorAll("[data-entry]")].map((cell) => Number(cell.textContent.replace("\u2212", "-"))),
    labels: [...root.querySelectorAll('[data-of="axis"]')].map((label) => label.textContent),
  };
}, SCREEN));

const slide = async (page, value) => {
  await page.locator(`${SCREEN} [data-control="lambda"]`).fill(String(value));
  await settled(page);
};

/** Drags the tip of an axis by so many pixels. */
async function pull(page, k, [dx, dy]) {
  const box = await page.locator(`${SCREEN} .handle`).nth(k).boundingBox(), [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx, y + dy, { steps: 5 });
  await page.mouse.up();
  await settled(page);
}

test("lambda a^2 stays 2c while a tip is pulled; the other eigenvalue stays; the entries are H's", async () => {
  const page = await openTour(browser, 3), first = await seen(page), twoC = first.lambda.map((lambda, i) => lambda * first.semi[i] ** 2);
  assert.ok(Math.abs(twoC[0] / twoC[1] - 1) < 1e-4);
  for (const [k, by] of [[1, [40, -28]], [0, [10, 30]], [1, [-60, -70]], [0, [-90, 5]]]) {
    const before = await seen(page);
    await pull(page, k, by);
    const { lambda, semi, entries, turn, told } = await seen(page);
    lambda.forEach((one, i) => assert.ok(Math.abs((one * semi[i] ** 2) / twoC[0] - 1) < 1e-3));
    assert.equal(lambda.filter((one) => before.lambda.some((other) => Math.abs(one - other) < 1e-9)).length, 1);
    assert.notEqual(turn, before.turn);
    const [a, b, c, d] = entries, root = Math.hypot((a - d) / 2, b);
    assert.equal(b, c);
    [(a + d) / 2 - root, (a + d) / 2 + root].forEach((value, i) => assert.ok(Math.abs(value - lambda[i]) < 0.02));
    assert.match(told, /= 4 = 2c/);
  }
  await page.locator(`${SCREEN} .handle`).first().press("Escape");
  assert.deepEqual((await seen(page)).lambda, first.lambda);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("through zero the ellipse opens to a strip and a hyperbola, and comes back", async () => {
  const page = await openTour(browser, 3), first = await seen(page);
  await slide(page, 0.1);
  assert.ok(Math.max(...(await seen(page)).semi) > 3 * Math.max(...first.semi));
  await slide(page, 0);
  const strip = await seen(page);
  assert.deepEqual([strip.semi, strip.curves, strip.lines, strip.tips], [null, 2, 0, 1]);
  assert.match(strip.told, /strip/);
  await slide(page, -1);
  const saddle = await seen(page);
  assert.deepEqual([saddle.semi, saddle.curves, saddle.lines, saddle.tips], [null, 2, 2, 1]);
  assert.match(saddle.told, /hyperbola/);
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.match((await seen(page)).told, /双曲线/);
  await slide(page, 1);
  assert.deepEqual([(await seen(page)).lambda.map((a) => Math.round(a * 1e9) / 1e9), (await seen(page)).tips], [[1, 4], 2]);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("a tip is pulled by keys, and by a finger on a phone", async () => {
  const page = await openTour(browser, 3, { size: { width: 390, height: 800 }, hasTouch: true, isMobile: true }), before = await seen(page), tip = page.locator(`${SCREEN} .handle`).nth(1);
  await tip.press("ArrowRight");
  await settled(page);
  const keyed = await seen(page);
  assert.ok(Math.min(...keyed.lambda) < Math.min(...before.lambda));
  await tip.scrollIntoViewIfNeeded();
  const box = await tip.boundingBox(), [x, y] = [box.x + box.width / 2, box.y + box.height / 2], hand = await page.context().newCDPSession(page);
  const touch = (type, dx) => hand.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: x + dx, y: y - dx / 2 }] });
  await touch("touchStart", 0);
  for (const dx of [6, 12, 18, 24]) await touch("touchMove", dx);
  await touch("touchEnd", 24);
  await settled(page);
  assert.ok(Math.min(...(await seen(page)).lambda) < 0.9 * Math.min(...keyed.lambda));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await page.finish();
});
