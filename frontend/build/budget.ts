import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

interface Limits {
  js: number;
  css: number;
  worker: number;
  precache: number;
  aim: { js: number; css: number };
}

/** Prints what a first visit downloads, and fails the build when it outgrew its budget. What is fetched only when a part is
 * first shown counts for the worker's store alone. */
export function budget(limits: Limits): Plugin {
  return {
    name: "tradepost-budget",
    apply: "build",
    enforce: "post",
    writeBundle(_, bundle) {
      const size = { js: 0, css: 0, worker: 0, precache: 0 };
      const later = lateChunks(bundle);
      for (const [name, file] of Object.entries(bundle)) {
        const body = file.type === "chunk" ? file.code : file.source;
        const zipped = gzipSync(body, { level: 9 }).length;
        if (name === "sw.js") size.worker += zipped;
        if (!name.startsWith("assets/")) continue;
        size.precache += Buffer.byteLength(body);
        if (name.endsWith(".js") && !(file.type === "chunk" && later.has(name))) size.js += zipped;
        if (name.endsWith(".css")) size.css += zipped;
      }
      const line = (key: keyof typeof size, aim = 0) =>
        `${key} ${size[key]} of ${limits[key]} bytes${aim ? ` (aim ${aim})` : ""}`;
      this.info(`gzip: ${line("js", limits.aim.js)}, ${line("css", limits.aim.css)}, ${line("worker")}; raw: ${line("precache")}`);
      const over = (Object.keys(size) as (keyof typeof size)[]).filter((key) => size[key] > limits[key]);
      if (over.length) this.error(`over budget: ${over.map((key) => line(key)).join(", ")}`);
    },
  };
}

/** The chunks that no first visit needs: those that the entry does not reach by plain imports. */
function lateChunks(bundle: Rolldown.OutputBundle): Set<string> {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const needed = new Set<string>();
  const reach = (name: string): void => {
    const chunk = chunks.find((file) => file.fileName === name);
    if (!chunk || needed.has(name)) return;
    needed.add(name);
    for (const other of chunk.imports) reach(other);
  };
  for (const chunk of chunks) if (chunk.isEntry) reach(chunk.fileName);
  return new Set(chunks.map((chunk) => chunk.fileName).filter((name) => !needed.has(name)));
}
