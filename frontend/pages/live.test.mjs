// The page computes: wherever x is dragged, what is drawn and said is f's own there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { FOLDER, PAGES, between, degrees, geometry, launch, open, tangent } from "./browser.mjs";

const SIZES = [{ width: 1400, height: 900 }, { width: 800, height: 900 }, { width: 390, height: 844 }];
/** LIVE=all makes 25 drags of every point; CI makes fewer, for its minutes' sake. */
const PLACES = process.env.LIVE === "all" ? 25 : 4;
/** Of these drags the hand makes three with the mouse; the others are made by the same call, for time's sake. */
const BY_HAND = 3;
let browser;
const computed = [];
before(async () => (browser = await launch()));
after(() => browser?.close());

function randomly(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

/** What the page holds for true at x. */
function known(page) {
  return page.evaluate(() => {
    const { quad, frozen, recorded, window: shown } = window.raphson.context();
    const [plane] = window.raphson.recording.planes, [point] = window.raphson.recording.points.slice(-1);
    const at = point.views[plane.id].at, step = [quad.at[0] - at[0], quad.at[1] - at[1]];
    const x = point.x.map((a, i) => a + plane.basis[i][0] * step[0] + plane.basis[i][1] * step[1]);
    return { x, basis: plane.basis, at: quad.at, value: quad.value, gradient: quad.gradient, hessian: quad.hessian, frozen, recorded, shown };
  });
}

async function dragTo(page, byHand, share) {
  if (!byHand) {
    await page.evaluate(([u, v]) => {
      const { window: w } = window.raphson.context();
      window.raphson.store.set({ x: [w[0] + u * (w[1] - w[0]), w[2] + v * (w[3] - w[2])] });
      window.raphson.store.flush();
    }, share);
    return;
  }
  const handle = page.locator('[data-panel="local"] .handle').first();
  await handle.scrollIntoViewIfNeeded();
  const [box, area] = [await handle.boundingBox(), await page.locator('[data-panel="local"] .figure').first().boundingBox()];
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * (0.2 + 0.6 * share[0]), area.y + area.height * (0.15 + 0.6 * share[1]), { steps: 3 });
  await page.mouse.up();
  await page.evaluate(() => window.raphson.store.flush());
}

for (const size of SIZES) {
  test(`20 points dragged to ${PLACES} places each at ${size.width} x ${size.height}: arrows, level and kind are f's own`, async () => {
    const seen = { right: 0, bowl: 0, other: 0, still: 0 };
    for (const [k, name] of PAGES.looks.entries()) {
      const page = await open(browser, name, { size });
      const random = randomly(97 * k + size.width);
      for (let i = 0; i < PLACES; i += 1) {
        await dragTo(page, i < BY_HAND, [random(), random()]);
        const place = await known(page);
        assert.equal(place.frozen, "", `${name}: the model is frozen`);
        assert.equal(place.recorded, false, name);
        computed.push({ page: name, ...place });
        judge(name, place, await geometry(page, "local"), await geometry(page, "local", "function-level"), seen);
      }
      assert.deepEqual(page.errors, [], name);
      await page.finish();
    }
    console.log(`right angles ${seen.right}, bowls ${seen.bowl}, other kinds ${seen.other}, at a stationary point ${seen.still}`);
    assert.ok(seen.right >= 0.9 * PLACES * PAGES.looks.length, `${seen.right} right angles were seen`);
    assert.ok(seen.bowl >= 4 * PLACES && seen.other >= 2 * PLACES, JSON.stringify(seen));
  });
}

/** The picture against the numbers at x: by the quadratic formula, not by the page's own code. `noise` of H: below it signs are not told. */
function judge(name, place, model, level, seen, noise = 1e-9) {
  const [a, b, c] = place.hessian, where = `${name} at ${place.x}`;
  const half = Math.hypot((a - c) / 2, b), top = (a + c) / 2 + Math.sign(a + c || 1) * half, low = (a * c - b * b) / top;
  const clear = Math.min(Math.abs(top), Math.abs(low)) > noise * Math.max(Math.abs(top), Math.abs(low));
  if (!model.gradient) {
    seen.still += 1;
    return;
  }
  if (level.curves.some((curve) => curve.length > 3)) {
    const touched = tangent({ ellipses: [], curves: level.curves }, level.point);
    assert.ok(touched.distance <= 0.5, `${where}: x is ${touched.distance} px off f's level`);
    const right = degrees(between(model.gradient.tail, model.gradient.head), touched.direction, true);
    assert.ok(Math.abs(right - 90) <= 0.1, `${where}: -g meets f's level at ${right} degrees`);
    seen.right += 1;
  }
  if (!clear) return;
  if (top > 0 && low > 0) {
    const centers = model.ellipses.map((e) => Math.hypot(e.cx - model.newton.head[0], e.cy - model.newton.head[1]));
    assert.ok(model.ellipses.length >= 1, `${where}: no ellipse in a bowl`);
    assert.ok(Math.min(...centers) <= 0.5, `${where}: the Newton step ends ${centers} px off the centre`);
    seen.bowl += 1;
  } else {
    if (top * low < 0) assert.equal(model.ellipses.length, 0, `${where}: an ellipse at a saddle`);
    seen.other += 1;
  }
}

