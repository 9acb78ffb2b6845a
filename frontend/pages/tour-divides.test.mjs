// Screen 5: the parts of -g, divided, and their sum, measured in the SVG while the play button and the hand are at work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { dragIn, openTour, settled } from "./tour.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const SCREEN = '[data-screen="divides"]';

const seen = async (page) => (await settled(page), page.evaluate((screen) => {
  const root = document.querySelector(screen), number = (node, ...names) => names.map((name) => Number(node.getAttribute(name)));
  const arrows = (role) => [...root.querySelectorAll(`g[data-role="${role}"]`)].map((g) => {
    const line = g.querySelector("line");
    return { tail: number(line, "x1", "y1"), head: number(line, "data-x2", "data-y2") };
  });
  const ring = root.querySelector('ellipse[data-role="model-level"]');
  return {
    center: number(ring, "cx", "cy"), semi: number(ring, "rx", "ry"), lambda: ring.dataset.lambda.split(" ").map(Number), point: number(root.querySelector('circle[data-role="point"]'), "cx", "cy"),
    ppx: number(ring, "rx")[0] / ring.dataset.semi.split(" ").map(Number)[0], dots: root.querySelectorAll('circle[data-role="slope-part"]').length,
    minus: arrows("minus-gradient"), slopes: arrows("slope-part"), steps: arrows("step-part"), newton: arrows("newton"),
    rows: [...root.querySelectorAll("[data-part]")].map((row) => ({ name: row.dataset.part, step: Number(row.dataset.step), text: row.children[1].textContent.replaceAll("\u2212", "-") })),
    told: root.querySelector(".readout").innerText, t: Number(root.querySelector("[data-control]").value), button: root.querySelector(".icon-button").title,
  };
}, SCREEN));

const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const length = ({ tail, head }) => apart(tail, head);
const slide = async (page, value) => {
  await page.locator(`${SCREEN} [data-control="progress"]`).fill(String(value));
  await settled(page);
};

/** At the end: both parts one behind the other, and the Newton step, end at the center; lengths are those that are written. */
function lands({ center, minus, steps, newton, point, rows, lambda, ppx }) {
  assert.equal(steps.length, 2);
  const [flat, steep] = steps;
  assert.ok(apart(flat.head, center) < 0.5 && apart(newton[0].head, center) < 0.5, `${apart(flat.head, center)} px`);
  assert.ok(apart(steep.tail, point) < 0.5 && apart(flat.tail, steep.head) < 0.5 && apart(minus[0].tail, point) < 0.5);
  for (const { name, step, text } of rows) {
    assert.ok(Math.abs(Math.abs(step) * ppx - length(name === "steep" ? steep : flat)) < 0.5);
    const [slope, divisor, result] = text.split("=").slice(1).join("/").split("/").map(Number);
    assert.ok(Math.abs(slope / divisor - result) < 0.02 * Math.abs(result) + 1e-4, text);
    assert.ok(Math.abs(divisor - lambda[name === "steep" ? 1 : 0]) < 0.01 * divisor + 1e-3);
    assert.ok(Math.abs(step - result) < 0.01 * Math.abs(step) + 1e-4);
  }
}

test("wherever x is, the divided parts add up to the center; x stays where there is an ellipse", async () => {
  const page = await openTour(browser, 5), first = await seen(page);
  lands(first);
  for (const to of [[0.3, 0.75], [0.5, 0.1], [0.62, 0.9], [0.2, 0.3], [0.98, 0.02]]) {
    await dragIn(page, "divides", [0.6, 0.5], to);
    const now = await seen(page);
    lands(now);
    assert.ok(now.lambda[0] > 0);
  }
  await page.locator(`${SCREEN} .handle`).press("Escape");
  await settled(page);
  assert.deepEqual((await seen(page)).point, first.point);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("on the way: -g alone, its parts, the steep one shrinking and the flat one growing", async () => {
  const page = await openTour(browser, 5);
  await slide(page, 0);
  const alone = await seen(page);
  assert.deepEqual([alone.minus.length, alone.slopes.length, alone.steps.length, alone.newton.length], [1, 0, 0, 0]);
  await slide(page, 0.25);
  const split = await seen(page), [a, b] = split.slopes, sum = [0, 1].map((k) => a.head[k] + b.head[k] - a.tail[k]);
  assert.ok(apart(sum, split.minus[0].head) < 0.1, "the parts add up to -g");
  await slide(page, 0.75);
  const divided = await seen(page);
  assert.ok(length(divided.steps[1]) < length(b) && length(divided.steps[0]) > length(a));
  assert.deepEqual([divided.newton.length, divided.dots], [0, 2]);
  assert.match(divided.told, /Steep: .* Flat: /);
  await page.finish();
});

test("nothing plays before it is asked; it plays once, can be stopped, and outlives a change of language", async () => {
  const page = await openTour(browser, 5);
  assert.equal((await seen(page)).t, 1);
  await page.click(`${SCREEN} .icon-button`);
  await page.waitForFunction((screen) => { const { value } = document.querySelector(`${screen} [data-control]`); return value > 0.02 && value < 0.9; }, SCREEN);
  await page.click(`${SCREEN} .icon-button`);
  // What was under way when the hand stopped it is painted in the next frame.
  await settled(page);
  const stopped = (await seen(page)).t;
  await settled(page);
  assert.equal((await seen(page)).t, stopped);
  await page.click(`${SCREEN} .icon-button`);
  await page.click('[data-language="zh"]');
  await page.waitForFunction((screen) => Number(document.querySelector(`${screen} [data-control]`).value) === 1, SCREEN);
  await settled(page);
  const end = await seen(page);
  lands(end);
  assert.equal(end.button, "播放除法的过程");
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("with less motion it goes from still to still", async () => {
  const page = await openTour(browser, 5, { reducedMotion: "reduce" });
  const found = await page.evaluate((screen) => new Promise((done) => {
    const values = new Set(), slider = document.querySelector(`${screen} [data-control]`);
    document.querySelector(`${screen} .icon-button`).click();
    const look = () => {
      values.add(Number(slider.value));
      if (slider.value === "1" && values.size > 1) done([...values]);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }), SCREEN);
  assert.deepEqual(found.filter((t) => ![0, 0.25, 0.5, 0.75, 1].includes(t)), []);
  assert.ok(found.includes(1) && found.length > 1);
  await page.finish();
});
