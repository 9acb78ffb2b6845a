// The tips of the axes under the hand, measured in the SVG: where they go, what stays, what is said, and the way back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { between, degrees, geometry, launch, open, tangent } from "./browser.mjs";
import { settled } from "./tour.mjs";

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const LOCAL = '[data-panel="local"]';
const BADGE = { en: "you changed H: this quadratic is not f’s; Esc brings f’s own back", zh: "H 已被你改动：这个二次函数不是 f 的；按 Esc 恢复 f 自己的" };
/** Where lines are broken says nothing. */
const bare = (text) => text.replace(/\s+/g, "");
/** So many pixels from where it is drawn to where a hand takes hold of it are rounding of the screen. */
const HALF = 0.5;
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const context = (page) => page.evaluate(() => {
  const { quad, frozen, spectrum, section, hand } = window.raphson.context();
  return { quad, frozen, section, hand, eigenvalues: spectrum.eigenvalues };
});
const flush = async (page) => (await page.evaluate(() => window.raphson.store.flush()), settled(page));

/** The tips that can be seen, in pixels of the figure. */
const tips = (page) => page.evaluate((local) => {
  const box = document.querySelector(`${local} .figure`).getBoundingClientRect();
  return [...document.querySelectorAll(`${local} .handle.tip`)].flatMap((tip, k) => {
    const { x, y, width, height } = tip.getBoundingClientRect();
    return tip.hidden ? [] : [{ k, axis: k >> 1, beyond: tip.classList.contains("beyond"), at: [x + width / 2 - box.x, y + height / 2 - box.y], text: tip.getAttribute("aria-valuetext") }];
  });
}, LOCAL);

/** Drags from a place of the figure to another. */
async function drag(page, from, to) {
  await page.locator(`${LOCAL} .figure`).evaluate((figure) => figure.scrollIntoView({ block: "center" }));
  const { x, y } = await page.locator(`${LOCAL} .figure`).boundingBox();
  await page.mouse.move(x + from[0], y + from[1]);
  await page.mouse.down();
  await page.mouse.move(x + (from[0] + to[0]) / 2, y + (from[1] + to[1]) / 2);
  await page.mouse.move(x + to[0], y + to[1]);
  await page.mouse.up();
  await flush(page);
}

/** The largest of a matrix' errors in H v = lambda v. */
const off = ([a, b, c], [u, v], lambda) => Math.hypot(a * u + b * v - lambda * u, b * u + c * v - lambda * v);

for (const [size, names] of [[{ width: 1400, height: 900 }, ["look-himmelblau", "look-rosenbrock-start", "look-beale", "look-himmelblau-dome", "run-quartet"]], [{ width: 390, height: 844 }, ["look-himmelblau", "look-mccormick"]]])
  test(`at ${size.width} px a pulled tip is under the hand: its distance from the centre is the semi-axis, all else of H stays`, async () => {
    let pulls = 0;
    for (const name of names) for (const [shorter, k] of [[true, 0], [false, 0], [true, 2], [false, 2], [true, 1], [false, 3]]) {
      const page = await open(browser, name, { size });
      const before = await context(page), tip = (await tips(page)).find((one) => one.k === k && !one.beyond), [e] = (await geometry(page, "local")).ellipses;
      // A tip cannot be pushed into x's foot on its axis: where there is no room it is not tried.
      if (!tip || !e || Math.hypot(...between([e.cx, e.cy], tip.at)) < 45) {
        await page.finish();
        continue;
      }
      const way = between([e.cx, e.cy], tip.at), share = (shorter ? -1 : 1) * (15 / Math.hypot(...way)), to = [tip.at[0] + share * way[0], tip.at[1] + share * way[1]];
      await drag(page, tip.at, to);
      const { quad, hand, frozen } = await context(page), drawn = await geometry(page, "local");
      assert.equal(frozen, "hand", name);
      const own = hand.values[tip.axis], other = hand.values[1 - tip.axis], scale = Math.max(...hand.values.map(Math.abs));
      assert.ok(off(quad.hessian, hand.axes[tip.axis], own) <= 1e-12 * scale && off(quad.hessian, hand.axes[1 - tip.axis], other) <= 1e-12 * scale, name);
      assert.ok(off(before.quad.hessian, hand.axes[1 - tip.axis], other) <= 1e-12 * scale, `${name}: the other eigenpair has changed`);
      assert.deepEqual([quad.gradient, quad.value, quad.at], [before.quad.gradient, before.quad.value, before.quad.at]);
      if (drawn.ellipses.length) {
        const [now] = drawn.ellipses, reach = Math.hypot(...between([now.cx, now.cy], to)), lambda = now.lambda.split(" ").map(Number), mine = Math.abs(lambda[0] - own) < Math.abs(lambda[1] - own) ? 0 : 1;
        assert.ok(Math.abs([now.rx, now.ry][mine] - reach) <= HALF, `${name} tip ${k}: semi-axis ${[now.rx, now.ry][mine]} px, the hand is at ${reach}`);
      } else assert.ok(own * other <= 0, `${name}: no ellipse in a bowl`);
      const level = tangent(drawn, drawn.point), right = degrees(between(drawn.gradient.tail, drawn.gradient.head), level.direction, true);
      assert.ok(level.distance <= HALF && Math.abs(right - 90) <= 0.1, `${name}: -g meets the model's level at ${right}`);
      assert.ok(!drawn.roles.includes("function") && !drawn.roles.includes("function-level"), drawn.roles.join());
      pulls += 1;
      assert.deepEqual(page.errors, [], name);
      await page.finish();
    }
    assert.ok(pulls >= 4 * names.length - 4, `${pulls} pulls`);
  });

