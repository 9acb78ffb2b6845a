// Panels below the first screen: opened by their questions with mouse or keys, the same again by a link, in both languages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, open, settled, unfold } from "./browser.mjs";
import { openTour } from "./tour.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());


/** Of every panel whether its pictures are in sight and drawn, and what its heading says of it. */
const panels = (page) =>
  page.evaluate(() =>
    Object.fromEntries([...document.querySelectorAll(".panels > [data-panel]")].map((panel) => {
      // A picture that does not exist folds to its sentence.
      const figures = [...panel.querySelectorAll(panel.matches(".void") ? ".explain" : ".figure svg")], said = panel.querySelector("h2 button")?.getAttribute("aria-expanded");
      return [panel.dataset.panel, { seen: figures.some((svg) => svg.getBoundingClientRect().height > 15), drawn: figures.some((svg) => svg.childNodes.length > 0), said: said ?? "always" }];
    })),
  );

const CLOSED = { seen: false, drawn: false, said: "false" }, OPEN = { seen: true, drawn: true, said: "true" };

async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`);
}

test("a page opens with the local model and the run; everything else is a question, and not painted", async () => {
  for (const [name, size] of [["run-rosenbrock", { width: 1400, height: 900 }], ["fit-misra", { width: 800, height: 900 }], ["lab", { width: 390, height: 844 }]]) {
    const page = await open(browser, name, { size, folded: true });
    await settled(page);
    const { local, run, ...others } = await panels(page);
    for (const panel of [local, run]) assert.deepEqual(panel, { seen: true, drawn: true, said: "always" }, name);
    assert.ok(Object.keys(others).length >= 7, Object.keys(others).join());
    for (const [other, found] of Object.entries(others)) assert.deepEqual(found, CLOSED, `${name}: ${other}`);
    assert.deepEqual(await violations(page), [], name);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
    await page.finish();
  }
});

test("the first screen of 1400 by 900 holds all of the local picture's plot but its end, and the run whole", async () => {
  const page = await open(browser, "run-rosenbrock", { size: { width: 1400, height: 900 }, folded: true });
  const box = async (name) => page.locator(`[data-figure="${name}"]`).boundingBox();
  const [local, run] = [await box("local"), await box("run")];
  assert.ok(local.width > 680 && local.width < 800, `${local.width} px`);
  assert.ok(run.y + run.height < 900 && Math.abs(run.y - local.y) < 1, JSON.stringify({ local, run }));
  await page.finish();
});

test("keys open and close: Tab reaches a question, Enter and space press it; the address follows, and a link is the same", async () => {
  const page = await open(browser, "run-rosenbrock", { hash: "trial=3", folded: true });
  const dual = page.getByRole("button", { name: "What does H\u207b\u00b9 look like?" });
  assert.equal(await dual.evaluate((button) => button.parentElement.tagName), "H2");
  await page.locator('[data-control="folds"]').focus();
  await page.keyboard.press("Tab");
  assert.ok(await dual.evaluate((button) => button === document.activeElement));
  await page.keyboard.press("Enter");
  await settled(page);
  assert.deepEqual((await panels(page)).dual, OPEN);
  assert.ok(await dual.evaluate((button) => button === document.activeElement), "the focus stays where it is");
  // The handle in it is next.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.closest("[data-panel]").dataset.panel), "dual");
  await page.locator('[data-panel="table"] h2 button').click();
  await page.waitForFunction(() => location.hash === "#trial=3&open=dual,table");
  const link = await page.evaluate(() => location.hash.slice(1)), again = await open(browser, "run-rosenbrock", { hash: link, folded: true });
  assert.deepEqual((await panels(again)).dual, OPEN);
  assert.ok(await again.locator("tr[data-position='3']").isVisible());
  assert.equal(await again.locator('.fold h2 [aria-expanded="true"]').count(), 2);
  await again.click('[data-language="zh"]');
  await settled(again);
  assert.equal(await again.locator('.fold h2 [aria-expanded="true"]').count(), 2);
  assert.deepEqual((await panels(again)).dual, OPEN);
  assert.match(await again.locator('[data-panel="dual"] h2').innerText(), /是什么样子/);
  // A link of this page that says something else.
  await again.evaluate(() => { location.hash = "open=spectrum"; });
  await settled(again);
  const { dual: closed, spectrum } = await panels(again);
  assert.deepEqual([closed.said, closed.seen, spectrum], ["false", false, OPEN]);
  await dual.focus();
  await page.keyboard.press(" ");
  await settled(page);
  assert.equal((await panels(page)).dual.seen, false);
  assert.equal(await page.evaluate(() => window.raphson.store.state.playing), "", "space at a question plays no trials");
  assert.deepEqual([page.errors, again.errors], [[], []]);
  await page.finish();
  await again.finish();
});

test("one button opens all and closes them, in a report, the laboratory and the tour; all of them are drawn", async () => {
  for (const [name, make] of [["run-quartet", () => open(browser, "run-quartet", { folded: true })], ["lab", () => open(browser, "lab", { folded: true })], ["tour", () => openTour(browser, "end")]]) {
    const page = await make();
    await unfold(page);
    for (const [panel, found] of Object.entries(await panels(page))) if (panel !== "table" && found.said !== "always") assert.deepEqual(found, OPEN, `${name}: ${panel}`);
    assert.deepEqual(await violations(page), [], name);
    const button = page.locator('[data-control="folds"]');
    assert.equal(await button.innerText(), "Close all");
    await button.click();
    await settled(page);
    assert.equal(await page.locator('.fold h2 [aria-expanded="true"]').count(), 0, name);
    assert.equal(await button.innerText(), "Open all");
    assert.deepEqual(page.errors, [], name);
    await page.finish();
  }
});

test("while x is dragged nothing changes in a closed panel, and opened it is where x is", async () => {
  const page = await open(browser, "run-rosenbrock", { hash: "trial=3&open=dual", folded: true });
  await page.click('[data-panel="dual"] h2 button');
  await settled(page);
  await page.evaluate(() => {
    window.changes = 0;
    new MutationObserver((list) => { window.changes += list.length; }).observe(document.querySelector("#dual-fold"), { subtree: true, childList: true, attributes: true, characterData: true });
  });
  const picture = () => page.locator('[data-figure="dual"] svg').innerHTML(), before = await picture();
  await page.evaluate(() => scrollTo(0, 0));
  const handle = await page.locator('[data-panel="local"] .handle').first().boundingBox();
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await page.mouse.down();
  await page.mouse.move(handle.x + 90, handle.y + 40, { steps: 8 });
  await page.mouse.up();
  await settled(page);
  assert.ok(await page.evaluate(() => window.raphson.store.state.x !== null));
  assert.equal(await page.evaluate(() => window.changes), 0);
  await page.click('[data-panel="dual"] h2 button');
  await settled(page);
  assert.notEqual(await picture(), before);
  assert.deepEqual((await panels(page)).dual, OPEN);
  await page.finish();
});

test("paper has every picture, whatever is open, and the page is as before afterwards", async () => {
  const page = await open(browser, "run-rosenbrock", { hash: "open=dual", folded: true });
  await page.evaluate(() => {
    window.addEventListener("beforeprint", () => { window.printed = [...document.querySelectorAll(".panels > [data-panel]")].map((panel) => [panel.dataset.panel, panel.querySelectorAll("svg [data-scene], [data-strip], tr").length > 0]); });
  });
  const pdf = await page.pdf({ format: "A4" });
  assert.ok(pdf.length > 10_000);
  const printed = await page.evaluate(() => window.printed);
  assert.deepEqual(printed.filter(([, drawn]) => !drawn), []);
  assert.equal(printed.length, 11);
  await settled(page);
  assert.equal(await page.locator('.fold h2 [aria-expanded="true"]').count(), 1);
  await page.finish();
});
