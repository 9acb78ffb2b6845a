// Screen 8 of the tour: the paths, counts, digits and ellipses on the page are those of the runs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { dragIn, openTour, settled } from "./tour.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const SCREEN = 8;

const choose = async (page, value) => {
  await page.check(`[data-screen="steps"] input[type="radio"][value="${value}"]`);
  await settled(page);
};

/** Counts, readout, and what is drawn: marks and ellipses in the units of the axes. */
const seen = (page) =>
  page.evaluate(() => {
    const root = document.querySelector('[data-screen="steps"]'), pair = (text) => text.split(" ").map(Number);
    const dots = (figure, role) => [...root.querySelectorAll(`[data-figure="${figure}"] [data-role="${role}"][data-center][data-filled]`)].map((e) => ({ at: pair(e.dataset.center), filled: e.dataset.filled === "true" }));
    const ellipses = (figure, role) => [...root.querySelectorAll(`[data-figure="${figure}"] [data-role="${role}"][data-semi]`)].map((e) => ({ center: pair(e.dataset.center), semi: pair(e.dataset.semi), angle: Number(e.dataset.angle), role, pixels: ["cx", "cy", "rx", "ry"].map((name) => Number(e.getAttribute(name))) }));
    const methods = ["newton", "damped-newton", "bfgs", "gradient-descent", "fixed-step"];
    return {
      counts: Object.fromEntries([...root.querySelectorAll("[data-steps]")].map((e) => [e.dataset.steps, e.textContent])),
      readout: root.querySelector(".readout").textContent, explain: root.querySelector(".board .explain").textContent, fixed: root.querySelector(".fixed").textContent,
      ways: Object.fromEntries(methods.map((name) => [name, dots("race", `race-${name}`)])), digits: Object.fromEntries(methods.map((name) => [name, dots("digits", `race-${name}`)])),
      lines: Object.fromEntries(methods.map((name) => [name, root.querySelector(`[data-figure="digits"] path[data-role="race-${name}"]`)?.getAttribute("d") ?? ""])),
      start: dots("race", "start")[0]?.at, step: ellipses("race", "step-ellipse"), learned: ellipses("race", "learned-ellipse"), shapes: [ellipses("shapes", "learned-ellipse"), ellipses("shapes", "step-ellipse")],
    };
  });

