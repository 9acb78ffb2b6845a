// The last screen: the laboratory inside the tour, with the tour's language, address and keys.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { geometry, launch, unfold } from "./browser.mjs";
import { openTour, settled } from "./tour.mjs";

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const box = "#formula";
const readout = (page) => page.locator(".screen:not([hidden]) .readout").innerText();
const said = (page) => page.locator("#formula-fault").innerText();
const contours = (page, panel) => page.evaluate((name) => [...document.querySelectorAll(`[data-panel="${name}"] svg path[data-role="function"]`)].map((p) => p.getAttribute("d")).join(" "), panel);

async function type(page, text) {
  await page.fill(box, text);
  await page.press(box, "Enter");
  await settled(page);
  await settled(page);
}

/** Rotation and eigenvalues of the drawn ellipse make H: the entries (1, 1), (1, 2), (2, 2). */
function hessianOf({ ellipses: [{ rx, ry, angle, lambda }] }) {
  // Semi-axes are as 1/sqrt(lambda), and pixels count downwards.
  const [first, second] = lambda.split(/[ ,]+/).map(Number), [c, s] = [Math.cos(angle), -Math.sin(angle)];
  assert.ok(Math.abs((rx / ry) ** 2 * (first / second) - 1) < 1e-3, `semi-axes ${rx}, ${ry} of ${lambda}`);
  return [first * c * c + second * s * s, (first - second) * c * s, first * s * s + second * c * c];
}

