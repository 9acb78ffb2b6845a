// The page as a reader meets it: no network, small, readable without scripts, accessible, quick under the mouse.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { FOLDER, PAGES, launch, open } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

test("every page opens without an error and without a request besides its own file", async () => {
  for (const name of [...PAGES.looks, ...PAGES.runs]) {
    const page = await open(browser, name);
    assert.deepEqual(page.errors, [], name);
    assert.equal(page.requests.filter((url) => !url.startsWith("data:")).length, 1, `${name}: ${page.requests}`);
    await page.finish();
  }
});

test("a report weighs at most 450 kB beside its data", () => {
  for (const name of [...PAGES.looks, ...PAGES.runs]) {
    const html = readFileSync(`${FOLDER}/${name}.html`, "utf8");
    const data = /<script type="application\/json" id="recording">([^]*?)<\/script>/.exec(html);
    assert.ok(data, name);
    const images = [...html.matchAll(/href="data:image[^"]*"/g)].reduce((sum, [text]) => sum + text.length, 0);
    const rest = Buffer.byteLength(html) - Buffer.byteLength(data[1]) - images;
    assert.ok(rest <= 450_000, `${name}: ${rest} bytes`);
  }
});

test("with scripts off the pictures and the verdict are there, and on the printed page too", async () => {
  for (const name of ["run-rosenbrock", "look-himmelblau-saddle"]) {
    const page = await open(browser, name, { javaScriptEnabled: false });
    assert.ok((await page.locator("#static svg").count()) >= 2, name);
    assert.ok(await page.locator("#static svg").first().isVisible(), name);
    await page.finish();
  }
});

test("axe finds no violation in reports that Python wrote", async () => {
  for (const [name, lang] of [["run-rosenbrock", "en"], ["run-quartet", "zh"], ["look-himmelblau-saddle", "en"]]) {
    const page = await open(browser, name, { hash: `lang=${lang}` });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), [], name);
    await page.finish();
  }
});

test("in Chinese no panel keeps an English title or explanation", async () => {
  const english = await open(browser, "run-rosenbrock");
  const chinese = await open(browser, "run-rosenbrock", { hash: "lang=zh" });
  const read = (page) => page.evaluate(() => [...document.querySelectorAll("[data-panel] h2, [data-panel] p, button, label")].map((e) => e.textContent.trim()).filter((s) => /[A-Za-z]{4,}/.test(s)));
  const same = (await read(chinese)).filter((s) => s.length && !/[\u4e00-\u9fff]/.test(s) && !/^(English|BFGS)$/.test(s));
  assert.ok((await read(english)).length > 5);
  assert.deepEqual(same, []);
  await english.finish();
  await chinese.finish();
});

/** Presses on x in the local panel and moves it; returns the handle's pixel position before. */
async function drag(page, moves) {
  const handle = page.locator('[data-panel="local"] .handle').first();
  await handle.scrollIntoViewIfNeeded();
  const box = await handle.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (const [dx, dy] of moves) await page.mouse.move(x + dx, y + dy);
  await page.mouse.up();
}

for (const folded of [true, false]) test(`a drag is painted frame by frame, panels ${folded ? "closed" : "open"}; the times are printed`, async () => {
  const page = await open(browser, "run-rosenbrock", { hash: "trial=3", folded });
  await page.evaluate(() => {
    window.spans = [];
    let handled = 0;
    window.addEventListener("pointermove", () => {
      const event = performance.now();
      queueMicrotask(() => (handled = performance.now() - event));
      // Asked for before the page asks, so this is the beginning of the frame that shows the move; waiting for the
      // screen is nobody's work. The message arrives when scripts, style, layout and paint of that frame are done.
      requestAnimationFrame(() => {
        const frame = performance.now(), channel = new MessageChannel();
        channel.port1.onmessage = () => window.spans.push(handled + performance.now() - frame);
        channel.port2.postMessage(0);
      });
    }, { capture: true });
  });
  const moves = Array.from({ length: 150 }, (_, k) => [60 * Math.sin(k / 9), 50 * Math.cos(k / 7) - 50]);
  let best = Infinity;
  // The mark is 16 ms for 95 % of the frames. It depends on the machine, so it is printed; what fails here is a page
  // that needs two frames for half of its moves even in the best of a few passes.
  for (let pass = 0; pass < 3; pass++) {
    await page.evaluate(() => (window.spans = []));
    await drag(page, moves);
    const spans = (await page.evaluate(() => window.spans)).sort((a, b) => a - b);
    assert.ok(spans.length >= 100, `${spans.length} frames`);
    const at = (share) => spans[Math.floor(share * spans.length)];
    best = Math.min(best, at(0.5));
    console.log(`drag to paint: median ${at(0.5).toFixed(1)} ms, 95 % ${at(0.95).toFixed(1)} ms`);
    await page.keyboard.press("Escape");
  }
  assert.ok(best <= 33, `half of the frames take ${best} ms or more`);
  await page.finish();
});
