// Where there is no bowl: what the screen says and draws is true of H at the place where the hand has put x.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { degrees, launch } from "./browser.mjs";
import { dragIn, openTour, settled } from "./tour.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const TAKE = 1e-4;
/** f = sin(0.6 u) + sin(1.2 v) + 0.15 u v, its slopes and its curvatures by hand. */
const value = ([u, v]) => Math.sin(0.6 * u) + Math.sin(1.2 * v) + 0.15 * u * v;
const slopes = ([u, v]) => [0.6 * Math.cos(0.6 * u) + 0.15 * v, 1.2 * Math.cos(1.2 * v) + 0.15 * u];
const hessian = ([u, v]) => [-0.36 * Math.sin(0.6 * u), 0.15, -1.44 * Math.sin(1.2 * v)];
const eigenvalues = (x) => {
  const [a, b, d] = hessian(x), mean = (a + d) / 2, radius = Math.hypot((a - d) / 2, b);
  return [mean - radius, mean + radius];
};
const kind = (x) => (eigenvalues(x)[0] > 0 ? "bowl" : eigenvalues(x)[1] < 0 ? "dome" : "saddle");
const newton = (x) => {
  const [a, b, d] = hessian(x), [g, h] = slopes(x), det = a * d - b * b;
  return [-(d * g - b * h) / det, -(a * h - b * g) / det];
};
const number = (text) => Number(text.replaceAll("\u2212", "-"));

/** What is on the screen, in data where it says so and in pixels. */
const drawn = (page) =>
  page.evaluate(() => {
    const root = document.querySelector('.screen:not([hidden])'), svg = root.querySelector('[data-figure="bowl"] svg'), all = (role) => [...svg.querySelectorAll(`[data-layer="items"] [data-role="${role}"]`)];
    const pair = (text) => text.split(" ").map(Number), of = (node, ...names) => names.map((name) => Number(node.getAttribute(name)));
    const line = (role) => all(role).map((group) => ({ from: of(group.querySelector("line"), "x1", "y1"), to: of(group.querySelector("line"), "x2", "y2"), head: pair(group.dataset.head) }))[0] ?? null;
    const dot = (role) => all(role).map((node) => ({ at: pair(node.dataset.center), pixel: of(node, "cx", "cy"), filled: node.dataset.filled }))[0] ?? null;
    return {
      point: dot("point"), trial: dot("trial"), gradient: line("minus-gradient"), newton: line("newton"),
      levels: all("model-level").map((node) => ({ name: node.tagName, hill: node.dataset.hill === "true", lambda: node.dataset.lambda && pair(node.dataset.lambda) })),
      circle: all("trust-region").map((node) => of(node, "cx", "cy", "rx"))[0] ?? null,
      lines: all("singular").map((node) => [...node.getAttribute("d").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])])),
      labels: [...svg.querySelectorAll('[data-role="label"]')].map((node) => node.textContent),
      readout: root.querySelector(".readout").textContent, step: root.querySelector(".explain").textContent, ratio: root.querySelector('[role="meter"]').getAttribute("aria-valuetext"),
      amount: root.querySelector(".slide output").textContent, slider: root.querySelector('[data-control="hold"]').value,
    };
  });

/** Puts x on a place of the picture, given in shares of its width and height. */
const put = async (page, place) => {
  await dragIn(page, "bowl", place, place, 1);
  return drawn(page);
};
const slide = async (page, share) => {
  await page.evaluate((share) => {
    const slider = document.querySelector('[data-control="hold"]');
    slider.value = String(share);
    slider.dispatchEvent(new Event("input"));
  }, share);
  await settled(page);
  return drawn(page);
};
/** Places in the plot, the same in every run: multiples of the golden section and of another. */
const PLACES = Array.from({ length: 12 }, (_, k) => [0.08 + 0.88 * ((k * 0.754877 + 0.2) % 1), 0.05 + 0.82 * ((k * 0.56984 + 0.1) % 1)]);

