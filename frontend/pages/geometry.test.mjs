// The pictures measured in pixels, in a real browser: right angles, centres, semi-axes, roundness.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PAGES, between, degrees, geometry, launch, open, tangent } from "./browser.mjs";

/** LIVE=all measures a third window: CI has its minutes, and live.test.mjs measures three others. */
const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }, ...(process.env.LIVE === "all" ? [{ width: 1024, height: 768 }] : [])];
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** The recorded quadratic in its plane and its eigenvalues, ascending, by the quadratic formula: not by the page's own code. */
function recorded(page) {
  return page.evaluate(() => {
    const { recording } = window.raphson;
    const view = Object.values(recording.points.at(-1).views)[0];
    const [a, b, c] = view.slice.hessian;
    const half = Math.hypot((a - c) / 2, b);
    const top = (a + c) / 2 + Math.sign(a + c || 1) * half;
    return { values: [(a * c - b * b) / top, top].sort((p, q) => p - q), gradient: view.slice.gradient, hessian: [a, b, c] };
  });
}

for (const size of SIZES) {
  test(`20 points at ${size.width} x ${size.height}: -g is perpendicular to the level, Newton ends in the centre`, async () => {
    assert.equal(PAGES.looks.length, 20);
    let bowls = 0;
    for (const name of PAGES.looks) {
      const page = await open(browser, name, { size });
      const found = await geometry(page, "local");
      assert.ok(found.gradient && found.point, `${name}: no gradient or no point`);
      const level = tangent(found, found.point);
      assert.ok(level.distance <= 0.5, `${name}: x is ${level.distance} px off its level`);
      const right = degrees(between(found.gradient.tail, found.gradient.head), level.direction, true);
      assert.ok(Math.abs(right - 90) <= 0.1, `${name}: -g meets the level at ${right} degrees`);
      const { values } = await recorded(page);
      bowls += values[0] > 0;
      if (values[0] > 0) {
        assert.ok(found.ellipses.length >= 1, `${name}: no ellipse`);
        const ellipse = through(found.ellipses, found.point);
        const miss = Math.hypot(...between(found.newton.head, [ellipse.cx, ellipse.cy]));
        assert.ok(miss <= 0.5, `${name}: the Newton arrow ends ${miss} px off the centre`);
        await checkSemiAxes(page, name, ellipse, Math.hypot(...between(found.point, found.newton.head)));
      } else {
        const dome = values[1] < 0;
        assert.ok(dome || found.ellipses.length === 0, `${name}: an ellipse at a saddle`);
      }
      assert.deepEqual(page.errors, [], name);
      await page.finish();
    }
    assert.ok(bowls >= 12 && bowls <= 18, `${bowls} bowls of 20`);
  });
}

/** Of several levels, the one through a point. */
function through(ellipses, point) {
  const gap = (e) => tangent({ ellipses: [e], curves: [] }, point).distance;
  return ellipses.reduce((best, e) => (gap(e) < gap(best) ? e : best));
}

/** sqrt(2 rise / lambda) from the recorded numbers alone; the Newton step's length in pixels gives the scale. */
async function checkSemiAxes(page, name, ellipse, newton) {
  const { values, gradient, hessian } = await recorded(page);
  const [a, b, c] = hessian;
  const det = a * c - b * b;
  const rise = (gradient[0] ** 2 * c - 2 * gradient[0] * gradient[1] * b + gradient[1] ** 2 * a) / (2 * det);
  const scale = newton / (Math.hypot(gradient[0] * c - gradient[1] * b, gradient[1] * a - gradient[0] * b) / det);
  const expected = values.map((w) => Math.sqrt((2 * rise) / w) * scale).sort((p, q) => p - q);
  const drawn = [ellipse.rx, ellipse.ry].sort((p, q) => p - q);
  expected.forEach((want, i) => {
    // The limit is half a pixel; an axis that reaches ten thousand pixels beyond the window is held to its digits.
    assert.ok(Math.abs(drawn[i] - want) <= Math.max(0.5, 1e-5 * want), `${name}: semi-axis ${drawn[i]} px, not ${want}`);
  });
}

test("at the end of the morph the level is a circle and -g points at its centre", async () => {
  for (const name of PAGES.looks) {
    const page = await open(browser, name, { hash: "t=1" });
    const bowl = (await recorded(page)).values[0] > 0;
    const found = await geometry(page, "whitened", "whitened");
    if (!bowl) assert.deepEqual(found.ellipses, [], name);
    if (!bowl) {
      await page.finish();
      continue;
    }
    assert.ok(found.ellipses.length >= 1, `${name}: no whitened level`);
    for (const e of found.ellipses) assert.ok(Math.abs(e.rx / e.ry - 1) < 1e-3, `${name}: ${e.rx} x ${e.ry}`);
    const circle = through(found.ellipses, found.point);
    const off = degrees(between(found.gradient.tail, found.gradient.head), between(found.point, [circle.cx, circle.cy]));
    assert.ok(off <= 0.1, `${name}: -g is ${off} degrees off the centre`);
    await page.finish();
  }
});

test("no ellipse is drawn in 1000 random indefinite cases", async () => {
  const page = await open(browser, "look-saddle", { hash: "open=dual,whitened", folded: true });
  const drawn = await page.evaluate(async () => {
    let seed = 7;
    const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647) * 2 - 1;
    let ellipses = 0, branches = 0, pictures = new Set();
    for (let k = 0; k < 1000; k++) {
      const [a, c] = [Math.abs(random()) + 1e-3, -Math.abs(random()) - 1e-3].map((w) => w * 10 ** (3 * random()));
      const turn = random() * Math.PI;
      const [co, si] = [Math.cos(turn), Math.sin(turn)];
      window.raphson.show({
        value: random(), gradient: [random(), random()], at: [random(), random()],
        hessian: [a * co * co + c * si * si, (a - c) * co * si, a * si * si + c * co * co],
      });
      window.raphson.store.flush();
      for (const panel of ["local", "dual", "whitened"]) {
        ellipses += document.querySelectorAll(`[data-panel="${panel}"] svg ellipse:not([data-role="trust-region"])`).length;
      }
      branches += document.querySelectorAll('[data-panel="local"] svg path[data-role="model-level"]').length > 0 ? 1 : 0;
      pictures.add(document.querySelector('[data-panel="local"] svg path[data-role="model-level"]')?.getAttribute("d"));
    }
    return { ellipses, branches, pictures: pictures.size };
  });
  assert.deepEqual(drawn, { ellipses: 0, branches: 1000, pictures: 1000 });
  await page.finish();
});
