import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** What a module imports by its name and not on demand; types leave nothing behind. */
const IMPORTS = /^(?:import|export)(?! type\b)(?:[^"';]*?from)? "(\.[^"]+)";/gm;

/** Every module that is there before the entry runs: all that it imports, and what those import. Together they zip better than in a
 * dozen files, and what is fetched later finds them loaded. */
export function eager(entry: string): Set<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    if (!/\.tsx?$/.test(path)) return;
    for (const [, name] of readFileSync(path, "utf8").matchAll(IMPORTS)) if (name) visit(resolve(dirname(path), name));
  };
  visit(resolve(entry));
  return found;
}
