// Screen 6 on the page: what H^(-t) makes of the circle, read from the SVG, and -g under the hand.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { dragIn, openTour, readout, settled, slideTo } from "./tour.mjs";

const SCREEN = 6, LAMBDA = [0.5, 2.5];
/** H^-1 of the screen's H = [[0.9, -0.8], [-0.8, 2.1]], by Cramer's rule. */
const divided = ([u, v]) => [(2.1 * u + 0.8 * v) / 1.25, (0.8 * u + 0.9 * v) / 1.25];

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const degrees = (u, v) => (Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]) * 180) / Math.PI;

/** Ellipses by role, arrows (head minus tail, y upwards) by role, and x, of a figure of the screen; all in pixels. */
const read = (page, figure = "directions") =>
  page.evaluate((name) => {
    const svg = document.querySelector(`.screen:not([hidden]) [data-figure="${name}"] svg`), number = (e, ...names) => names.map((n) => Number(e.getAttribute(n)));
    const ellipses = Object.fromEntries([...svg.querySelectorAll("ellipse")].map((e) => {
      const [cx, cy, rx, ry] = number(e, "cx", "cy", "rx", "ry");
      return [e.dataset.role, { cx, cy, rx, ry, turn: -Number(/rotate\(([-\d.e]+)/.exec(e.getAttribute("transform"))[1]) * (Math.PI / 180) }];
    }));
    const arrows = Object.fromEntries([...svg.querySelectorAll("g[data-role]")].filter((g) => g.querySelector("line")).map((g) => {
      const line = g.querySelector("line"), [x, y] = number(line, "x1", "y1"), [u, v] = number(line, "data-x2", "data-y2");
      return [g.dataset.role, { tail: [x, y], head: [u, v], way: [u - x, y - v] }];
    }));
    return { ellipses, arrows };
  }, figure);


test("the semi-axes are lambda^(-t) of the circle's radius, and the sentence says the same numbers", async () => {
  for (const width of [1400, 390]) {
    const page = await openTour(browser, SCREEN, { size: { width, height: 900 } });
    for (const t of [0, 0.2, 0.5, 0.75, 1]) {
      await slideTo(page, t);
      const { ellipses: { slopes, stretched } } = await read(page), unit = slopes.rx;
      assert.ok(Math.abs(slopes.rx - slopes.ry) < 1e-3 && unit > 60, `${unit} px`);
      [stretched.rx, stretched.ry].forEach((found, i) => assert.ok(Math.abs(found / unit / LAMBDA[i] ** -t - 1) < 1e-3, `t = ${t}: ${found / unit}`));
      const said = (await readout(page)).match(/= ([\d.]+) and ([\d.]+)[,.]/).slice(1).map(Number);
      said.forEach((a, i) => assert.ok(Math.abs(a * LAMBDA[i] ** t - 1) < 6e-3, `t = ${t}: said ${a}`));
    }
    assert.deepEqual(page.errors, []);
    await page.finish();
  }
});

test("at t = 1/2 it has the contour's shape to 0.1 %, and only there it is said", async () => {
  const page = await openTour(browser, SCREEN);
  for (const t of [0, 0.3, 0.49, 0.5, 0.51, 1]) {
    await slideTo(page, t);
    const { ellipses: { model, stretched } } = await read(page), off = Math.abs(stretched.rx / stretched.ry / (model.rx / model.ry) - 1);
    // The contour by H itself: f = 1/2 at the ends of its axes.
    assert.ok(Math.abs(model.rx / model.ry - Math.sqrt(LAMBDA[1] / LAMBDA[0])) < 1e-3);
    assert.equal(off < 1e-3, t === 0.5, `t = ${t}: ${off}`);
    if (t === 0.5) assert.ok(degrees([Math.cos(model.turn), Math.sin(model.turn)], [Math.cos(stretched.turn), Math.sin(stretched.turn)]) < 1e-6);
    assert.equal(/shape of the contour/.test(await readout(page)), t === 0.5);
  }
  await page.finish();
});

test("-g is dragged around its circle, by hand and by keys; at t = 1 the other arrow is the step that solves H s = -g", async () => {
  const page = await openTour(browser, SCREEN);
  for (const to of [[0.8, 0.2], [0.3, 0.9], [0.5, 0.1], [0.1, 0.45]]) {
    await dragIn(page, "directions", [0.55, 0.3], to);
    const { ellipses: { slopes }, arrows } = await read(page), slope = arrows["minus-gradient"].way.map((a) => a / slopes.rx), step = divided(slope);
    assert.ok(Math.abs(Math.hypot(...slope) - 1) < 0.005, `-g is ${Math.hypot(...slope)} long`);
    const box = await page.locator('.screen:not([hidden]) [data-figure="directions"]').boundingBox(), from = arrows["minus-gradient"].tail;
    assert.ok(degrees(slope, [to[0] * box.width - from[0], from[1] - to[1] * box.height]) < 0.5, "-g does not follow the hand");
    const off = Math.hypot(...arrows.newton.way.map((a, i) => a - step[i] * slopes.rx));
    assert.ok(off < 0.5, `the step is ${off} px off`);
    const [length, turn] = (await readout(page)).match(/became ([\d.]+) long and turned by ([\d.]+)°/).slice(1).map(Number);
    assert.ok(Math.abs(length / Math.hypot(...step) - 1) < 0.01 && Math.abs(turn - degrees(slope, step)) < 0.3, `${length}, ${turn}`);
  }
  const handle = page.locator('.screen:not([hidden]) [data-figure="directions"] .handle');
  await handle.focus();
  const angle = async () => { const { way } = (await read(page)).arrows["minus-gradient"]; return (Math.atan2(way[1], way[0]) * 180) / Math.PI; };
  const before = await angle();
  await page.keyboard.press("ArrowUp");
  await settled(page);
  assert.ok(Math.abs((await angle()) - before - 2) < 0.3);
  await page.keyboard.press("Escape");
  await settled(page);
  assert.ok(Math.abs((await angle()) - (1.25 * 180) / Math.PI) < 0.3);
  await page.finish();
});

test("the dual on request: its normal at g is the Newton direction, its centre the end of -g; a change of language keeps all", async () => {
  const page = await openTour(browser, SCREEN);
  assert.equal(await page.locator('[data-figure="directions-dual"]').isVisible(), false);
  await page.click('[data-control="dual"]');
  await page.click(".four summary");
  await settled(page);
  for (const to of [null, [0.75, 0.3], [0.35, 0.25], [0.6, 0.85]]) {
    if (to) await dragIn(page, "directions-dual", [0.5, 0.5], to);
    const { ellipses: { dual }, arrows } = await read(page, "directions-dual"), main = await read(page), [x, y] = arrows.newton.tail;
    const [c, s] = [Math.cos(dual.turn), Math.sin(dual.turn)], [u, v] = [c * (x - dual.cx) + s * (dual.cy - y), c * (dual.cy - y) - s * (x - dual.cx)];
    assert.ok(Math.abs(Math.hypot(u / dual.rx, v / dual.ry) - 1) * Math.min(dual.rx, dual.ry) < 0.5, "g is not on its dual ellipse");
    const normal = [(c * u) / dual.rx ** 2 - (s * v) / dual.ry ** 2, (s * u) / dual.rx ** 2 + (c * v) / dual.ry ** 2].map((a) => -a);
    assert.ok(degrees(normal, arrows.newton.way) < 0.5, `the Newton direction is ${degrees(normal, arrows.newton.way)} degrees off the normal`);
    assert.ok(degrees(main.arrows.newton.way, arrows.newton.way) < 0.5, "it is not the step of the other figure");
    assert.ok(Math.hypot(arrows["minus-gradient"].head[0] - dual.cx, arrows["minus-gradient"].head[1] - dual.cy) < 0.5);
    // Long where the contour is short.
    const long = ({ rx, ry, turn }) => (rx > ry ? [Math.cos(turn), Math.sin(turn)] : [-Math.sin(turn), Math.cos(turn)]);
    assert.ok(Math.abs(degrees(long(dual), long(main.ellipses.model)) - 90) < 0.1);
  }
  const way = (await read(page)).arrows["minus-gradient"].way;
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.ok(degrees((await read(page)).arrows["minus-gradient"].way, way) < 1e-6);
  assert.ok(await page.locator('[data-figure="directions-dual"]').isVisible());
  assert.ok(await page.locator(".screen:not([hidden]) .four table").isVisible());
  assert.match(await readout(page), /对偶椭圆/);
  assert.doesNotMatch(await page.locator(".screen:not([hidden])").innerText(), /[A-Za-z]{4,}/);
  await page.finish();
});

test("the table's numbers are those of its formulas, and the row of this t is marked", async () => {
  const page = await openTour(browser, SCREEN);
  const wanted = { contour: (l) => 1 / Math.sqrt(l), stretched: (l) => 1 / l, dual: Math.sqrt, whitened: () => 1 };
  const table = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll("tr[data-ellipse]")].map((row) => [row.dataset.ellipse, [...row.querySelectorAll("[data-semi]")].map((cell) => [Number(cell.dataset.semi), Number(cell.textContent)])])));
  assert.deepEqual(Object.keys(table), Object.keys(wanted));
  for (const [name, of] of Object.entries(wanted))
    table[name].forEach(([exact, said], i) => assert.ok(Math.abs(exact / of(LAMBDA[i]) - 1) < 1e-9 && Math.abs(said / exact - 1) < 5e-3, `${name}: ${exact}, ${said}`));
  for (const [t, name] of [[1, "stretched"], [0.5, "contour"], [0, "whitened"]]) {
    await slideTo(page, t);
    assert.deepEqual(await page.$$eval("tr.here", (rows) => rows.map((row) => row.dataset.ellipse)), [name]);
  }
  await page.finish();
});