test("on the quadratic Newton needs one step from wherever the hand puts the start", async () => {
  const page = await openTour(browser, SCREEN);
  const starts = [], descents = [];
  for (const to of [null, [0.3, 0.2], [0.8, 0.3], [0.7, 0.85], [0.2, 0.7]]) {
    if (to) await dragIn(page, "race", [0.5, 0.15], to);
    const { counts, readout, ways, start, lines } = await seen(page);
    assert.equal(counts.newton, "1");
    assert.match(readout, /after 1 step\b/);
    assert.ok(readout.includes(`needs ${counts["gradient-descent"]} steps`), readout);
    assert.ok(Math.hypot(...ways.newton[0].at) < 1e-12, "the step ends in the center");
    starts.push(start.join());
    descents.push(lines["gradient-descent"]);
  }
  assert.equal(new Set(starts).size, 5);
  assert.equal(new Set(descents).size, 5, "the way of gradient descent is another from every start");
  await page.locator('[data-figure="race"] .handle').press("Escape");
  await settled(page);
  assert.equal((await seen(page)).start.join(), starts[0]);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("in the valley the digits that are said are those that are drawn, and double near the end", async () => {
  const page = await openTour(browser, SCREEN);
  const flat = await seen(page);
  await choose(page, "rosenbrock");
  const first = await seen(page);
  assert.notDeepEqual(first.ways, flat.ways);
  assert.notEqual(first.start.join(), flat.start.join());
  for (const to of [null, [0.3, 0.75], [0.85, 0.8]]) {
    if (to) await dragIn(page, "race", [0.5, 0.15], to);
    const { counts, readout, digits } = await seen(page), drawn = digits.newton.map(({ at }) => at[1]);
    // The first mark of six digits stands at the step that is counted; all later ones are higher.
    assert.equal(drawn.findLastIndex((a) => a < 6) + 1, Number(counts.newton));
    const said = /after \d+ steps: ([\d. →]+)\./.exec(readout)[1].split(" → ").map(Number);
    for (const a of said) assert.ok(drawn.some((b) => Math.abs(a - b) <= 0.05 + 1e-9), `${a} of ${drawn}`);
    const last = drawn.filter((a) => a > 1 && a < 15.9), ratios = last.slice(1).map((a, k) => a / last[k]);
    assert.ok(ratios.at(-1) > 1.6 && ratios.at(-1) < 2.6, `${last}`);
    for (const name of ["damped-newton", "bfgs"]) assert.equal(digits[name].findLastIndex(({ at }) => at[1] < 6) + 1, Number(counts[name]), name);
    assert.ok(Number(counts["gradient-descent"]) > 1000);
    assert.ok(readout.includes(`needs ${counts["gradient-descent"]} steps`));
  }
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("each of Newton's ellipses goes through a point and has the next one at its center", async () => {
  const page = await openTour(browser, SCREEN);
  await choose(page, "rosenbrock");
  await choose(page, "newton");
  const { step, ways, start, explain } = await seen(page), points = [start, ...ways.newton.map(({ at }) => at)];
  assert.ok(step.length >= 6);
  step.slice(0, 6).forEach(({ center, semi, angle, pixels }, k) => {
    const scale = pixels[2] / semi[0], [u, v] = [points[k][0] - center[0], points[k][1] - center[1]], [c, s] = [Math.cos(angle), Math.sin(angle)];
    const [p, q] = [(c * u + s * v) / semi[0], (-s * u + c * v) / semi[1]], normal = Math.hypot(p / semi[0], q / semi[1]);
    assert.ok((Math.abs(p * p + q * q - 1) / (2 * normal)) * scale < 0.5, `ellipse ${k} and its point`);
    assert.ok(Math.hypot(center[0] - points[k + 1][0], center[1] - points[k + 1][1]) * scale < 0.5, `ellipse ${k} and the next point`);
  });
  assert.equal(ways.bfgs.length, 0, "the others stand aside");
  assert.match(explain, /the next is its centre/);
  assert.doesNotMatch(explain, /not positive definite/);
  // Above x2 = x1^2 + 1/20 H is indefinite.
  await dragIn(page, "race", [0.5, 0.15], [0.55, 0.1]);
  const high = await seen(page);
  assert.match(high.explain, /not positive definite/);
  assert.ok(high.start[1] > high.start[0] ** 2 + 0.05);
  await page.finish();
});

test("the ellipse of BFGS begins as a circle and ends as that of H", async () => {
  const page = await openTour(browser, SCREEN);
  for (const ground of ["quadratic", "rosenbrock"]) {
    await choose(page, ground);
    await choose(page, "bfgs");
    const { shapes: [own, hessian], learned, explain } = await seen(page);
    const ratio = ({ semi }) => semi[0] / semi[1], gap = (a, b) => Math.abs(((((a.angle - b.angle) * 180) / Math.PI + 270) % 180) - 90);
    assert.ok(Math.abs(ratio(own[0]) - 1) < 1e-6);
    assert.ok(own.length >= hessian.length && learned.length >= own.length - 1);
    const [a, b] = [own.at(-1), hessian.at(-1)];
    assert.deepEqual(a.center, b.center);
    assert.ok(gap(a, b) < 0.2 && Math.abs(ratio(a) / ratio(b) - 1) < 0.02);
    const pairs = hessian.map((h) => [own.find((o) => o.center.join() === h.center.join()), h]), round = ({ semi }) => semi[0] / semi[1] < 1 + 1e-6;
    const most = [Math.max(...pairs.filter(([o]) => !round(o)).map(([o, h]) => gap(o, h))), Math.max(...pairs.map(([o, h]) => Math.max(ratio(o) / ratio(h), ratio(h) / ratio(o))))];
    const said = /up to ([\d.]+)° apart .* up to ([\d.]+) times .* in the end ([\d.]+)° and ([\d.]+) times/.exec(explain).slice(1).map(Number);
    assert.ok(Math.abs(said[0] - most[0]) <= 0.5 && Math.abs(said[1] / most[1] - 1) < 0.06, explain);
    assert.ok(most[0] > 20 && most[1] > 3 && said[2] <= 0.2 && Math.abs(said[3] - 1) <= 0.02);
  }
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("a fixed step diverges beyond the number that is said, and arrives below it", async () => {
  const page = await openTour(browser, SCREEN);
  await page.check('[data-screen="steps"] [data-method="fixed-step"]');
  const slide = async (share) => {
    await page.evaluate((share) => {
      const slider = document.querySelector('[data-control="fixed"]');
      slider.value = String(share);
      slider.dispatchEvent(new Event("input"));
    }, share);
    await settled(page);
    return seen(page);
  };
  const numbers = ({ fixed }) => /α = ([\d.]+)\. Beyond 2\/λ = 2\/([\d.]+) = ([\d.]+)/.exec(fixed).slice(1).map(Number);
  for (const share of [0.5, 0.9, 0.97]) {
    const now = await slide(share), [alpha, , limit] = numbers(now);
    assert.ok(alpha < limit && Number(now.counts["fixed-step"]) > 10);
  }
  for (const share of [1.03, 1.2]) {
    const now = await slide(share), [alpha, lambda, limit] = numbers(now), ways = now.ways["fixed-step"].map(({ at }) => Math.hypot(...at));
    assert.deepEqual([lambda, limit], [16, 0.125]);
    assert.ok(alpha > limit);
    assert.equal(now.counts["fixed-step"], "diverges");
    assert.ok(ways.at(-1) > ways[5]);
  }
  await choose(page, "rosenbrock");
  assert.match((await slide(1.1)).counts["fixed-step"], /not in 10000|diverges/);
  assert.ok(Number((await slide(0.9)).counts["fixed-step"]) > 500);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("the basin map lies behind on request, in its color; a change of language keeps what was chosen", async () => {
  const page = await openTour(browser, SCREEN);
  assert.equal(await page.locator('[data-screen="steps"] canvas.basin').isHidden(), true);
  await choose(page, "rosenbrock");
  await choose(page, "newton");
  await page.selectOption('[data-screen="steps"] [data-control="ground"]', "newton");
  await page.waitForFunction(() => /starts, one end/.test(document.querySelector('[data-screen="steps"] .board .explain').textContent), null, { timeout: 120_000 });
  const colors = await page.$eval('[data-screen="steps"] canvas.basin', (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), found = new Set();
    for (let k = 0; k < data.length; k += 4) found.add(data.slice(k, k + 3).join());
    return [...found].map((color) => color.split(",").map(Number));
  });
  assert.ok(colors.length > 3, "fast and slow starts");
  for (const [r, , b] of colors) assert.ok(b > r && b > 150, "tints of the blue of the first end");
  await dragIn(page, "race", [0.5, 0.15], [0.3, 0.75]);
  const before = await seen(page);
  await page.click('[data-language="zh"]');
  await settled(page);
  const after = await seen(page);
  assert.deepEqual([after.start, after.counts.newton, after.step.length, after.ways], [before.start, before.counts.newton, before.step.length, before.ways]);
  assert.equal(await page.inputValue('[data-screen="steps"] [data-control="ground"]'), "newton");
  assert.match(after.readout, /牛顿法/);
  assert.deepEqual([page.errors, page.requests.filter((url) => !/^(file|blob|data):/.test(url))], [[], []]);
  await page.finish();
});
