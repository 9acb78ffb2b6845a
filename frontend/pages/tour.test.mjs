// The tour: each sentence that states a number or a relation is true on the page.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { FOLDER, launch } from "./browser.mjs";
import { openTour, settled } from "./tour.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

test("screens are turned by buttons, keys and the address; the language changes and the state stays", async () => {
  const page = await openTour(browser, 1);
  const title = () => page.locator(".screen:not([hidden]) h2").innerText();
  const first = await title();
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await title(), first);
  assert.match(page.url(), /screen=2/);
  await page.click(".turn.back");
  assert.equal(await title(), first);
  await page.click('[data-language="zh"]');
  assert.notEqual(await title(), first);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("a page is turned also where a frame falls between press and release, and Tab keeps its place", async () => {
  const page = await openTour(browser, 1), box = await page.locator(".turn.on").boundingBox();
  await page.mouse.move(box.x + 20, box.y + 10);
  await page.mouse.down();
  await page.evaluate(() => window.tour.store.touch());
  await settled(page);
  await page.mouse.up();
  assert.match(page.url(), /screen=2/);
  await page.locator(".tour nav a").nth(4).focus();
  await page.evaluate(() => window.tour.store.touch());
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "5");
  await page.finish();
});

test("what plays on one screen is over when another one is opened, and can be played again", async () => {
  const page = await openTour(browser, 5), shown = ".screen:not([hidden])";
  const pressed = () => page.locator(`${shown} .icon-button`).first().getAttribute("aria-label");
  const rest = await pressed();
  await page.locator(`${shown} .icon-button`).first().click();
  await settled(page);
  assert.notEqual(await pressed(), rest);
  await page.click(".turn.on");
  await page.locator(`${shown} .icon-button`).first().click();
  await settled(page);
  await page.click(".turn.back");
  await settled(page);
  assert.equal(await pressed(), rest);
  const before = await page.locator(`${shown} input[type=range]`).inputValue();
  await page.locator(`${shown} .icon-button`).first().click();
  await page.waitForTimeout(600);
  assert.notEqual(await page.locator(`${shown} input[type=range]`).inputValue(), before);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

const SCREENS = 11;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("axe finds nothing on any screen, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await openTour(browser, 1, { colorScheme, language: colorScheme === "dark" ? "zh" : "en" });
    await page.evaluate(axe);
    for (let k = 1; k <= SCREENS; k += 1) {
      if (k > 1) await page.click(".turn.on");
      await settled(page);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(violations.map((v) => `screen ${k}, ${colorScheme}: ${v.id} ${v.nodes[0].html}`), []);
    }
    assert.deepEqual(page.errors, []);
    await page.finish();
  }
});

test("no screen is wider than the window, down to a phone", async () => {
  for (const width of [1400, 800, 390, 320]) {
    const page = await openTour(browser, 1, { size: { width, height: 800 } });
    for (let k = 1; k <= SCREENS; k += 1) {
      if (k > 1) await page.click(".turn.on");
      await settled(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `screen ${k} at ${width} px: ${wide} px too wide`);
    }
    await page.finish();
  }
});

test("in Chinese no sentence is English", async () => {
  const page = await openTour(browser, 1, { language: "zh" });
  for (let k = 1; k <= SCREENS; k += 1) {
    if (k > 1) await page.click(".turn.on");
    await settled(page);
    // Names of methods and of variables, formulas and code are no sentences: three English words in a row are.
    const found = await page.evaluate(() => {
      const said = [...document.querySelectorAll(".tour *")].filter((e) => !e.closest("[lang=en], code, pre, [hidden]"));
      const texts = said.flatMap((e) => [...e.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data));
      const names = said.flatMap((e) => ["aria-label", "title", "alt", "placeholder"].map((name) => e.getAttribute(name) ?? ""));
      return [...texts, ...names].filter((text) => /[a-z]{2,}[\s,]+[a-z]{2,}[\s,]+[a-z]{2,}/i.test(text));
    });
    assert.deepEqual(found.map((text) => `screen ${k}: ${text}`), []);
  }
  await page.finish();
});

test("without scripts it is a lesson in both languages, with every screen's words and pictures", async () => {
  for (const language of ["en", "zh"]) {
    const page = await openTour(browser, 1, { language, javaScriptEnabled: false });
    const { titles, pictures, controls } = await page.evaluate(() => ({
      titles: [...document.querySelectorAll("h2")].map((h) => h.innerText), controls: document.querySelectorAll("button, input, select, .handle").length,
      pictures: [...document.querySelectorAll(".screen")].map((screen) => screen.querySelectorAll("svg :is(path, line, circle, ellipse, text)").length),
    }));
    assert.equal(titles.length, SCREENS);
    assert.equal(titles.every((title) => /[\u4e00-\u9fff]/.test(title)), language === "zh");
    // The last screen is a form.
    pictures.slice(0, -1).forEach((count, k) => assert.ok(count > 20, `screen ${k + 1} has no picture`));
    assert.equal(controls, 0);
    // Pictures keep to their places: none lies over what follows.
    const over = await page.evaluate(() => [...document.querySelectorAll(".figure")].filter((f) => f.querySelector("svg").getBoundingClientRect().bottom > f.getBoundingClientRect().bottom + 1).map((f) => f.dataset.figure));
    assert.deepEqual(over, []);
    await page.finish();
  }
});

test("paper shows all screens", async () => {
  const page = await openTour(browser, 3);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const shown = () => page.evaluate(() => [...document.querySelectorAll(".screen")].filter((s) => !s.hidden).length);
  assert.equal(await shown(), SCREENS);
  // Pictures of another size ask for a frame.
  await page.evaluate(() => window.tour.store.touch());
  await settled(page);
  assert.equal(await shown(), SCREENS);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await shown(), 1);
  await page.finish();
});

test("the tour has at most 600 kB", () => {
  for (const name of ["tour", "tour-zh"]) {
    const { size } = statSync(`${FOLDER}/${name}.html`);
    assert.ok(size <= 600_000, `${name}: ${size}`);
  }
});