test("a formula typed in the tour draws its own contours and its own H; the address stays the tour's", async () => {
  const page = await openTour(browser, "end");
  const hash = await page.evaluate(() => location.hash);
  const before = [await contours(page, "run"), await contours(page, "local")];
  assert.ok(before.every((d) => d.length > 100));
  await type(page, "2*u^2 + 3*u*v + 4*v^2 - u");
  const now = [await contours(page, "run"), await contours(page, "local")];
  now.forEach((d, k) => assert.ok(d.length > 100 && d !== before[k]));
  hessianOf(await geometry(page, "local")).forEach((entry, k) => assert.ok(Math.abs(entry - [4, 3, 8][k]) < 2e-3, `H[${k}] = ${entry}`));
  // The eigenvalues of (4 3; 3 8) are 6 -+ sqrt(13).
  assert.match(await readout(page), /from 2\.394 to 9\.606: a bowl/);
  // An address of its own would have been written by now.
  await page.waitForTimeout(600);
  assert.equal(await page.evaluate(() => location.hash), hash);
  assert.equal(await page.evaluate(() => window.raphson), undefined);
  assert.equal(await page.title(), "What a Hessian is");
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("one title, one place for the main part, one choice of the language", async () => {
  const page = await openTour(browser, "end");
  for (const [selector, count] of [["h1", 1], ["main", 1], [".languages", 1], [".skip", 1], ["#formula", 1]]) assert.equal(await page.locator(selector).count(), count, selector);
  await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  await unfold(page);
  await page.addScriptTag({ content: AXE });
  const found = await page.evaluate(() => window.axe.run(document));
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), []);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("beside all other screens its ids and its groups of choices are its own", async () => {
  const page = await openTour(browser, 1);
  const screens = await page.locator(".tour nav ol a").count();
  for (let k = 1; k <= screens; k += 1) {
    await page.evaluate((hash) => { location.hash = hash; }, `screen=${k < screens ? k : "end"}`);
    await settled(page);
  }
  assert.equal(await page.locator(".screen").count(), screens);
  // What a picture is clipped by is found by its id, a choice lets go of the others of its name.
  const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map(({ id }) => id));
  assert.ok(ids.length > 20);
  assert.deepEqual(ids.filter((id, k) => ids.indexOf(id) !== k), []);
  const groups = await page.evaluate(() => [...document.querySelectorAll("fieldset")].map((set) => [...new Set([...set.querySelectorAll("input[type=radio]")].map(({ name }) => name))]).filter((names) => names.length));
  assert.ok(groups.length > 0 && groups.every((names) => names.length === 1));
  assert.equal(new Set(groups.flat()).size, groups.length);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("a wrong formula shows its caret, and only the laboratory turns gray", async () => {
  const page = await openTour(browser, "end");
  await type(page, "x^2 + snh(y)");
  assert.match(await said(page), /^Column 7: there is no function 'snh'; did you mean sinh/);
  const [line, caret] = (await page.locator("#formula-fault pre").innerText()).split("\n");
  assert.equal(line[caret.indexOf("^")], "s");
  const filters = () => page.evaluate(() => [".laboratory .page", ".tour > .page", "body"].map((s) => getComputedStyle(document.querySelector(s)).filter));
  assert.deepEqual(await filters(), ["grayscale(1)", "none", "none"]);
  assert.equal(await readout(page), "");
  await type(page, "x^2 + sinh(y)");
  assert.deepEqual(await filters(), ["none", "none", "none"]);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("the language changes and formula, start and x stay; also behind other screens", async () => {
  const page = await openTour(browser, "end");
  await type(page, "(p - 1)^2 + 5*q^2 + p*q");
  const field = page.locator(".coordinate input").first();
  await field.fill("-2");
  await field.press("Enter");
  await settled(page);
  const handle = page.locator('[data-panel="local"] .handle').first();
  await handle.focus();
  // The tour's own arrows turn pages; those of a handle move it.
  for (let k = 0; k < 5; k += 1) await page.keyboard.press("ArrowRight");
  await settled(page);
  const fields = () => page.evaluate(() => [...document.querySelectorAll("#formula, .coordinate input")].map((input) => input.value));
  const before = await fields(), place = await handle.getAttribute("aria-valuetext");
  assert.match(page.url(), /screen=end/);
  assert.ok(Number(before[1]) > -2 && before[0] === "(p - 1)^2 + 5*q^2 + p*q");
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.deepEqual(await fields(), before);
  assert.match(page.url(), /screen=end&lang=zh/);
  assert.match(await readout(page), /碗。−g 与牛顿步的夹角是/);
  assert.equal(await page.locator(".laboratory .panel-local h2").innerText(), "局部模型");
  assert.equal(await page.evaluate(() => document.querySelectorAll(".laboratory").length), 1);
  assert.deepEqual(await page.evaluate(() => document.activeElement.dataset.language), "zh");
  await page.click(".turn.back");
  await page.goto(page.url().replace(/screen=\d+/, "screen=end"));
  await settled(page);
  assert.deepEqual(await fields(), before);
  assert.equal((await handle.getAttribute("aria-valuetext")).replace(/[^\d.−-]/g, ""), place.replace(/[^\d.−-]/g, ""));
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("keys of the tour are not typed away, and what is typed turns no page", async () => {
  const page = await openTour(browser, "end");
  await page.focus(box);
  for (const key of ["ArrowLeft", "Home", "End", "ArrowRight"]) await page.keyboard.press(key);
  assert.match(page.url(), /screen=end/);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("ArrowLeft");
  assert.match(page.url(), /screen=10/);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("a click into the map is another start; the readout follows", async () => {
  const page = await openTour(browser, "end");
  const before = await readout(page);
  await page.locator('[data-panel="run"] .figure').scrollIntoViewIfNeeded();
  const map = await page.locator('[data-panel="run"] .figure').boundingBox();
  await page.mouse.click(map.x + 0.75 * map.width, map.y + 0.4 * map.height);
  await settled(page);
  await settled(page);
  assert.notEqual(await readout(page), before);
  assert.deepEqual([page.errors, page.requests.length], [[], 1]);
  await page.finish();
});

test("methods race in it, over a map that the tour's own script computes in a worker", async () => {
  const page = await openTour(browser, "end");
  await page.click('[data-panel="race"] h2 button');
  await page.selectOption('[data-panel="race"] [data-control="ground"]', "newton");
  await page.waitForFunction(() => {
    const canvas = document.querySelector('[data-figure="race"] canvas');
    return canvas && canvas.width > 1 && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((a) => a > 0);
  });
  assert.ok(await page.locator('[data-figure="race"] svg path').count() > 5);
  assert.deepEqual(page.errors, []);
  // Of the network only the file itself: workers are made of its own text.
  assert.deepEqual(page.requests.filter((url) => !url.startsWith("blob:")).length, 1);
  await page.finish();
});

for (const width of [1400, 800, 390])
  test(`nothing is wider than a page of ${width} px; on paper only the words`, async () => {
    const page = await openTour(browser, "end", { language: width === 800 ? "zh" : "en", size: { width, height: 900 } });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    const { width: full } = await page.locator(".screen:not([hidden])").boundingBox();
    assert.ok(Math.abs((await page.locator(".laboratory").boundingBox()).width - full) < 1);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".laboratory").isVisible(), false);
    assert.equal(await page.locator(".screen:not([hidden]) .sentence").first().isVisible(), true);
    assert.deepEqual([page.errors, page.requests.length], [[], 1]);
    await page.finish();
  });
