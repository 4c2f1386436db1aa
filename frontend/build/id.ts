import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A build's name: when it was made, then what it was made of. Ids sort by age as plain text, which is what
 * `min_build` is compared by. */
export function buildId(root: string): string {
  const hash = createHash("sha256");
  for (const folder of ["src", "public"]) {
    const names = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  const epoch = process.env["SOURCE_DATE_EPOCH"];
  const made = epoch ? new Date(Number(epoch) * 1000) : new Date();
  return `${made.toISOString().replace(/\D/g, "").slice(0, 14)}-${hash.digest("hex").slice(0, 8)}`;
}
