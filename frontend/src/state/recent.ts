import { useEffect, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { pictures, synced } from "../net/live.ts";
import { accounts } from "./store.ts";

/** Without what was of an account that is the reader's no more. */
export function ofOwn<Row extends { account: string }>(rows: Iterable<Row>): Row[] {
  const own = new Set(accounts.value.map(({ id }) => id));
  return [...rows].filter((row) => own.has(row.account));
}

const AGAIN_MS = 5_000;

/** The newest rows of the server's record by `read`, which has to stay the same function. Read anew after every full picture: what
 * happened between two of them was not heard. `failed` while that did not succeed; it is tried again. */
export function useRecent<Row>(read: () => Promise<Row[]>): { record: Row[] | null; failed: boolean } {
  const [record, setRecord] = useState<Row[] | null>(null);
  const [failed, setFailed] = useState(false);
  const whole = synced.value ? pictures.value : 0;
  useEffect(() => {
    if (!whole) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    let here = true;
    const load = async () => {
      try {
        const rows = await read();
        if (here) setRecord(rows);
        if (here) setFailed(false);
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Silence)) throw error;
        if (here) setFailed(true);
        if (here) timer = setTimeout(() => void load(), AGAIN_MS);
      }
    };
    void load();
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [whole, read]);
  return { record, failed };
}
