import { useEffect, useState } from "preact/hooks";
import { call, Refused, Silence } from "../api/client.ts";
import { kind } from "../state/health.ts";
import { tf } from "../strings-fills.ts";

const AGAIN_MS = 10_000;

async function measure(): Promise<number | null> {
  const began = performance.now();
  try {
    await call("GET", "/health");
    return Math.round(performance.now() - began);
  } catch (error) {
    if (error instanceof Refused || error instanceof Silence) return null;
    throw error;
  }
}

/** The way to the server and back, measured every ten seconds while somebody looks; nothing where it is not live, since an old
 * measure tells nothing then. */
export function Lag() {
  const [took, setTook] = useState<number | null>(null);
  const live = kind.value === "live";
  useEffect(() => {
    if (!live) {
      setTook(null);
      return undefined;
    }
    let here = true;
    const look = () => document.visibilityState === "visible" && void measure().then((ms) => here && setTook(ms));
    look();
    const timer = setInterval(look, AGAIN_MS);
    return () => {
      here = false;
      clearInterval(timer);
    };
  }, [live]);
  return <span class="lag number">{took === null ? "" : tf.ms(took)}</span>;
}