test("f, g and H at all these places agree with JAX to 1e-9", () => {
  assert.ok(computed.length >= PLACES * PAGES.looks.length);
  const file = `${FOLDER}/computed.json`;
  writeFileSync(file, JSON.stringify(computed));
  const python = process.env.PYTHON ?? "python3";
  console.log(execFileSync(python, [fileURLToPath(new URL("against.py", import.meta.url)), file], { encoding: "utf8" }).trim());
});

test("f of a host function is read from recorded values: right angles, and both languages say so; outside the model moves", async () => {
  const said = { en: [/f interpolated from \d+ × \d+ recorded values/, /error about \S+ of the range/, /recorded model, not on f/], zh: [/f 由 \d+ × \d+ 个记录值插值得到/, /误差约为所示范围的/, /记录点的模型，不是 f/] };
  const seen = { right: 0, bowl: 0, other: 0, still: 0 };
  for (const [lang, [grid, error, model]] of Object.entries(said)) {
    for (const name of ["look-host", "run-host"]) {
      const page = await open(browser, name, { hash: `lang=${lang}` }), random = randomly(lang.charCodeAt(0));
      const roles = () => page.evaluate(() => [...document.querySelectorAll('[data-panel="local"] svg [data-role]')].map((e) => e.dataset.role));
      const text = () => page.locator('[data-panel="local"] svg').first().textContent();
      assert.doesNotMatch(await text(), grid, `${name}: nothing is read from a grid at the recorded point`);
      for (let i = 0; i < PLACES; i += 1) {
        await dragTo(page, i < BY_HAND, [random(), random()]);
        const place = await known(page);
        assert.equal(place.frozen, "", name);
        const [a, b] = place.x, r = b - a * a, wanted = [2 * (a - 1) - 4 * a * r, 2 * r];
        place.gradient.forEach((g, k) => assert.ok(Math.abs(g - wanted[k]) <= 1e-3 * Math.hypot(...wanted), `${name}: g = ${place.gradient}, f's is ${wanted}`));
        judge(name, place, await geometry(page, "local"), await geometry(page, "local", "function-level"), seen, 1e-3);
        assert.match(await text(), grid);
        assert.match(await text(), error);
        assert.ok((await roles()).includes("function"));
      }
      await page.evaluate(() => {
        const [plane] = window.raphson.recording.planes, [u0, u1, v0] = plane.grid.window;
        window.raphson.store.set({ x: [u1 + 9 * (u1 - u0), v0] });
        window.raphson.store.flush();
      });
      const after = await roles();
      assert.ok(!after.includes("function") && !after.includes("function-level") && !after.includes("interpolated"), after.join(" "));
      assert.match(await text(), model);
      assert.deepEqual(page.errors, [], name);
      await page.finish();
    }
  }
  assert.ok(seen.right >= 3 * PLACES, JSON.stringify(seen));
});

test("f of one variable on the host, too", async () => {
  const page = await open(browser, "look-host-line", { hash: "lang=en&x=0.7,0" }), text = () => page.locator('[data-panel="local"] svg').first().textContent();
  assert.match(await text(), /f interpolated from \d+ recorded values/);
  await page.evaluate(() => {
    window.raphson.store.set({ x: [1e3, 0] });
    window.raphson.store.flush();
  });
  assert.match(await text(), /recorded model, not on f/);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("looking closer and moving the window computes f anew, and x stays where it is", async () => {
  const page = await open(browser, "look-himmelblau");
  const state = () => page.evaluate(() => ({ at: window.raphson.context().quad.at, shown: window.raphson.context().window, grid: window.raphson.context().grid?.x ?? [] }));
  const before = await state();
  await page.locator(".closer button").first().click();
  await page.evaluate(() => window.raphson.store.flush());
  const near = await state();
  assert.deepEqual(near.at, before.at);
  assert.ok(Math.abs((near.shown[1] - near.shown[0]) / (before.shown[1] - before.shown[0]) - 0.5) < 1e-9);
  assert.ok(near.grid[0] <= near.shown[0] && near.grid.at(-1) >= near.shown[1]);
  const box = await page.locator('[data-panel="local"] .figure').first().boundingBox();
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.5 * box.height, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await page.evaluate(() => window.raphson.store.flush());
  const moved = await state();
  assert.deepEqual(moved.at, before.at);
  assert.ok(moved.shown[0] > near.shown[0] + 0.1 * (near.shown[1] - near.shown[0]), `${near.shown} -> ${moved.shown}`);
  assert.deepEqual(page.errors, []);
  await page.finish();
});
