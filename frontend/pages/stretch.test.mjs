// The stretched circle measured in pixels: what H^-1 makes of every -g of one length, and both arrows under the hand.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PAGES, launch, open, settled } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());


/** Ellipse, arrows (head minus tail) and spokes' tips of both figures, in pixels with y upwards from the middle. */
function drawn(page) {
  return page.evaluate(() => {
    const read = (name) => {
      const svg = document.querySelector(`[data-figure="${name}"] svg`), number = (e, ...names) => names.map((n) => Number(e.getAttribute(n)));
      const ring = svg.querySelector("ellipse");
      const heads = (role) => [...svg.querySelectorAll(`g[data-role="${role}"]`)].map((g) => {
        const line = g.querySelector("line"), [x, y] = number(line, "x1", "y1"), [u, v] = number(line, "data-x2", "data-y2");
        return [u - x, y - v];
      });
      if (!ring) return { ring: null, heads: {} };
      const [cx, cy, rx, ry] = number(ring, "cx", "cy", "rx", "ry"), turn = -Number(/rotate\(([-\d.e]+)/.exec(ring.getAttribute("transform"))[1]) * (Math.PI / 180);
      const tips = [...svg.querySelectorAll('path[data-role="spoke"]')].map((path) => {
        const [, , u, v] = path.getAttribute("d").match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);
        return [u - cx, cy - v];
      });
      return { ring: { rx, ry, turn }, tips, heads: Object.fromEntries(["minus-gradient", "newton", "slopes", "stretched", "slope-part", "step-part"].map((role) => [role, heads(role)])) };
    };
    return { slopes: read("slopes"), stretch: read("stretch") };
  });
}

/** The recorded quadratic, and H^-1 v by Cramer's rule: not by the page's own code. */
async function recorded(page) {
  const { gradient, hessian } = await page.evaluate(() => Object.values(window.raphson.recording.points.at(-1).views)[0].slice);
  const [a, b, c] = hessian, det = a * c - b * b, top = (a + c) / 2 + Math.sign(a + c || 1) * Math.hypot((a - c) / 2, b);
  return { gradient, values: [det / top, top].sort((p, q) => p - q), solve: ([u, v]) => [(c * u - b * v) / det, (a * v - b * u) / det] };
}

/** 1 on the ellipse. */
const on = ({ rx, ry, turn }, [x, y]) => Math.hypot((x * Math.cos(turn) + y * Math.sin(turn)) / rx, (y * Math.cos(turn) - x * Math.sin(turn)) / ry);
const size = ([x, y]) => Math.hypot(x, y);

test("the circle is round, the ellipse has the semi-axes |g| / |lambda|, the parts add up to the Newton step", async () => {
  for (const name of PAGES.looks) {
    const page = await open(browser, name), { slopes, stretch } = await drawn(page), { gradient, values, solve } = await recorded(page);
    assert.ok(Math.abs(slopes.ring.rx - slopes.ring.ry) < 1e-3, name);
    const g = size(gradient), before = slopes.ring.rx / g, after = stretch.ring.rx / (g / Math.abs(values[0]));
    assert.ok(Math.abs(stretch.ring.ry - after * (g / Math.abs(values[1]))) < 0.01, `${name}: ${stretch.ring.ry} px`);
    const near = (found, wanted, what) => assert.ok(size([found[0] - wanted[0], found[1] - wanted[1]]) < 0.5, `${name}: ${what} ${found}, not ${wanted}`);
    near(slopes.heads["minus-gradient"][0], gradient.map((a) => -a * before), "-g");
    near(stretch.heads.newton[0], solve(gradient).map((a) => -a * after), "the Newton step");
    const [p, q] = stretch.heads["step-part"];
    near([p[0] + q[0], p[1] + q[1]], stretch.heads.newton[0], "the sum of the parts");
    slopes.tips.forEach((u, k) => near(stretch.tips[k], solve(u.map((a) => a / before)).map((a) => a * after), `spoke ${k}`));
    // A thin ellipse is a line to the eye: what is not on it by its formula is off it by less than half a pixel.
    const excess = Math.abs(on(stretch.ring, stretch.heads.newton[0]) - 1) * Math.min(stretch.ring.rx, stretch.ring.ry);
    assert.ok(excess < 0.5, `${name}: the Newton step is ${excess} px off its ellipse`);
    assert.deepEqual(page.errors, [], name);
    await page.finish();
  }
});

test("half-way it has the contour's shape to 0.1 %, at no power the circle's", async () => {
  for (const name of PAGES.looks) {
    const page = await open(browser, name, { hash: "stretch=0.5" }), { values } = await recorded(page);
    if (values[0] > 0) {
      const contour = await page.evaluate(() => document.querySelector('[data-panel="local"] [data-role="model-level"]').dataset.semi.split(" ").map(Number));
      const { ring } = (await drawn(page)).stretch;
      assert.ok(Math.abs(ring.rx / ring.ry / (contour[0] / contour[1]) - 1) < 1e-3, name);
      await page.evaluate(() => window.raphson.store.set({ stretch: 0 }));
      await settled(page);
      const { ring: round } = (await drawn(page)).stretch;
      assert.ok(Math.abs(round.rx - round.ry) < 1e-3, name);
    } else assert.ok(await page.locator('[data-panel="stretch"] input[type="range"]').isDisabled(), name);
    await page.finish();
  }
});

