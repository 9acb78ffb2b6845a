// The laboratory: what is typed is computed and drawn, what is wrong is said, and nothing that is typed runs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { between, degrees, geometry, launch, open, settled, tangent } from "./browser.mjs";

const ATTACKS = JSON.parse(readFileSync(new URL("../tests/fixtures/attacks.json", import.meta.url), "utf8"));
const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const PYTHON = process.env.PYTHON ?? "python3";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const box = "#formula";

/** Types a formula and has it computed at once. */
async function type(page, text) {
  await page.fill(box, text);
  await page.press(box, "Enter");
  await settled(page);
}

/** The drawn paths of a panel. */
const paths = (page, panel) => page.evaluate((name) => [...document.querySelectorAll(`[data-panel="${name}"] svg path`)].map((p) => p.getAttribute("d")).join(" "), panel);

const said = (page) => page.locator("#formula-fault").innerText();

test("a formula is typed: contours, arrows and spectrum are its own", async () => {
  const page = await open(browser, "lab");
  const before = [await paths(page, "run"), await paths(page, "local"), await geometry(page, "local")];
  await type(page, "2*x^2 + 3*x*y + 4*y^2 - x");
  assert.notEqual(await paths(page, "run"), before[0]);
  assert.notEqual(await paths(page, "local"), before[1]);
  const { value, gradient, hessian } = await page.evaluate(() => window.raphson.context().quad);
  const [x, y] = [0.4, 0.9];
  const wanted = [2 * x * x + 3 * x * y + 4 * y * y - x, 4 * x + 3 * y - 1, 3 * x + 8 * y, 4, 3, 8];
  [value, ...gradient, ...hessian].forEach((a, i) => assert.ok(Math.abs(a - wanted[i]) < 1e-12, `${a} is not ${wanted[i]}`));
  const found = await geometry(page, "local");
  assert.ok(Math.min(...found.ellipses.map((e) => Math.hypot(e.cx - found.newton.head[0], e.cy - found.newton.head[1]))) <= 0.5);
  assert.ok(Math.abs(degrees(between(found.gradient.tail, found.gradient.head), tangent(found, found.point).direction, true) - 90) <= 0.1);
  assert.equal(await said(page), "");
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("what is wrong is said under the box with a caret, in both languages, and the pictures come back", async () => {
  const page = await open(browser, "lab");
  await type(page, "x^2 + snh(y)");
  assert.match(await said(page), /^Column 7: there is no function 'snh'; did you mean sinh/);
  const [line, caret] = (await page.locator("#formula-fault pre").innerText()).split("\n");
  assert.equal(line[caret.indexOf("^")], "s");
  assert.equal(await page.getAttribute(box, "aria-invalid"), "true");
  // Most of what is seen while somebody types is no formula: the pictures stay, but not as if they were its own.
  assert.match(await said(page), /now gray, are those of the last formula/);
  assert.match(await page.evaluate(() => getComputedStyle(document.querySelector(".page")).filter), /grayscale/);
  assert.equal(await page.locator(".python code").textContent(), "");
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.match(await said(page), /^第 7 个字符：没有函数 'snh'；是不是 sinh/);
  await type(page, "3*pi");
  assert.equal(await page.locator("[data-panel]").count(), 0);
  assert.match(await said(page), /常数 9\.42477/);
  await type(page, "x^2 + sinh(y)");
  assert.equal(await said(page), "");
  assert.ok((await geometry(page, "local")).newton);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".page")).filter), "none");
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("formula and start stand in the address: opened again it is the same, and a changed address is followed", async () => {
  const page = await open(browser, "lab");
  await type(page, "(1 - a)^2 + 100*(b - a^2)^2 + 0.5%");
  await type(page, "(1 - a)^2 + 100*(b - a^2)^2");
  const fields = page.locator(".coordinate input");
  await fields.nth(0).fill("-1.25");
  await fields.nth(0).press("Enter");
  await fields.nth(1).fill("1.5");
  await fields.nth(1).press("Enter");
  await page.waitForFunction(() => location.hash.includes("at=-1.25,1.5"));
  const hash = await page.evaluate(() => location.hash.slice(1));
  const again = await open(browser, "lab", { hash });
  const quad = (p) => p.evaluate(() => window.raphson.context().quad);
  assert.deepEqual(await quad(again), await quad(page));
  assert.equal(await again.inputValue(box), "(1 - a)^2 + 100*(b - a^2)^2");
  assert.equal((await quad(again)).at.join(), "-1.25,1.5");
  await again.evaluate(() => { location.hash = `formula=${encodeURIComponent("u + v^2")}&at=3,4&lang=zh`; });
  await again.waitForFunction(() => document.querySelector("#formula").value === "u + v^2" && document.documentElement.lang === "zh-CN");
  await settled(again);
  assert.deepEqual((await quad(again)).gradient, [1, 8]);
  assert.deepEqual([...page.errors, ...again.errors], []);
  await page.finish();
  await again.finish();
});

