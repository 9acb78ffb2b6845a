// Screen 4: right angles, the ray that passes the center, and the curve of the angle, measured in the SVG.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { between, degrees, launch, tangent } from "./browser.mjs";
import { dragIn, openTour, settled } from "./tour.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const SCREEN = '[data-screen="misses"]';

/** In pixels; the curve in degrees around and degrees off. */
const seen = async (page) => (await settled(page), page.evaluate((screen) => {
  const root = document.querySelector(screen), svg = root.querySelector('[data-figure="misses"] svg'), flat = root.querySelector('[data-figure="misses-walk"] svg');
  const number = (node, ...names) => names.map((name) => Number(node.getAttribute(name)));
  const arrow = (role) => {
    const line = svg.querySelector(`g[data-role="${role}"] line`);
    return { tail: number(line, "x1", "y1"), head: number(line, "data-x2", "data-y2") };
  };
  const path = (node) => [...node.getAttribute("d").matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
  const ring = svg.querySelector('ellipse[data-role="model-level"]'), [cx, cy, rx, ry] = number(ring, "cx", "cy", "rx", "ry"), miss = svg.querySelector('path[data-role="miss"]');
  const zeros = [...flat.querySelectorAll('path[data-role="center"]')].map((mark) => mark.dataset.center.split(" ").map(Number));
  const ppx = rx / ring.dataset.semi.split(" ").map(Number)[0];
  return {
    ring: { cx, cy, rx, ry, angle: (Number(/rotate\(([-\d.e]+)/.exec(ring.getAttribute("transform"))[1]) * Math.PI) / 180 }, ppx,
    down: arrow("minus-gradient"), newton: arrow("newton"), ray: path(svg.querySelector('path[data-role="ray"]')), miss: miss && path(miss), zeros,
    walk: path(flat.querySelector('path[data-role="run"]')), most: path(flat.querySelector('path[data-role="closing"]')), here: number(flat.querySelector('circle[data-role="point"]'), "cx", "cy"),
    floor: (() => { const [, y] = path(flat.querySelector('path[data-role="spoke"]'))[0]; return y; })(),
    told: root.querySelector(".readout").innerText, largest: Number(/= ([\d.]+)\u00b0/.exec([...flat.querySelectorAll('[data-of="closing"]')].map((e) => e.textContent).join())?.[1]),
  };
}, SCREEN));

const turn = async (page, presses) => {
  for (let k = 0; k < presses; k += 1) await page.locator(`${SCREEN} [data-figure="misses"] .handle`).press("Shift+ArrowRight");
  await settled(page);
};
const slide = async (page, value) => {
  await page.locator(`${SCREEN} [data-control="condition"]`).fill(String(value));
  await settled(page);
};

function holds({ ring, down, newton, ray, miss, told, ppx }) {
  const { direction, distance } = tangent({ ellipses: [ring], curves: [] }, down.tail);
  assert.ok(distance < 0.1, `x is ${distance} px off the level`);
  assert.ok(Math.abs(degrees(direction, between(down.tail, down.head), true) - 90) < 0.1);
  assert.ok(Math.hypot(newton.head[0] - ring.cx, newton.head[1] - ring.cy) < 0.5);
  assert.ok(degrees(between(...ray), between(down.tail, down.head)) < 0.1);
  const off = degrees(between(down.tail, down.head), between(newton.tail, newton.head));
  if (!miss) return off;
  assert.ok(Math.abs(degrees(between(...miss), between(...ray), true) - 90) < 0.2);
  const length = Math.hypot(...between(...miss));
  assert.ok(Math.abs(length - Math.hypot(...between(newton.tail, newton.head)) * Math.sin((off * Math.PI) / 180)) < 0.2);
  assert.ok(Math.abs(Number(/distance of (\d+(?:\.\d+)?)/.exec(told)[1]) - length / ppx) < 0.01 + 0.2 / ppx);
  assert.ok(Math.abs(Number(/([\d.]+)\u00b0 off/.exec(told)[1]) - off) < 0.15, `${told}: ${off}`);
  return off;
}

test("-g is at a right angle to the level and misses the center, the Newton step ends there, all the way around", async () => {
  const page = await openTour(browser, 4);
  for (const power of [0.4, 1, 2]) {
    await slide(page, power);
    for (let k = 0; k < 5; k += 1) {
      holds(await seen(page));
      await turn(page, 4);
    }
  }
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("the curve is zero at the ends of the axes, touches the line at arccos(2 sqrt k / (1 + k)), and the place is on it", async () => {
  const page = await openTour(browser, 4);
  for (const power of [0.5, 1, 1.7]) {
    await slide(page, power);
    const { walk, most, zeros, here, largest } = await seen(page), k = 10 ** power, angle = (180 / Math.PI) * Math.acos((2 * Math.sqrt(k)) / (1 + k));
    assert.deepEqual(zeros, [[0, 0], [90, 0], [180, 0], [270, 0], [360, 0]]);
    const top = Math.min(...walk.map(([, y]) => y)), bottom = Math.max(...walk.map(([, y]) => y));
    assert.equal(walk.filter(([, y]) => bottom - y < 0.02).length, 5);
    assert.ok(Math.abs(top - most[0][1]) < 0.02 && Math.abs(largest - angle) < 0.06);
    assert.ok(Math.min(...walk.map(([x, y]) => Math.hypot(x - here[0], y - here[1]))) < 1.5);
  }
  await page.finish();
});

test("a hand takes x around in either picture; on an end of an axis and on a circle -g hits; Escape brings back", async () => {
  const page = await openTour(browser, 4), first = await seen(page);
  await dragIn(page, "misses", [0.5, 0.2], [0.75, 0.3]);
  assert.ok(Math.hypot(...between(first.down.tail, (await seen(page)).down.tail)) > 100);
  holds(await seen(page));
  const before = await seen(page);
  await dragIn(page, "misses-walk", [0.2, 0.5], [0.3, 0.5]);
  assert.ok(Math.hypot(...between(before.down.tail, (await seen(page)).down.tail)) > 50);
  await page.locator(`${SCREEN} [data-figure="misses-walk"] .handle`).press("Escape");
  await settled(page);
  assert.deepEqual((await seen(page)).down, first.down);
  // From 140 degrees four strides of ten: an end of the long axis.
  await turn(page, 4);
  const end = await seen(page);
  assert.equal(end.miss, null);
  assert.ok(holds(end) < 0.1);
  assert.match(end.told, /hits: x is at the end of an axis/);
  await turn(page, 2);
  await slide(page, 0);
  const circle = await seen(page);
  assert.ok(Math.abs(circle.ring.rx - circle.ring.ry) < 1e-3 && holds(circle) < 0.1);
  assert.match(circle.told, /circle/);
  assert.deepEqual(page.errors, []);
  await page.finish();
});