test("dragged around, -g leads its step and the step its -g; keys turn it; Escape brings it back", async () => {
  for (const name of PAGES.looks.filter((_, k) => k % 7 === 0)) {
    const page = await open(browser, name), { gradient, values, solve } = await recorded(page), g = size(gradient);
    for (const figure of ["slopes", "stretch"]) {
      const box = await page.locator(`[data-figure="${figure}"]`).evaluate((e) => (e.scrollIntoView({ block: "center" }), e.getBoundingClientRect().toJSON()));
      const handle = page.locator(`[data-figure="${figure}"] .handle`);
      for (let k = 0; k < 6; k += 1) {
        const grip = await handle.boundingBox(), middle = await page.locator(`[data-figure="${figure}"] [data-role="point"]`).boundingBox();
        await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
        await page.mouse.down();
        await page.mouse.move(middle.x + middle.width / 2 + 0.3 * box.width * Math.cos(1 + k), middle.y + middle.height / 2 - 0.3 * box.height * Math.sin(1 + k), { steps: 3 });
        await page.mouse.up();
        await settled(page);
        const { slopes, stretch } = await drawn(page), u = slopes.heads.slopes[0], s = stretch.heads.stretched[0];
        assert.ok(Math.abs(size(u) - slopes.ring.rx) < 0.5, `${name}: -g left its circle`);
        // Pixels of a unit in both figures.
        const before = slopes.ring.rx / g, after = (stretch.ring.rx * Math.abs(values[0])) / g;
        const step = solve(u.map((a) => a / before)).map((a) => a * after);
        assert.ok(size([s[0] - step[0], s[1] - step[1]]) < 0.5, `${name}: the step ${s} is not H^-1 of it, ${step}`);
        const place = await handle.boundingBox(), wanted = figure === "slopes" ? u : s;
        const seen = [place.x + place.width / 2 - middle.x - middle.width / 2, middle.y + middle.height / 2 - place.y - place.height / 2];
        assert.ok(size([seen[0] - wanted[0], seen[1] - wanted[1]]) < 1, `${name}: the handle stands at ${seen}`);
      }
    }
    const handle = page.locator('[data-figure="slopes"] .handle'), turned = () => page.evaluate(() => window.raphson.store.state.around);
    await handle.focus();
    const start = await turned();
    for (const [key, by] of [["ArrowUp", 2], ["ArrowRight", 2], ["Shift+ArrowLeft", -10]]) {
      const from = await turned();
      await page.keyboard.press(key);
      await settled(page);
      const way = ((await turned()) - from) * (180 / Math.PI);
      assert.ok(Math.abs(way - by - 360 * Math.round((way - by) / 360)) < 1e-6, `${name}: ${key} turned by ${way}`);
    }
    assert.ok(start !== null);
    await page.keyboard.press("Escape");
    assert.equal(await turned(), null);
    await page.finish();
  }
});

test("it follows x, and plays from the circle to the stretched circle", async () => {
  const page = await open(browser, "look-rosenbrock-start");
  await page.evaluate(() => window.raphson.store.set({ x: [-0.5, 0.4] }));
  await settled(page);
  const semi = (figure) => page.evaluate((name) => document.querySelector(`[data-figure="${name}"] ellipse`).dataset.semi.split(" ").map(Number), figure);
  // Rosenbrock's function there, by hand: f itself, and not the recorded quadratic.
  const [x, y] = [-0.5, 0.4], g = size([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)]), [a, b, c] = [1200 * x * x - 400 * y + 2, -400 * x, 200];
  const half = Math.hypot((a - c) / 2, b), wanted = [(a + c) / 2 - half, (a + c) / 2 + half].map((lambda) => g / Math.abs(lambda));
  assert.ok(Math.abs((await semi("slopes"))[0] / g - 1) < 1e-9);
  (await semi("stretch")).forEach((found, i) => assert.ok(Math.abs(found / wanted[i] - 1) < 1e-9, `${found}, not ${wanted[i]}`));
  // A saddle: the inverse is there, a power between is not.
  assert.match(await page.locator('[data-panel="stretch"] .explain').innerText(), /absolute value.*reversed/);
  assert.ok(await page.locator('[data-panel="stretch"] .icon-button').isDisabled());
  await page.evaluate(() => window.raphson.store.set({ x: null }));
  await settled(page);
  await page.locator('[data-panel="stretch"] .icon-button').click();
  await page.waitForFunction(() => window.raphson.store.state.stretch < 0.9);
  await page.waitForFunction(() => window.raphson.store.state.stretch === 1 && window.raphson.store.state.playing === "");
  await page.finish();
});
