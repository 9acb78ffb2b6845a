/** Builds the page into a temporary folder and compares it with the committed bundle: exit status 1 where they differ. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const committed = join(here, "../src/raphson/picture/web");
const fresh = mkdtempSync(join(tmpdir(), "raphson-web-"));
try {
  execFileSync(process.execPath, [join(here, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], {
    cwd: here,
    env: { ...process.env, RAPHSON_WEB: fresh },
    stdio: "inherit",
  });
  const differing = ["report.js", "report.css"].filter(
    (name) => !readFileSync(join(fresh, name)).equals(readFileSync(join(committed, name))),
  );
  if (differing.length > 0) {
    console.error(`${differing.join(", ")}: not what the source builds; run npm run build in frontend/`);
    process.exitCode = 1;
  } else {
    console.log("the committed bundle is what the source builds");
  }
} finally {
  rmSync(fresh, { recursive: true });
}
