import { defineConfig } from "vite";
import { budget } from "./build/budget.ts";
import { eager } from "./build/eager.ts";
import { buildId } from "./build/id.ts";
import { serviceWorker } from "./build/service-worker.ts";

const first = eager(`${import.meta.dirname}/src/main.tsx`);
const build = buildId(import.meta.dirname);

export default defineConfig({
  base: "/static/",
  define: { __BUILD__: JSON.stringify(build) },
  build: {
    target: "es2022",
    // light-dark() and colour-mix() as they are written; older engines than these are not served.
    cssTarget: ["chrome123", "safari17.5", "firefox128"],
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: ["src/boot.ts", "src/main.tsx"],
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            // What is there first, in two files: in one it was 1.5 kB smaller, and one long task on a slow phone.
            { name: "base", test: (id: string) => /node_modules\/@?preact/.test(id) || (first.has(id) && /src\/(lib|api|strings|state|net)/.test(id)) },
            { name: "app", test: (id: string) => first.has(id) },
            // By itself, so that a new build of ours does not make people download it again.
            { name: "chart-library", test: /lightweight-charts|fancy-canvas/ },
            // What is fetched by one tap, in one file: each file of its own costs its imports, and all are precached.
            { name: "security", test: /screens\/security\/(?!Later|SecurityLink)|strings-security/ },
            { name: "more", test: /screens\/(More|Details|Keys)\.tsx|strings-more/ },
            { name: "spot", test: /screens\/spot\/|state\/spot|strings-spot/ },
            { name: "changes", test: /screens\/((Leverage|Amend|Reverse|Order)Sheet|PaperAccount)|state\/(changing|amend)|strings-amend|ui\/SentNote/ },
          ],
        },
      },
    },
  },
  plugins: [
    serviceWorker({ build, entry: "src/sw/sw.ts", shell: ["/", "/manifest.webmanifest", "/static/icons/favicon.svg"] }),
    budget({ js: 50_000, chart: 56_000, css: 12_000, worker: 3_000, precache: 450_000, aim: { js: 35_000, css: 8_000 } }),
  ],
});
