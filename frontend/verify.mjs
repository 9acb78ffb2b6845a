/** Builds the pages into a temporary folder and compares them with what is committed: exit status 1 where they differ. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FILES, buildAll } from "./build.mjs";

const committed = fileURLToPath(new URL("../src/raphson/picture/web", import.meta.url));
const fresh = mkdtempSync(join(tmpdir(), "raphson-web-"));
try {
  await buildAll(fresh);
  const differing = FILES.filter((name) => !readFileSync(join(fresh, name)).equals(readFileSync(join(committed, name))));
  if (differing.length > 0) {
    console.error(`${differing.join(", ")}: not what the source builds; run npm run build in frontend/`);
    process.exitCode = 1;
  } else {
    console.log("the committed pages are what the source builds");
  }
} finally {
  rmSync(fresh, { recursive: true });
}
process.exit();
