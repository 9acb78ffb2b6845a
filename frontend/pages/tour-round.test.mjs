// Screen 7 on the page: the ellipse becomes a circle, -g ends in its centre, and x under the hand; measured in pixels.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { openTour, readout, settled, slideTo } from "./tour.mjs";

const SCREEN = 7, START = [-1.2, 0.3];

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const degrees = (u, v) => (Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]) * 180) / Math.PI;

/** The screen's f by hand: 0.5 x^2 + 2 (y - x^2/4)^2 + 0.4 x y; the angle from -g to the Newton step, by Cramer's rule. */
function byHand([x, y]) {
  const w = y - (x * x) / 4, g = [x - 2 * w * x + 0.4 * y, 4 * w + 0.4 * x], [a, b, c] = [1 + 1.5 * x * x - 2 * y, 0.4 - 2 * x, 4], det = a * c - b * b;
  const step = [-(c * g[0] - b * g[1]) / det, -(a * g[1] - b * g[0]) / det];
  return { det, angle: degrees(g.map((v) => -v), step), fall: -(g[0] * step[0] + g[1] * step[1]) };
}

const read = (page) =>
  page.evaluate(() => {
    const svg = document.querySelector('.screen:not([hidden]) [data-figure="round"] svg'), number = (e, ...names) => names.map((n) => Number(e.getAttribute(n)));
    const ring = svg.querySelector("ellipse"), arrows = Object.fromEntries([...svg.querySelectorAll("g[data-role]")].filter((g) => g.querySelector("line")).map((g) => {
      const line = g.querySelector("line"), [x, y] = number(line, "x1", "y1"), [u, v] = number(line, "data-x2", "data-y2"), part = (name) => g.getAttribute(name).split(" ").map(Number);
      return [g.dataset.role, { tail: [x, y], head: [u, v], way: [u - x, y - v], size: Math.hypot(...part("data-head").map((a, i) => a - part("data-tail")[i])) }];
    }));
    const paths = (role) => [...svg.querySelectorAll(`path[data-role="${role}"]`)].map((path) => path.getAttribute("d").match(/-?[\d.]+(?:e-?\d+)?/g).map(Number));
    const point = number(svg.querySelector('circle[data-role="point"]'), "cx", "cy");
    const e = ring && number(ring, "cx", "cy", "rx", "ry");
    return { ring: e && { cx: e[0], cy: e[1], rx: e[2], ry: e[3] }, arrows, point, path: paths("cauchy")[0] ?? [], ray: paths("ray")[0] ?? [], lines: paths("function").length };
  });

const place = (page) => page.evaluate(() => document.querySelector('.screen:not([hidden]) [data-figure="round"] .handle').getAttribute("aria-valuetext").replaceAll("\u2212", "-").match(/-?[\d.]+(?:e-?\d+)?(?=[,，]|$)/g).map(Number));

/** Drags x to a share of the figure's width and height; where the handle stands then, in the same shares. */
async function drag(page, to) {
  const handle = page.locator('.screen:not([hidden]) [data-figure="round"] .handle'), box = await page.locator('.screen:not([hidden]) [data-figure="round"]').boundingBox();
  const middle = async () => { const b = await handle.boundingBox(); return [b.x + b.width / 2, b.y + b.height / 2]; };
  await page.mouse.move(...(await middle()));
  await page.mouse.down();
  await page.mouse.move(box.x + to[0] * box.width, box.y + to[1] * box.height, { steps: 8 });
  await page.mouse.up();
  await settled(page);
  const [x, y] = await middle();
  return [(x - box.x) / box.width, (y - box.y) / box.height];
}

/** What holds at t = 1: a circle, -g on the way to its centre and as long as that. */
function holdsRound({ ring, arrows, point, ray }, what) {
  assert.ok(Math.abs(ring.rx / ring.ry - 1) < 1e-3, `${what}: ${ring.rx} x ${ring.ry} px`);
  const down = arrows["minus-gradient"], centre = [ring.cx - point[0], point[1] - ring.cy];
  assert.ok(degrees(down.way, centre) < 0.1, `${what}: -g is ${degrees(down.way, centre)} degrees off the centre`);
  assert.ok(Math.hypot(down.head[0] - ring.cx, down.head[1] - ring.cy) < 0.5, `${what}: -g ends at ${down.head}, the centre is ${ring.cx}, ${ring.cy}`);
  assert.ok(Math.abs(Math.hypot(...centre) - ring.rx) < 0.5, `${what}: x is not on the circle`);
  const [x, y, u, v] = ray;
  assert.ok(degrees([u - x, y - v], centre) < 0.1, `${what}: the ray does not go through the centre`);
}