test("out through zero a bowl becomes a valley and a saddle, and no ellipse is drawn beyond", async () => {
  const page = await open(browser, "lab", { hash: "formula=x^2%2B2*y^2&at=1,1" }), near = (await tips(page)).find(({ k }) => k === 1), [e] = (await geometry(page, "local")).ellipses, way = between([e.cx, e.cy], near.at), length = Math.hypot(...way);
  await page.locator(`${LOCAL} .figure`).evaluate((figure) => figure.scrollIntoView({ block: "center" }));
  const kinds = new Set(), { x, y } = await page.locator(`${LOCAL} .figure`).boundingBox();
  await page.mouse.move(x + near.at[0], y + near.at[1]);
  await page.mouse.down();
  // What the sliders do is asked below: here the hand alone goes on, by whole pixels.
  for (let d = 0; d <= 420; d += 2) {
    await page.mouse.move(x + near.at[0] + (d * way[0]) / length, y + near.at[1] + (d * way[1]) / length);
    const seen = await page.evaluate(() => {
      window.raphson.store.flush();
      const [low, high] = window.raphson.context().spectrum.signs;
      const count = (panel) => document.querySelectorAll(`[data-panel="${panel}"] svg ellipse:not([data-role="slopes"]):not([data-role="stretched"])`).length;
      return { kind: low > 0 ? "bowl" : low === 0 && high > 0 ? "valley" : "saddle", ellipses: ["local", "dual", "whitened"].map(count) };
    });
    if (seen.kind !== "bowl") assert.deepEqual(seen.ellipses, [0, 0, 0]);
    kinds.add(seen.kind);
  }
  await page.mouse.up();
  assert.deepEqual([...kinds], ["bowl", "valley", "saddle"]);
  await page.keyboard.press("Escape");
  await flush(page);
  assert.equal((await context(page)).hand, undefined);
  for (const [value, caption, ellipses] of [[10, /right angles to the level/, 1], [0, /One curvature is zero/, 0], [-10, /One curvature is negative/, 0]]) {
    await page.locator('[data-control="lambda-1"]').fill(String(value));
    await flush(page);
    assert.match(await page.locator(`${LOCAL} .explain`).innerText(), caption);
    assert.equal((await geometry(page, "local")).ellipses.length, ellipses);
  }
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("the badge stands across every linked picture in both languages, and the words beside it are those of the changed H", async () => {
  for (const lang of ["en", "zh"]) {
    const page = await open(browser, "look-himmelblau", { hash: `lang=${lang}` }), before = await page.locator(`${LOCAL} .explain`).innerText();
    const [tip] = await tips(page);
    await drag(page, tip.at, [tip.at[0] + 8, tip.at[1] - 60]);
    for (const panel of ["local", "dual", "stretch", "whitened"]) assert.ok(bare(await page.locator(`[data-panel="${panel}"] svg`).first().textContent()).includes(bare(BADGE[lang])), panel);
    const { quad, eigenvalues, hand } = await context(page), told = await page.locator(".by-hand output").allInnerTexts();
    assert.notEqual(await page.locator(`${LOCAL} .explain`).innerText(), before);
    assert.ok((await page.locator(".by-hand").getAttribute("open")) !== null);
    told.forEach((text, i) => assert.match(text, new RegExp(`^λ${"₁₂"[i]} = ${Number(hand.values[i].toPrecision(3))}.*(semi-axis|半轴长) [\\d.]+$`)));
    const entries = await page.locator(".by-hand [data-entry]").allInnerTexts();
    entries.forEach((text, at) => assert.ok(Math.abs(Number(text.replace("\u2212", "-")) - quad.hessian[[0, 1, 1, 2][at]]) <= 1e-3 * Math.abs(eigenvalues[1])));
    for (const lambda of eigenvalues) assert.ok((await page.locator('[data-panel="spectrum"] svg').textContent()).includes(String(Number(lambda.toPrecision(3)))));
    await page.finish();
  }
});

test("Esc, the button, moving x and choosing a trial bring f's own back: the very numbers, and the very picture", async () => {
  const page = await open(browser, "run-rosenbrock", { hash: "trial=3" }), numbers = async () => JSON.stringify((await context(page)).quad), picture = () => page.evaluate((local) => [...document.querySelectorAll(`${local} svg [data-layer="items"] *`)].map((e) => [e.tagName, e.children.length ? "" : e.textContent, ...[...e.attributes].map((a) => `${a.name}=${a.value}`).sort()].join(" ")).join("\n"), LOCAL);
  await flush(page);
  const [first, drawn] = [await numbers(), await picture()];
  const pull = async () => {
    const [tip] = await tips(page);
    await drag(page, tip.at, [tip.at[0] + 20, tip.at[1] + 20]);
    assert.notEqual(await numbers(), first);
  };
  await pull();
  await page.keyboard.press("Escape");
  await flush(page);
  assert.equal(await numbers(), first);
  assert.ok((await picture()) === drawn, "the picture is another one");
  await pull();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Escape");
  await flush(page);
  assert.equal(await numbers(), first);
  await pull();
  await page.click(".by-hand button");
  await flush(page);
  assert.equal(await numbers(), first);
  await pull();
  await page.locator(`${LOCAL} .handle`).first().press("ArrowRight");
  await flush(page);
  assert.deepEqual([(await context(page)).frozen, (await context(page)).hand], ["", undefined]);
  await page.keyboard.press("Escape");
  await flush(page);
  assert.equal(await numbers(), first);
  await pull();
  await page.click('.transport [title="Next trial"]');
  await flush(page);
  assert.equal((await context(page)).frozen, "");
  // A press in the open field is for x, as before.
  const { x, y, width, height } = await page.locator(`${LOCAL} .figure`).boundingBox();
  await page.mouse.click(x + 0.8 * width, y + 0.2 * height);
  assert.deepEqual(await page.evaluate(() => [window.raphson.store.state.x !== null, window.raphson.store.state.hand]), [true, null]);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("by keys: Tab goes from x to the tips of both axes, arrows pull them out and in, sliders go through zero", async () => {
  const page = await open(browser, "look-himmelblau");
  await page.locator(`${LOCAL} .handle`).first().focus();
  for (const axis of [0, 1]) {
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.matches(".handle.tip")));
    const values = async () => page.evaluate(() => window.raphson.context().hand?.values ?? null), semi = async () => Number(/[\d.]+$/.exec(await page.evaluate(() => document.activeElement.getAttribute("aria-valuetext")))[0]);
    await page.keyboard.press("Escape");
    await flush(page);
    const start = await semi(), [e] = (await geometry(page, "local")).ellipses, { at } = (await tips(page)).find((one) => one.k === 2 * axis), [dx, dy] = between([e.cx, e.cy], at);
    const out = Math.abs(dx) > Math.abs(dy) ? (dx > 0 ? "ArrowRight" : "ArrowLeft") : dy > 0 ? "ArrowDown" : "ArrowUp", back = { ArrowRight: "ArrowLeft", ArrowLeft: "ArrowRight", ArrowUp: "ArrowDown", ArrowDown: "ArrowUp" }[out];
    await page.keyboard.press(`Shift+${out}`);
    await flush(page);
    const longer = await semi(), [p, q] = await values();
    assert.ok(longer > start, `${start} -> ${longer}`);
    for (let k = 0; k < 3; k += 1) {
      await page.keyboard.press(`Shift+${back}`);
      await flush(page);
    }
    assert.ok((await semi()) < start);
    assert.equal((await values())[1 - axis], [p, q][1 - axis]);
  }
  await page.locator('[data-control="lambda-1"]').focus();
  await page.keyboard.press("Home");
  await flush(page);
  assert.ok((await context(page)).eigenvalues[0] < 0);
  await page.keyboard.press("Escape");
  await flush(page);
  assert.equal((await context(page)).hand, undefined);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("four variables: the plane's block is pulled in the slice, and a shadow has no tips", async () => {
  const page = await open(browser, "run-quartet", { hash: "trial=answer" });
  const [tip] = await tips(page);
  await drag(page, tip.at, [tip.at[0] + 15, tip.at[1] + 15]);
  const { section, frozen, eigenvalues } = await context(page);
  assert.deepEqual([section, frozen, eigenvalues.length], ["slice", "hand", 2]);
  await page.evaluate(() => window.raphson.store.set({ section: "shadow" }));
  await flush(page);
  assert.deepEqual([await tips(page), (await context(page)).frozen, await page.locator(".by-hand").isVisible()], [[], "", false]);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("axe finds nothing while H is changed, and nothing overflows a phone; the laboratory has the same", async () => {
  for (const [name, lang, width, colorScheme] of [["run-rosenbrock", "en", 1400, "light"], ["run-rosenbrock", "zh", 390, "dark"], ["lab", "zh", 800, "light"], ["lab", "en", 390, "light"]]) {
    const page = await open(browser, name, { hash: `lang=${lang}`, size: { width, height: 900 }, colorScheme });
    const [tip] = await tips(page);
    await drag(page, tip.at, [tip.at[0] + 6, tip.at[1] + 12]);
    assert.equal((await context(page)).frozen, "hand");
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" ")}`), [], name);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("Escape");
    await flush(page);
    assert.equal((await context(page)).frozen, "");
    assert.deepEqual(page.errors, [], name);
    await page.finish();
  }
});

test("no label lies on a tip, over places of runs and looks", async () => {
  const covered = [], pages = ["run-newton", "run-quartet", "look-himmelblau", "look-rosenbrock-start", "look-beale", "look-himmelblau-dome"];
  for (const name of pages) {
    const page = await open(browser, name), trials = name.startsWith("run") ? 8 : 1;
    for (let k = 0; k < trials; k += 1) {
      covered.push(...await page.evaluate(([local, where]) => {
        const tips = [...document.querySelectorAll(`${local} .handle.tip:not([hidden]):not(.beyond)`)].map((tip) => tip.getBoundingClientRect());
        return [...document.querySelectorAll(`${local} svg [data-role="label"]:not(.more)`)].flatMap((label) => {
          const box = label.getBoundingClientRect();
          const on = tips.some(({ x, y, width, height }) => Math.abs(x + width / 2 - box.x - box.width / 2) < box.width / 2 + 2 && Math.abs(y + height / 2 - box.y - box.height / 2) < box.height / 2 - 1);
          return on ? [`${where}: ${label.textContent}`] : [];
        });
      }, [LOCAL, `${name} ${k}`]));
      await page.keyboard.press("ArrowRight");
    }
    await page.finish();
  }
  assert.deepEqual(covered, []);
});
