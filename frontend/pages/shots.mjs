// Pictures of the page for the README: PAGES=FOLDER node pages/shots.mjs ../docs/pictures
import { join } from "node:path";
import { launch, open } from "./browser.mjs";

const SHOTS = [{ file: "report.png", page: "run-rosenbrock", hash: "trial=3", size: { width: 1240, height: 1310 } }];

const browser = await launch();
for (const { file, page: name, hash, size } of SHOTS) {
  const page = await open(browser, name, { hash, size });
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(process.argv[2], file) });
  await page.finish();
}
await browser.close();