test("at t = 1 the level is round to 0.1 %, -g ends in the centre in its true length; at t = 0 the angle is that of the quadratic", async () => {
  for (const width of [1400, 390]) {
    const page = await openTour(browser, SCREEN, { size: { width, height: 900 } }), { angle, fall } = byHand(START);
    const plain = await read(page);
    assert.ok(Math.abs(degrees(plain.arrows["minus-gradient"].way, plain.arrows.newton.way) - angle) < 0.1);
    assert.match(await readout(page), new RegExp(`${angle.toFixed(1)}°`));
    assert.ok(plain.ring.rx / plain.ring.ry > 3 || plain.ring.ry / plain.ring.rx > 3);
    await slideTo(page, 1);
    const whole = await read(page);
    holdsRound(whole, `${width} px`);
    // H^(-1/2) g is as long as sqrt(g'H^-1 g).
    assert.ok(Math.abs(whole.arrows["minus-gradient"].size / Math.sqrt(fall) - 1) < 1e-6);
    assert.match(await readout(page), / 0° off the centre; in its true length it ends there\..*in one step/);
    assert.equal(whole.path.length, 4);
    assert.ok(whole.lines > 5);
    assert.deepEqual(page.errors, []);
    await page.finish();
  }
});

test("on the way the angle falls, the path loses its corners, and both are said", async () => {
  const page = await openTour(browser, SCREEN);
  let last = 90, corners = Infinity;
  for (const t of [0, 0.25, 0.5, 0.75, 0.95]) {
    await slideTo(page, t);
    const { arrows, path, ring } = await read(page), angle = degrees(arrows["minus-gradient"].way, arrows.newton.way);
    const [said, steps] = (await readout(page)).match(/ ([\d.]+)° off the centre.* takes (\d+) steps/).slice(1).map(Number);
    assert.ok(angle < last && Math.abs(said - angle) < 0.2, `t = ${t}: ${angle}, said ${said}`);
    assert.equal(steps, path.length / 2 - 1);
    assert.ok(steps <= corners);
    assert.ok(Math.hypot(path[path.length - 2] - ring.cx, path[path.length - 1] - ring.cy) < 2, "the path does not end in the centre");
    [last, corners] = [angle, steps];
  }
  await page.finish();
});

test("x is dragged at any t: it stays under the hand, and what is said stays true", async () => {
  const page = await openTour(browser, SCREEN);
  for (const t of [0, 0.6, 1]) {
    await slideTo(page, t);
    for (const to of [[0.75, 0.35], [0.62, 0.75], [0.35, 0.6]]) {
      const stands = await drag(page, to), x = await place(page), { angle, det } = byHand(x);
      assert.ok(det > 0, `x = ${x} is no bowl`);
      assert.ok(Math.hypot(stands[0] - to[0], stands[1] - to[1]) < 0.01, `t = ${t}: x stands at ${stands}, the hand at ${to}`);
      const seen = await read(page);
      if (t === 1) holdsRound(seen, `x = ${x}`);
      if (t === 0) assert.ok(Math.abs(degrees(seen.arrows["minus-gradient"].way, seen.arrows.newton.way) - angle) < 1, `x = ${x}`);
    }
    await page.locator('.screen:not([hidden]) [data-figure="round"] .handle').press("Escape");
    await settled(page);
    assert.deepEqual(await place(page), START);
  }
  await page.finish();
});

test("where H is not positive definite nothing is made round, and it is said; the way back is open, in the other language too", async () => {
  const page = await openTour(browser, SCREEN);
  await slideTo(page, 1);
  await drag(page, [0.2, 0.05]);
  const x = await place(page), { ring, arrows } = await read(page);
  assert.ok(byHand(x).det < 0, `x = ${x}`);
  assert.deepEqual([ring, Object.keys(arrows)], [null, []]);
  assert.match(await readout(page), /a saddle.*no H\^½ that can be undone/);
  assert.ok(await page.locator(".screen:not([hidden]) input[type=range]").isDisabled());
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.deepEqual(await place(page), x);
  assert.match(await readout(page), /没有可逆的 H\^½/);
  assert.doesNotMatch(await page.locator(".screen:not([hidden])").innerText(), /[A-Za-z]{4,}/);
  await drag(page, [0.5, 0.8]);
  assert.ok(byHand(await place(page)).det > 0);
  holdsRound(await read(page), "back in the bowl");
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("it plays when asked and ends round; keys move x", async () => {
  const page = await openTour(browser, SCREEN);
  const ratio = async () => { const { rx, ry } = (await read(page)).ring; return rx / ry; };
  const still = await ratio();
  await page.waitForTimeout(150);
  assert.equal(await ratio(), still);
  await page.click(".screen:not([hidden]) .icon-button");
  await page.waitForFunction(() => document.querySelector(".screen:not([hidden]) output").textContent === "t = 1.00", null, { timeout: 20000 });
  await settled(page);
  holdsRound(await read(page), "played");
  await page.locator('.screen:not([hidden]) [data-figure="round"] .handle').press("Shift+ArrowDown");
  await settled(page);
  assert.notDeepEqual(await place(page), START);
  holdsRound(await read(page), "after a key");
  await page.finish();
});
