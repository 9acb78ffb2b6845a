// The page of a fit: data, curve, residuals, table and correlations at first sight, drawn where the numbers say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { FOLDER, PAGES, launch, open, settled } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PARTS = ['[data-figure="fit"] svg', '[data-figure="residuals"] svg', '[data-panel="parameters"] table', ".correlations table"];
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());


/** The lowest edge of the parts that must be seen at first sight. */
async function depth(page) {
  const boxes = await Promise.all(PARTS.map((part) => page.locator(part).first().boundingBox()));
  boxes.forEach((box, k) => assert.ok(box && box.height > 10 && box.width > 40, PARTS[k]));
  return Math.max(...boxes.map((box) => box.y + box.height));
}

test("data, curve, residuals, parameters and correlations stand on the first screen, on a phone on the first two", async () => {
  for (const [size, screens] of [[{ width: 1400, height: 900 }, 1], [{ width: 390, height: 844 }, 2]])
    for (const lang of ["en", "zh"])
      for (const name of ["fit-misra", "fit-hostile"]) {
        const page = await open(browser, name, { hash: `lang=${lang}`, size, folded: true });
        await settled(page);
        const found = await depth(page);
        assert.ok(found <= screens * size.height, `${name}, ${lang}, ${size.width}: ${found} px`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${name}, ${lang}, ${size.width}: ${overflow} px too wide`);
        await page.finish();
      }
});

test("the curve, the band and the residuals are drawn where the record has them", async () => {
  for (const name of ["fit-misra", "fit-free"]) {
    const page = await open(browser, name);
    await settled(page);
    const worst = await page.evaluate(() => {
      const { fit } = window.raphson.recording;
      const read = (panel, role) => [...document.querySelector(`[data-figure="${panel}"] path[data-role="${role}"]`).getAttribute("d").matchAll(/[ML]([-\d.e]+),([-\d.e]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
      // From data to pixels by two of the dots, which say what they stand for.
      const dots = [...document.querySelectorAll('[data-figure="fit"] circle[data-role="data"]')].map((dot) => [dot.dataset.center.split(" ").map(Number), ["cx", "cy"].map((at) => Number(dot.getAttribute(at)))]);
      const [[a, p]] = dots;
      const far = (k) => dots.reduce((best, dot) => (Math.abs(dot[0][k] - a[k]) > Math.abs(best[0][k] - a[k]) ? dot : best));
      const map = ([x, y]) => [x, y].map((value, k) => p[k] + ((value - a[k]) * (far(k)[1][k] - p[k])) / (far(k)[0][k] - a[k]));
      const gap = (drawn, wanted) => Math.max(...drawn.map(([x, y], k) => Math.hypot(x - map(wanted[k])[0], y - map(wanted[k])[1])));
      const { x, y, half } = fit.curve;
      const up = x.map((at, k) => [at, y[k] + half[k]]), down = x.map((at, k) => [at, y[k] - half[k]]).reverse();
      return { curve: gap(read("fit", "fit-curve"), x.map((at, k) => [at, y[k]])), band: gap(read("fit", "band"), [...up, ...down]), dots: dots.length - fit.data.x.length };
    });
    assert.ok(worst.curve < 0.05 && worst.band < 0.05 && worst.dots === 0, `${name}: ${JSON.stringify(worst)}`);
    const edges = await page.evaluate(() => ["fit", "residuals"].map((panel) => document.querySelector(`[data-figure="${panel}"] clipPath rect`).getAttribute("x")));
    assert.equal(edges[0], edges[1], "left edges");
    await page.finish();
  }
});

test("the ellipses reach one and two standard errors, and lean as the correlation says", async () => {
  const page = await open(browser, "fit-misra");
  await page.locator('[data-panel="corner"]').scrollIntoViewIfNeeded();
  await settled(page);
  const found = await page.evaluate(() => {
    const svg = document.querySelector('[data-figure="corner-1-0"] svg'), box = (e) => { const { x, y, width, height } = e.getBBox(); return [x, y, width, height]; };
    const rules = [...svg.querySelectorAll('[data-role="cell-rule"]')].map(box);
    const upright = rules.filter(([, , w]) => w < 1).map(([x]) => x), level = rules.filter(([, , , h]) => h < 1).map(([, y]) => y);
    const sizes = ["confidence-inner", "confidence"].map((role) => box(svg.querySelector(`[data-role="${role}"]`)).slice(2));
    return { unit: [Math.abs(upright[1] - upright[0]), Math.abs(level[1] - level[0])], sizes, number: Number(document.querySelector("[data-correlation]").dataset.correlation), text: document.querySelector("[data-correlation]").textContent };
  });
  found.sizes.forEach((size, k) => size.forEach((length, axis) => assert.ok(Math.abs(length / found.unit[axis] - (k + 1)) < 0.01, JSON.stringify(found))));
  assert.ok(Math.abs(found.number + 0.99876) < 1e-4 && found.text === "\u22120.9988", found.text);
  await page.finish();
});

test("the full H is drawn beside J'J on request: its 2 sigma by the recorded errors, told in words, kept by a link and in Chinese", async () => {
  const page = await open(browser, "fit-mgh09");
  await page.locator('[data-panel="corner"]').scrollIntoViewIfNeeded();
  await settled(page);
  const drawn = () => page.evaluate(() => [...document.querySelectorAll('[data-panel="corner"] svg [data-role="confidence-whole"]')].length);
  assert.equal(await drawn(), 0);
  await page.getByLabel("The full H beside").check();
  await settled(page);
  assert.equal(await drawn(), 6);
  const worst = await page.evaluate(() => {
    const { fit } = window.raphson.recording, size = (svg, role) => { const { width, height } = svg.querySelector(`[data-role="${role}"]`).getBBox(); return [width, height]; };
    const ratio = (i) => fit.whole.errors[i] / fit.parameters[i].error;
    return Math.max(...fit.corner.flatMap((i) => fit.corner.filter((j) => j < i).flatMap((j) => {
      const svg = document.querySelector(`[data-figure="corner-${i}-${j}"] svg`), own = size(svg, "confidence"), whole = size(svg, "confidence-whole");
      return [whole[0] / own[0] / ratio(j), whole[1] / own[1] / ratio(i)].map((a) => Math.abs(a - 1));
    })));
  });
  assert.ok(worst < 0.02, `${worst}`);
  const dashes = await page.evaluate(() => ["confidence", "confidence-inner", "confidence-whole"].map((role) => getComputedStyle(document.querySelector(`[data-role="${role}"]`)).strokeDasharray));
  assert.equal(new Set(dashes).size, 3);
  assert.match(await page.locator('[data-panel="corner"] .explain').innerText(), /by H: b1 0\.0114 and 0\.0102; b2 .*b4 differs most: by H 0\.784 times/);
  await page.waitForFunction(() => location.hash.includes("H=full"));
  await page.evaluate(axe);
  assert.deepEqual((await page.evaluate(() => window.axe.run())).violations.map((v) => v.id), []);
  const again = await open(browser, "fit-mgh09", { hash: "H=full&lang=zh" });
  await settled(again);
  assert.ok(await again.locator('[data-control="whole"]').isChecked());
  assert.match(await again.locator('[data-panel="corner"] .explain').innerText(), /b4 相差最大：H 给出的是 0\.784 倍/);
  await page.finish();
  await again.finish();
});

test("names with markup are words, and nothing of them runs", async () => {
  const page = await open(browser, "fit-hostile");
  await settled(page);
  assert.deepEqual(page.errors, []);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  const cells = await page.locator('[data-panel="parameters"] tbody th').allInnerTexts();
  assert.deepEqual(cells.slice(0, 3), ["<b>height</b>", 'rate & "tail"', "</script><script>window.hurt = 1; alert(1)</script>"]);
  assert.equal(await page.locator("[data-part=fit] b", { hasText: "height" }).count(), 0);
  assert.match(await page.locator('[data-panel="fit"] .explain').innerText(), /2 points with gaps/);
  await page.finish();
});

test("what is thinned, and what the data do not determine, is said", async () => {
  const many = await open(browser, "fit-many");
  assert.match(await many.locator('[data-panel="fit"] .explain').innerText(), /of 100000 points are drawn/);
  await many.finish();
  const free = await open(browser, "fit-free");
  assert.match(await free.locator('[data-panel="parameters"]').innerText(), /Not determined: moving along .*gain.*factor/);
  assert.equal(await free.locator('[data-panel="parameters"] [data-state="free"]').count(), 2);
  assert.equal(await free.locator('[data-panel="corner"]').count(), 0);
  await free.finish();
});

test("axe finds nothing, nothing is fetched, and in Chinese no sentence stays English", async () => {
  for (const name of PAGES.fits)
    for (const lang of ["en", "zh"]) {
      const page = await open(browser, name, { hash: `lang=${lang}` });
      await settled(page);
      assert.equal(page.requests.filter((url) => !url.startsWith("data:")).length, 1, name);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), [], `${name} ${lang}`);
      if (lang === "zh" && name !== "fit-hostile") {
        const texts = await page.locator("[data-part=fit] p, [data-part=fit] li, [data-part=fit] h2, [data-part=fit] thead th").allInnerTexts();
        const english = texts.filter((text) => /[A-Za-z]{4,}/.test(text.replace(/stress|gain|factor|offset/g, "")));
        assert.deepEqual(english, [], name);
      }
      await page.finish();
    }
});

test("a fit's report weighs at most 450 kB beside its data", () => {
  for (const name of PAGES.fits) {
    const html = readFileSync(`${FOLDER}/${name}.html`, "utf8");
    const data = /<script type="application\/json" id="recording">([^]*?)<\/script>/.exec(html);
    // The picture for readers without scripts draws the observations again: they are data, too.
    const drawn = [...html.matchAll(/ d="[^"]{6000,}"/g)].reduce((sum, [d]) => sum + d.length, 0);
    const rest = Buffer.byteLength(html) - Buffer.byteLength(data[1]) - (name === "fit-many" ? drawn : 0);
    assert.ok(rest <= 450_000, `${name}: ${rest} bytes`);
  }
});
