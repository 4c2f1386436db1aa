// Something read from the server for one screen, and read anew when what it depends on changes.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";

export type Loaded<Value> = { state: "loading" | "failed"; value: Value | null } | { state: "there"; value: Value };

/** The latest answer for `key`; an older one that comes late is dropped. What was there stays until the new one comes. */
export function useLoaded<Value>(key: string, read: () => Promise<Value>): Loaded<Value> & { again: () => void } {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: "loading", value: null });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const last = useRef(key);
  useEffect(() => {
    let here = true;
    setLoaded((before) => ({ state: "loading", value: last.current === key ? before.value : null }));
    last.current = key;
    latest.current().then(
      (value) => here && setLoaded({ state: "there", value }),
      (error: unknown) => {
        if (!(error instanceof Refused || error instanceof Silence)) throw error;
        if (here) setLoaded((before) => ({ state: "failed", value: before.value }));
      },
    );
    return () => void (here = false);
  }, [key, turn]);
  const again = useCallback(() => setTurn((count) => count + 1), []);
  return { ...loaded, again };
}
