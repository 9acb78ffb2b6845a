// The tour: each sentence that states a number or a relation is true on the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { openTour } from "./tour.mjs";

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
