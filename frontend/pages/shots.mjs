// Pictures of the pages for the README: PAGES=FOLDER node pages/shots.mjs ../docs/pictures
import { join } from "node:path";
import { launch, open } from "./browser.mjs";
import { openTour } from "./tour.mjs";

const SHOTS = [
  { file: "report.png", make: (browser) => open(browser, "run-rosenbrock", { hash: "trial=3", folded: true, size: { width: 1240, height: 1310 } }) },
  { file: "tour.png", make: (browser) => openTour(browser, 5, { size: { width: 1240, height: 830 } }) },
];

const browser = await launch();
for (const { file, make } of SHOTS.filter(({ file }) => !process.argv[3] || file === process.argv[3])) {
  const page = await make(browser);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(process.argv[2], file) });
  await page.finish();
}
await browser.close();
