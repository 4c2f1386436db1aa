import { readFileSync } from "node:fs";
import { transformWithOxc, type Plugin } from "vite";
import { precached } from "./precache.ts";

interface Options {
  build: string;
  entry: string;
  shell: string[];
}

/** Writes `sw.js`, with the list of files that make the shell and the build they belong to written into it, and
 * `build.json`, from which the server learns what it is serving. */
export function serviceWorker({ build, entry, shell }: Options): Plugin {
  return {
    name: "tradepost-service-worker",
    apply: "build",
    async generateBundle(_, bundle) {
      const list = [...shell, ...precached(bundle).map((name) => `/static/${name}`)].sort();
      const source = readFileSync(entry, "utf8");
      const { code } = await transformWithOxc(source, entry, {
        target: "es2022",
        define: { __BUILD__: JSON.stringify(build), __SHELL__: JSON.stringify(list) },
      });
      this.emitFile({ type: "asset", fileName: "sw.js", source: code });
      this.emitFile({ type: "asset", fileName: "build.json", source: `${JSON.stringify({ build })}\n` });
    },
  };
}
