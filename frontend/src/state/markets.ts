import { signal } from "@preact/signals";
import { Refused, Silence } from "../api/client.ts";
import { readInstruments } from "../api/routes.ts";
import { account } from "./focus.ts";
import { instruments } from "./store.ts";

const AGAIN_MS = 2_000;

export const loading = signal<"no" | "yes" | "failed">("no");

/** Reads all markets once; their steps decide how every number is shown and typed. */
export async function loadMarkets(): Promise<void> {
  if (loading.peek() === "yes") return;
  loading.value = "yes";
  try {
    const list = await readInstruments();
    instruments.value = new Map(list.map((row) => [row.symbol, row]));
    loading.value = "no";
    // A house or an account that is new may not have read its markets yet.
    if (!list.length && account.peek()) setTimeout(() => void loadMarkets(), AGAIN_MS);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Silence)) throw error;
    loading.value = "failed";
  }
}
