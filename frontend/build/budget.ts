import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

interface Limits {
  js: number;
  css: number;
  worker: number;
  precache: number;
  aim: { js: number; css: number };
}

/** Prints what a first visit downloads, and fails the build when it outgrew its budget. */
export function budget(limits: Limits): Plugin {
  return {
    name: "tradepost-budget",
    apply: "build",
    enforce: "post",
    writeBundle(_, bundle) {
      const size = { js: 0, css: 0, worker: 0, precache: 0 };
      for (const [name, file] of Object.entries(bundle)) {
        const body = file.type === "chunk" ? file.code : file.source;
        const zipped = gzipSync(body, { level: 9 }).length;
        if (name === "sw.js") size.worker += zipped;
        if (!name.startsWith("assets/")) continue;
        size.precache += Buffer.byteLength(body);
        if (name.endsWith(".js")) size.js += zipped;
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