test("the kind, the level, the way of Newton's step and the mark of a step are those of H at x", async () => {
  const page = await openTour(browser, 9), seen = new Set(), marks = new Set();
  for (const [k, place] of PLACES.entries()) {
    await slide(page, [0.3, 0.6, 0.95][k % 3]);
    const now = await put(page, place), x = now.point.at, shape = kind(x), step = newton(x), slope = step[0] * slopes(x)[0] + step[1] * slopes(x)[1];
    seen.add(shape);
    assert.match(now.readout, new RegExp(`a ${shape}\\.`));
    const [low, high] = [...now.readout.matchAll(/\u2212?\d+(?:\.\d+)?(?:e-?\d+)?/g)].map((m) => number(m[0]));
    eigenvalues(x).forEach((lambda, i) => assert.ok(Math.abs(lambda - [low, high][i]) <= 0.006 * Math.max(Math.abs(lambda), 1e-3), now.readout));
    assert.match(now.readout, slope > 0 ? /goes up/ : /goes down/);
    if (shape === "saddle") assert.ok(now.levels.length && now.levels.every(({ name }) => name === "path"));
    else assert.deepEqual(now.levels.map(({ name, hill }) => [name, hill]), [["ellipse", shape === "dome"]]);
    [0, 1].forEach((i) => assert.ok(Math.abs(now.newton.head[i] - x[i] - step[i]) < 1e-6 * Math.hypot(...step)));
    const [g, h] = slopes(x), way = [now.gradient.to[0] - now.gradient.from[0], now.gradient.to[1] - now.gradient.from[1]];
    assert.ok(degrees(way, [-g, h]) < 0.05);
    const s = [0, 1].map((i) => now.trial.at[i] - x[i]), [a, b, d] = hessian(x), promised = -(g * s[0] + h * s[1] + 0.5 * (a * s[0] ** 2 + 2 * b * s[0] * s[1] + d * s[1] ** 2));
    const ratio = (value(x) - value(now.trial.at)) / promised, taken = promised > 0 && ratio > TAKE;
    marks.add(taken);
    assert.ok(Math.abs(number(now.ratio) - ratio) < 0.006 * Math.abs(ratio) + 1e-9, `${now.ratio} for ${ratio}`);
    assert.equal(now.trial.filled, String(taken));
    assert.match(now.step, taken ? /taken/ : /rejected/);
    assert.doesNotMatch(now.step, taken ? /rejected/ : /taken/);
  }
  assert.deepEqual([...seen].sort(), ["bowl", "dome", "saddle"]);
  assert.equal(marks.size, 2);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("the dotted lines lie where an eigenvalue is 0, to a pixel's worth", async () => {
  const page = await openTour(browser, 9), one = (await put(page, [0.3, 0.3])).point, now = await put(page, [0.8, 0.7]), two = now.point;
  const unit = [0, 1].map((i) => (two.at[i] - one.at[i]) / (two.pixel[i] - one.pixel[i])), data = (p) => p.map((a, i) => one.at[i] + unit[i] * (a - one.pixel[i]));
  assert.ok(Math.abs(unit[0] + unit[1]) < 1e-6, "a unit is as long on both axes");
  assert.equal(now.lines.length > 1, true);
  for (const p of now.lines.flat()) assert.ok(Math.min(...eigenvalues(data(p)).map(Math.abs)) < 1e-4);
  assert.ok(now.labels.includes("det H = 0"));
  await page.finish();
});

test("the step turns from -g to Newton by damping, ends on the circle by the radius, and keeps to Newton's line by alpha", async () => {
  const page = await openTour(browser, 9);
  const inBowl = await put(page, [0.35, 0.55]), x = inBowl.point.at;
  assert.equal(kind(x), "bowl");
  const short = await slide(page, 0), [g, h] = slopes(x), way = ({ trial }) => [0, 1].map((i) => trial.at[i] - x[i]);
  assert.ok(degrees(way(short), [-g, -h]) < 1);
  let last = 0;
  for (const share of [0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
    const now = await slide(page, share), length = Math.hypot(...way(now));
    assert.ok(length > last);
    last = length;
  }
  const whole = await drawn(page);
  assert.match(whole.amount, /= 0$/);
  assert.ok(Math.hypot(whole.trial.pixel[0] - whole.newton.to[0], whole.trial.pixel[1] - whole.newton.to[1]) < 0.01);
  const before = await slide(page, 0.45);
  await page.check('input[name="hold"][value="radius"]');
  await settled(page);
  const round = await drawn(page);
  // The same step, held by another means.
  assert.ok(Math.hypot(round.trial.pixel[0] - before.trial.pixel[0], round.trial.pixel[1] - before.trial.pixel[1]) < 0.5);
  for (const share of [0.2, 0.6]) {
    const { circle: [cx, cy, r], trial } = await slide(page, share);
    assert.ok(Math.abs(Math.hypot(trial.pixel[0] - cx, trial.pixel[1] - cy) - r) < 0.01);
  }
  await page.check('input[name="hold"][value="length"]');
  await settled(page);
  const dome = await put(page, [0.8, 0.25]);
  assert.equal(kind(dome.point.at), "dome");
  assert.equal(dome.circle, null);
  for (const share of [0.05, 0.5, 1]) {
    const now = await slide(page, share), s = now.trial.at.map((a, i) => a - now.point.at[i]);
    assert.ok(degrees(s, newton(now.point.at)) < 1e-3);
    assert.equal(now.trial.filled, "false");
    assert.match(now.step, /rises along this step.*rejected/);
  }
  await page.finish();
});

test("Escape and a double click bring back the start; a change of language keeps all; Chinese is Chinese", async () => {
  const page = await openTour(browser, 9), first = await drawn(page);
  await page.check('input[name="hold"][value="radius"]');
  await slide(page, 0.77);
  await page.locator('[data-figure="bowl"] .handle').focus();
  for (const key of ["ArrowLeft", "Shift+ArrowDown"]) await page.keyboard.press(key);
  await settled(page);
  const moved = await drawn(page);
  assert.notDeepEqual(moved.point.at, first.point.at);
  await page.click('[data-language="zh"]');
  await settled(page);
  const chinese = await drawn(page);
  assert.deepEqual([chinese.point.at, chinese.slider, chinese.trial.at], [moved.point.at, moved.slider, moved.trial.at]);
  assert.ok(await page.isChecked('input[name="hold"][value="radius"]'));
  const words = await page.locator(".screen:not([hidden])").innerText();
  assert.deepEqual(words.match(/[A-Za-z]{4,}/g), null);
  await page.locator('.screen:not([hidden]) [data-figure="bowl"] .handle').focus();
  await page.keyboard.press("Escape");
  await settled(page);
  const back = await drawn(page);
  assert.deepEqual([back.point.at, back.trial.at, back.slider], [first.point.at, first.trial.at, first.slider]);
  await put(page, [0.3, 0.3]);
  const box = await page.locator('.screen:not([hidden]) [data-figure="bowl"]').boundingBox();
  await page.mouse.dblclick(box.x + 0.4 * box.width, box.y + 0.4 * box.height);
  await settled(page);
  assert.deepEqual((await drawn(page)).point.at, first.point.at);
  assert.deepEqual(page.errors, []);
  await page.finish();
});
