import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import { precached } from "./precache.ts";

interface Limits {
  /** The entry and all that it loads before it runs. */
  js: number;
  /** The chunk that holds the charting library. */
  chart: number;
  css: number;
  worker: number;
  precache: number;
  aim: { js: number; css: number };
}

/** Names of the chunks that must be there before the first screen is. */
function firstLoad(bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    const file = bundle[name];
    if (found.has(name) || file?.type !== "chunk") return;
    found.add(name);
    file.imports.forEach(visit);
  };
  for (const [name, file] of Object.entries(bundle)) if (file.type === "chunk" && file.isEntry) visit(name);
  return found;
}

/** Prints what a first visit downloads, and fails the build when it outgrew its budget. */
export function budget(limits: Limits): Plugin {
  return {
    name: "tradepost-budget",
    apply: "build",
    enforce: "post",
    writeBundle(_, bundle) {
      const size = { js: 0, chart: 0, css: 0, worker: 0, precache: 0 };
      const first = firstLoad(bundle);
      const kept = new Set(precached(bundle));
      for (const [name, file] of Object.entries(bundle)) {
        const body = file.type === "chunk" ? file.code : file.source;
        const zipped = gzipSync(body, { level: 9 }).length;
        if (name === "sw.js") size.worker += zipped;
        if (!name.startsWith("assets/")) continue;
        if (kept.has(name)) size.precache += Buffer.byteLength(body);
        if (first.has(name)) size.js += zipped;
        if (file.type === "chunk" && file.moduleIds.some((id) => id.includes("lightweight-charts"))) size.chart += zipped;
        if (name.endsWith(".css")) size.css += zipped;
      }
      const line = (key: keyof typeof size, aim = 0) =>
        `${key} ${size[key]} of ${limits[key]} bytes${aim ? ` (aim ${aim})` : ""}`;
      this.info(`gzip: ${line("js", limits.aim.js)}, ${line("chart")}, ${line("css", limits.aim.css)}, ${line("worker")}; raw: ${line("precache")}`);
      const over = (Object.keys(size) as (keyof typeof size)[]).filter((key) => size[key] > limits[key]);
      if (over.length) this.error(`over budget: ${over.map((key) => line(key)).join(", ")}`);
    },
  };
}