test("x is dragged, becomes the start, and a click into the map does the same", async () => {
  const page = await open(browser, "lab");
  const handle = await page.locator('[data-panel="local"] .handle').first().boundingBox();
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await page.mouse.down();
  await page.mouse.move(handle.x + 60, handle.y + 50, { steps: 4 });
  await page.mouse.up();
  await settled(page);
  const dragged = await page.evaluate(() => window.raphson.store.state.x);
  assert.ok(dragged && Math.hypot(dragged[0] - 0.4, dragged[1] - 0.9) > 0.05);
  // While x moves the address waits: what it says at last is where x came to rest.
  await page.waitForFunction((x) => location.hash.includes(`x=${x}`), dragged.map((a) => String(Number(a.toPrecision(12)))).join());
  const again = await open(browser, "lab", { hash: await page.evaluate(() => location.hash.slice(1)) });
  assert.deepEqual(await again.evaluate(() => window.raphson.context().quad.at.map((a) => a.toPrecision(9))), dragged.map((a) => a.toPrecision(9)));
  await again.finish();
  await page.click('[data-control="here"]');
  await settled(page);
  const at = await page.evaluate(() => window.raphson.context().quad.at);
  assert.ok(Math.hypot(at[0] - dragged[0], at[1] - dragged[1]) < 1e-9);
  const map = await page.locator('[data-panel="run"] .figure').boundingBox();
  await page.mouse.click(map.x + 0.7 * map.width, map.y + 0.3 * map.height);
  await settled(page);
  const clicked = await page.evaluate(() => window.raphson.context().quad.at);
  assert.ok(Math.hypot(clicked[0] - at[0], clicked[1] - at[1]) > 0.05);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("one variable, three variables, a start where f is not finite", async () => {
  const page = await open(browser, "lab");
  await type(page, "cosh(t - 1)");
  assert.ok((await paths(page, "local")).length > 100);
  await type(page, "x^2 + 2*y^2 + 3*z^2 + x*z");
  assert.deepEqual(await page.locator("#plane option").allInnerTexts(), ["x, y", "x, z", "y, z"]);
  await page.selectOption("#plane", "x,z");
  await settled(page);
  assert.deepEqual(await page.evaluate(() => window.raphson.context().quad.hessian), [2, 1, 6]);
  await page.click('[data-example="domain"]');
  await settled(page);
  for (const panel of ["run", "local"]) assert.ok(await page.locator(`[data-panel="${panel}"] svg [data-role="not-finite"]`).count() > 0, `${panel} is not hatched`);
  await type(page, "sqrt(p) + sqrt(q) + p*q");
  assert.ok((await geometry(page, "local")).gradient, "a start where f is finite is found");
  await page.locator(".coordinate input").first().fill("-3");
  await page.locator(".coordinate input").first().press("Enter");
  await settled(page);
  assert.match(await said(page), /not finite at the start/);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("examples are drawn, and their Python runs to a minimum", async () => {
  const page = await open(browser, "lab");
  const scripts = [];
  for (const example of await page.locator("[data-example]").all()) {
    await example.click();
    await settled(page);
    assert.equal(await said(page), "");
    assert.ok((await paths(page, "local")).length > 100, await example.innerText());
    scripts.push(await page.locator(".python code").textContent());
  }
  await type(page, "y = lambda*x^-2 - -f^2 + x**2.5 - (x - f)^2^1 + erf(v)/(2*v)/gamma(3) + pi*e^-x + log2(x) + min(x, v) + lambda^4");
  scripts.push((await page.locator(".python code").textContent()).replace(/print\(rp.*/, "assert f(jnp.array([1.0, 1.0, 2.0, 3.0])).shape == ()"));
  const alone = scripts.map((text, k) => `def run_${k}():\n${text.replaceAll(/^(?=.)/gm, "    ")}`);
  const calls = scripts.map((_, k) => `run_${k}()`);
  const told = execFileSync(PYTHON, ["-c", [...alone, ...calls].join("\n")], { encoding: "utf8" });
  assert.equal((told.match(/^minimum/gim) ?? []).length, scripts.length - 1, told);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("attacks, typed or in the address, run nothing and ask nobody", async () => {
  const page = await open(browser, "lab");
  const check = async (p, text) => {
    const state = await p.evaluate(() => ({ attacked: typeof window.attacked, foreign: document.querySelectorAll("img, iframe, object, svg script, #formula-fault script, .page script").length }));
    assert.deepEqual(state, { attacked: "undefined", foreign: 0 }, text);
  };
  for (const text of [...ATTACKS, "x*".repeat(4000) + "x", "(".repeat(9000), "💥".repeat(9000)]) {
    await type(page, text);
    await check(page, text);
    assert.deepEqual(page.errors, [], text.slice(0, 60));
  }
  for (const text of ATTACKS.slice(0, 12)) {
    await page.evaluate((formula) => { location.hash = `formula=${encodeURIComponent(formula)}&at=1,${encodeURIComponent(formula)}`; }, text);
    await settled(page);
    await check(page, text);
  }
  assert.deepEqual(page.errors, []);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")), []);
  await page.finish();
});

for (const [lang, hash, colorScheme = "light"] of [["en", ""], ["en", "", "dark"], ["zh", "lang=zh"], ["en", `formula=${encodeURIComponent("x^2 + snh(y)")}`], ["zh", `formula=${encodeURIComponent("x*y*z + x^2")}&lang=zh`]])
  test(`axe finds nothing: ${lang} ${colorScheme} ${decodeURIComponent(hash)}`, async () => {
    const page = await open(browser, "lab", { colorScheme });
    await page.evaluate((h) => { location.hash = h; }, hash);
    await settled(page);
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
    await settled(page);
    await page.addScriptTag({ content: AXE });
    const found = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), []);
    if (lang === "zh") assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
    await page.finish();
  });
