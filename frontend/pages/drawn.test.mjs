// Pictures of a large run that Python drew: fields, pattern, spectrum; in both languages, on a phone, on dark ground.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, open } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
const ready = '[data-panel="fields"] h2 button';

/** Of every picture in a panel its size, whether its images are loaded, and how light the middle of the first one's paper is. */
const pictures = (page, panel) =>
  page.evaluate(async (panel) => {
    const all = [...document.querySelectorAll(`[data-panel="${panel}"] .drawn-figure svg`)];
    return Promise.all(all.map(async (svg) => {
      const images = [...svg.querySelectorAll("image")], box = svg.getBoundingClientRect();
      const loaded = await Promise.all(images.map((image) => { const one = new Image(); one.src = image.getAttribute("href"); return one.decode().then(() => one.naturalWidth > 0); }));
      return { width: box.width, height: box.height, images: images.length, loaded: loaded.every(Boolean), name: svg.querySelector("title").textContent, paper: getComputedStyle(svg.querySelector(":scope > rect")).fill };
    }));
  }, panel);

for (const [width, scheme] of [[1400, "light"], [800, "dark"], [390, "light"]]) {
  test(`fields, pattern and spectrum are in sight at ${width} pixels, ${scheme}, and pass axe`, async () => {
    const page = await open(browser, "run-sheet", { hash: "open=fields,sparsity,spread", size: { width, height: 900 }, folded: true, ready, colorScheme: scheme });
    await settled(page);
    for (const [panel, count] of [["fields", 4], ["sparsity", 2], ["spread", 1]]) {
      const found = await pictures(page, panel);
      assert.equal(found.length, count, panel);
      for (const one of found) {
        assert.ok(one.loaded && one.width > 300 && one.width <= Math.min(width, 520) && one.height > 150, JSON.stringify(one));
        assert.ok(panel === "spread" || one.images > 0);
        assert.equal(one.paper === "rgb(255, 255, 255)", scheme === "light", one.paper);
      }
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), []);
    await page.click('[data-language="zh"]');
    await settled(page);
    const chinese = await pictures(page, "fields");
    assert.ok(chinese.every((one) => one.loaded && /[\u4e00-\u9fff]/.test(one.name)), JSON.stringify(chinese));
    assert.deepEqual([page.errors, page.requests.filter((url) => !/^(file|data|blob):/.test(url))], [[], []]);
    await page.finish();
  });
}

test("without scripts the same pictures stand in the page", async () => {
  const page = await open(browser, "run-sheet", { javaScriptEnabled: false });
  assert.equal(await page.locator("#static image").count(), 4 + 4 + 2);
  assert.ok(await page.locator("#static image").first().isVisible());
  await page.finish();
});
