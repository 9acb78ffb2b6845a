// The page of a comparison in a real browser: what is drawn, picked out, played and printed, by mouse and by keys.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { FOLDER, PAGES, launch, open as opened } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const open = (name, options = {}) => opened(browser, name, { ready: '[data-figure="pace"] svg [data-scene]', ...options });
const settled = (page) => page.evaluate(() => window.raphson.store.flush());

/** A line in pixels, how strongly it is seen, and the marks of its method as they are drawn and as they were recorded. */
const line = (page, figure, role) =>
  page.evaluate(([figure, role]) => {
    const svg = document.querySelector(`[data-figure="${figure}"] svg`), path = svg.querySelector(`path[data-role="${role}"]:not([transform])`);
    const marks = [...svg.querySelectorAll(`path[data-role="${role}"][transform]`)].filter((mark) => !/a7 7/.test(mark.getAttribute("d")));
    return {
      points: [...(path?.getAttribute("d") ?? "").matchAll(/[ML](-?[\d.e-]+),(-?[\d.e-]+)/g)].map((m) => [Number(m[1]), Number(m[2])]),
      opacity: path && Number(getComputedStyle(path).opacity),
      marks: marks.map((mark) => ({ at: /translate\((\S+) (\S+)\)/.exec(mark.getAttribute("transform")).slice(1).map(Number), of: mark.dataset.center.split(" ").map(Number), filled: mark.dataset.filled })),
    };
  }, [figure, role]);

