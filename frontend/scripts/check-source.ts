// Rules that the compiler does not hold: money never becomes a float, and files stay short enough to be read.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const LONGEST = 400;

/** What turns text into a float, or does arithmetic on one. */
const FLOAT = /\b(parseFloat|parseInt|Number\s*[.(]|Math\.|toFixed\s*\(|toLocaleString|NumberFormat|valueAsNumber)/;
/** Files that hold times, pixels or counts, and never a price, an amount or a balance. */
const NOT_MONEY = new Set(["src/lib/backoff.ts", "src/lib/time.ts", "src/net/clock.ts", "src/lib/uuid.ts", "src/lib/days.ts", "src/lib/qr.ts", "src/screens/Lag.tsx"]);
/** Where money becomes pixels: the chart's own numbers, which go nowhere else. */
const PIXELS = /^src\/chart\//;
/** What writes markup past the CSP's back, or numbers past the entry rules'. */
const MARKUP = /dangerouslySetInnerHTML|innerHTML|<output|type="number"|role="timer"/;

const problems: string[] = [];
for (const entry of readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(tsx?|css)$/.test(entry.name) || entry.name === "schema.d.ts") continue;
  const path = join(entry.parentPath, entry.name);
  const name = relative(ROOT, path);
  const lines = readFileSync(path, "utf8").split("\n");
  if (lines.length > LONGEST) problems.push(`${name}: ${lines.length} lines, at most ${LONGEST}`);
  if (!/\.tsx?$/.test(name)) continue;
  lines.forEach((line, at) => {
    if (FLOAT.test(line) && !NOT_MONEY.has(name) && !PIXELS.test(name)) problems.push(`${name}:${at + 1}: float arithmetic: ${line.trim()}`);
    if (MARKUP.test(line)) problems.push(`${name}:${at + 1}: not allowed here: ${line.trim()}`);
  });
}

if (problems.length) {
  console.error(problems.join("\n"));
  process.exit(1);
}