test("it plays when asked, not before, and stops at t = 1; with less motion asked for it shows stills", async () => {
  for (const reducedMotion of ["no-preference", "reduce"]) {
    const page = await openTour(browser, SCREEN, { reducedMotion });
    const ratio = async () => { const { stretched } = (await read(page)).ellipses; return stretched.rx / stretched.ry; };
    await slideTo(page, 0);
    await page.waitForTimeout(150);
    assert.ok(Math.abs((await ratio()) - 1) < 1e-3, "it moved by itself");
    const seen = page.evaluate(() => new Promise((done) => {
      const shapes = new Set(), until = performance.now() + 20000;
      const look = () => {
        const e = document.querySelector('[data-figure="directions"] ellipse[data-role="stretched"]');
        shapes.add((e.getAttribute("rx") / e.getAttribute("ry")).toFixed(3));
        if (shapes.has("5.000") || performance.now() > until) done([...shapes]);
        else requestAnimationFrame(look);
      };
      look();
    }));
    await page.click(".screen:not([hidden]) .icon-button");
    const shapes = await seen;
    assert.ok(shapes.includes("5.000"), "it did not reach t = 1");
    assert.ok(reducedMotion === "reduce" ? shapes.length <= 6 : shapes.length > 6, `${shapes.length} shapes`);
    await page.finish();
  }
});