const violations = async (page) => {
  await page.evaluate(axe);
  return page.evaluate(async () => (await window.axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 140)).join(" | ")}`));
};

test("every race opens without an error and without a request, in a file of at most 450 kB", async () => {
  for (const name of PAGES.races) {
    const page = await open(name);
    assert.deepEqual(page.errors, [], name);
    assert.equal(page.requests.filter((url) => !url.startsWith("data:")).length, 1, name);
    assert.ok(statSync(`${FOLDER}/${name}.html`).size <= 450_000, name);
    await page.finish();
  }
});

test("the paths go through the recorded points, and to the pixel through their marks", async () => {
  for (const name of ["race-rosenbrock", "race-quartet"]) {
    const page = await open(name);
    const { methods } = await page.evaluate(() => window.raphson.recording.race);
    for (const { role, ends, taken } of methods) {
      const { points, marks } = await line(page, "paths", role);
      const some = marks.map(({ of }) => ends.findIndex(([u, v]) => u === of[0] && v === of[1]));
      assert.ok(some.length > 2 && some.every((k) => k >= 0), role);
      marks.forEach(({ at, filled }, i) => {
        assert.equal(filled, String(taken[some[i]] === 1));
        if (filled === "true") assert.ok(points.some(([x, y]) => Math.hypot(x - at[0], y - at[1]) < 0.01), `${role} ${at}`);
      });
    }
    await page.finish();
  }
});

test("a method is picked out everywhere by its row, by its line, and by keys, and stays where it was pressed", async () => {
  const page = await open("race-rosenbrock", { hash: "open=race" });
  await page.waitForSelector('[data-panel="race"] svg [data-scene]');
  const dimmed = async () => {
    const out = {};
    for (const figure of ["paths", "pace", "race", "digits"]) out[figure] = (await line(page, figure, "race-newton")).opacity < 0.5 && (await line(page, figure, "race-bfgs")).opacity === 1;
    return out;
  };
  const all = { paths: true, pace: true, race: true, digits: true }, none = { paths: false, pace: false, race: false, digits: false };
  assert.deepEqual(await dimmed(), none);
  await page.hover('[data-panel="methods"] tr[data-role="race-bfgs"] td');
  assert.deepEqual(await dimmed(), all);
  await page.mouse.move(2, 2);
  await page.hover("h1");
  assert.deepEqual(await dimmed(), none);
  // Its line in the other picture, a few pixels beside it.
  const { points } = await line(page, "pace", "race-bfgs"), box = await page.locator('[data-figure="pace"]').boundingBox(), [x, y] = points.at(-1);
  await page.evaluate(() => document.querySelector('[data-figure="pace"]').scrollIntoView({ block: "center" }));
  const moved = await page.locator('[data-figure="pace"]').boundingBox();
  assert.ok(box && moved);
  await page.mouse.move(moved.x + x + 4, moved.y + y + 2);
  assert.deepEqual(await dimmed(), all);
  await page.mouse.move(moved.x + 60, moved.y + 200);
  // By keys: the focus picks out, Enter keeps, a second Enter lets go.
  const button = page.locator('[data-panel="methods"] tr[data-role="race-bfgs"] button');
  await button.focus();
  assert.deepEqual(await dimmed(), all);
  await page.keyboard.press("Enter");
  await settled(page);
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  await page.keyboard.press("Shift+Tab");
  await page.locator('[data-language="en"]').focus();
  assert.deepEqual(await dimmed(), all);
  await page.waitForFunction(() => /method=race-bfgs/.test(location.hash));
  await button.focus();
  await page.keyboard.press("Enter");
  await settled(page);
  assert.equal(await button.getAttribute("aria-pressed"), "false");
  await page.locator('[data-language="en"]').focus();
  assert.deepEqual(await dimmed(), none);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("what is shown is chosen by keys; a change of language and the address keep it", async () => {
  const page = await open("race-rosenbrock");
  const label = () => page.$$eval('[data-figure="pace"] svg text', (texts) => texts.map((text) => text.textContent));
  assert.ok((await label()).includes("f \u2212 lowest f seen"));
  await page.locator('input[name="show"]:checked').focus();
  await page.keyboard.press("ArrowRight");
  await page.locator('input[name="over"]:checked').focus();
  await page.keyboard.press("ArrowRight");
  await settled(page);
  assert.ok((await label()).includes("right digits of x"));
  await page.locator('[data-language="zh"]').focus();
  await page.keyboard.press("Enter");
  await settled(page);
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.language), "zh");
  assert.ok((await label()).includes("x 的正确位数"));
  assert.deepEqual(await page.$$eval("input:checked", (inputs) => inputs.filter(({ name }) => /^(show|over)$/.test(name)).map(({ value }) => value)), ["digits", "trials"]);
  await page.waitForFunction(() => /show=digits/.test(location.hash) && /over=trials/.test(location.hash) && /lang=zh/.test(location.hash));
  const hash = await page.evaluate(() => location.hash.slice(1));
  const again = await open("race-rosenbrock", { hash });
  assert.deepEqual(await again.$$eval("input:checked", (inputs) => inputs.filter(({ name }) => /^(show|over)$/.test(name)).map(({ value }) => value)), ["digits", "trials"]);
  await page.finish();
  await again.finish();
});

test("the race is played and moved: no path is longer than the counts say", async () => {
  const page = await open("race-rosenbrock", { reducedMotion: "reduce" });
  const slider = page.locator('.transport input[type="range"]'), whole = await line(page, "paths", "race-bfgs");
  await slider.focus();
  await page.keyboard.press("Home");
  await settled(page);
  assert.match(await slider.getAttribute("aria-valuetext"), /^after [012] evaluations$/);
  for (let k = 0; k < 4; k += 1) await page.keyboard.press("PageUp");
  await settled(page);
  const count = Number(/\d+/.exec(await slider.getAttribute("aria-valuetext"))[0]), part = await line(page, "paths", "race-bfgs");
  const made = await page.evaluate((count) => {
    const method = window.raphson.recording.race.methods.find(({ name }) => name === "bfgs");
    return method.count.filter((at, k) => at < count + 1 && method.taken[k]).length;
  }, count);
  assert.ok(part.points.length > 1 && part.points.length < whole.points.length && part.points.length <= made, `${part.points.length} of ${whole.points.length}, ${made}`);
  await page.locator(".transport .icon-button").press("Enter");
  await page.waitForFunction(() => window.raphson.store.state.race === 1 && window.raphson.store.state.playing === "", null, { timeout: 20_000 });
  await settled(page);
  assert.deepEqual((await line(page, "paths", "race-bfgs")).points, whole.points);
  await page.finish();
});

test("axe finds nothing, light and dark, in both languages, on a telephone; nothing is wider than it", async () => {
  for (const name of ["race-rosenbrock", "race-line", "race-failed", "race-host"])
    for (const [colorScheme, lang, width] of [["light", "en", 1280], ["dark", "zh", 1280], ["dark", "en", 390]]) {
      const page = await open(name, { hash: `lang=${lang}&open=race`, colorScheme, size: { width, height: 844 } });
      assert.deepEqual(await violations(page), [], `${name} ${colorScheme} ${lang} ${width}`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${name} ${width}`);
      await page.finish();
    }
});

test("failures are said with their verdict, and in Chinese no text stays English", async () => {
  const page = await open("race-failed", { hash: "lang=zh" });
  assert.match(await page.innerText('[data-panel="verdict"]'), /鞍点/);
  const texts = await page.$$eval(".page :is(h1, h2, p, dd, th, td, label, legend, output, summary)", (nodes) => nodes.map((node) => node.innerText.trim()));
  assert.deepEqual(texts.filter((text) => /[A-Za-z]{4,}/.test(text.replace(/gradient-descent|newton|float64|BFGS|raphson/g, ""))), []);
  await page.finish();
});

test("methods run in the page where it knows f", async () => {
  for (const [name, count] of [["race-rosenbrock", 1], ["race-quartet", 1], ["race-host", 0], ["race-line", 0]]) {
    const page = await open(name);
    assert.equal(await page.locator('[data-panel="race"]').count(), count, name);
    await page.finish();
  }
});

test("without scripts, and printed, all of it is there", async () => {
  const still = await open("race-rosenbrock", { javaScriptEnabled: false });
  assert.equal(await still.locator("#static svg.raphson-scene").count(), 5);
  assert.equal(await still.locator("#static tbody tr").count(), 4);
  await still.finish();
  const page = await open("race-rosenbrock");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator('.transport input[type="range"]').isVisible(), false);
  assert.ok(await page.locator('[data-figure="paths"] svg').isVisible());
  await page.finish();
});
