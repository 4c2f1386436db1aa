// The shell is on the screen before anything of the console runs: on a slow phone that is half a second in which a person sees that
// it opens. Its files are fetched meanwhile: the page's head names them, the console itself first. It is not imported by its name
// here, or the bundler would take everything apart that it shares with what comes later.
import "./styles/index.css";

const PATIENCE_MS = 250;
let begun = false;

function begin(): void {
  const console = document.querySelector<HTMLLinkElement>("link[rel=modulepreload]");
  if (begun || !console) return;
  begun = true;
  void import(/* @vite-ignore */ console.href);
}

// A page that is opened behind others paints nothing that could be waited for.
if (document.visibilityState === "visible") {
  new PerformanceObserver(begin).observe({ type: "paint", buffered: true });
  setTimeout(begin, PATIENCE_MS);
} else begin();
