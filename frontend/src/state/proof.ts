// Whether a change without proof was taken: the order's row tells, which the stream brings, or else the server's record.

import { useEffect, useState } from "preact/hooks";
import type { AmendRequest } from "../api/routes.ts";
import type { Order } from "../api/types.ts";
import { cmp, read, ZERO } from "../lib/decimal.ts";
import type { Name } from "./amend.ts";
import { recorded } from "./record.ts";
import { isOpen } from "./store.ts";

const ASK_AFTER_MS = 4_000;
const ASK_AT_MOST_MS = 16_000;
/** A single look may be older than the change. */
const LOOKS = 2;

export type Proof = "none" | "taken" | "as-it-was" | "another";

function shows(row: Order, values: Readonly<Partial<Record<Name, string | null>>>): boolean {
  return Object.entries(values).every(([name, value]) => cmp(read(row[name as Name]) ?? ZERO, read(value) ?? ZERO) === 0);
}

/** What was asked of an order, and what of it was there before. */
export interface Asked {
  wanted: AmendRequest;
  before: Partial<Record<Name, string | null>>;
}

export function asking(order: Order, wanted: AmendRequest): Asked {
  const names = (["price", "trigger_price", "qty"] as const).filter((name) => wanted[name] !== undefined);
  return { wanted: { ...wanted }, before: Object.fromEntries(names.map((name) => [name, order[name]])) };
}

function verdict(order: Order, { wanted, before }: Asked): Exclude<Proof, "none"> {
  const { price, trigger_price, qty } = wanted;
  if (shows(order, { ...(price != null && { price }), ...(trigger_price != null && { trigger_price }), ...(qty != null && { qty }) })) return "taken";
  return shows(order, before) ? "as-it-was" : "another";
}

/** What is proven of a change while it has no proof (`open`). Only asks; nothing here changes anything anew. */
export function useProof(order: Order | undefined, asked: Asked | null, open: boolean): Proof {
  const [proof, setProof] = useState<Proof>("none");
  const id = order?.id;
  useEffect(() => setProof("none"), [asked, open]);
  // The row itself says it at any time, late too; whatever becomes of it afterwards.
  useEffect(() => {
    if (open && asked && order && verdict(order, asked) === "taken") setProof("taken");
  }, [order, asked, open]);
  const silent = open && proof !== "taken";
  useEffect(() => {
    if (!silent || !asked || !id) return undefined;
    let looks = 0;
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    const askIn = (wait: number) => {
      timer = setTimeout(async () => {
        const row = await recorded(id);
        if (over || (row && !isOpen(row))) return;
        if (row?.state === "working") looks += 1;
        if (row && looks >= LOOKS) setProof(verdict(row, asked));
        else askIn(wait < ASK_AT_MOST_MS ? wait * 2 : wait);
      }, wait);
    };
    askIn(ASK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      over = true;
    };
  }, [id, asked, silent]);
  return proof;
}
