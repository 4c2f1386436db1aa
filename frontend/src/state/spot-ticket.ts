// The spot ticket in front: its figures from what is known now, and the order under review.

import { div, type Dec, max, min, read, sign, ZERO } from "../lib/decimal.ts";
import type { Preview } from "../api/types.ts";
import { marketOf } from "../lib/market.ts";
import { uuid } from "../lib/uuid.ts";
import { coins } from "./derive.ts";
import { lookAt } from "./preview.ts";
import { type Purse, type SpotContext, spotFigures, toSpotOrder, toSpotPreview } from "./spot.ts";
import { wallets } from "./store.ts";
import { ask, context, type Desk, draftOf } from "./ticket.ts";

/** Coins that positions are settled in: what those need of them cannot be spent. */
const SETTLES = new Set(["USDT", "USDC"]);
const RATE_PLACES = 8;

/** What an account has of a coin. A wallet that does not name it has none of it. */
export function purseOf(account: string | undefined, name: string): Purse {
  const wallet = wallets.value.get(account ?? "");
  if (!wallet) return { balance: null, available: null };
  const coin = wallet.coins.find((row) => row.coin === name);
  if (!coin) return { balance: ZERO, available: ZERO };
  const [own, whole] = [read(coin.available), SETTLES.has(name) ? read(wallet.available) : null];
  return { balance: read(coin.wallet_balance), available: own && max(whole ? min(own, whole) : own, ZERO) };
}

export function spotContext(of: Desk): SpotContext | null {
  const known = context(of);
  const [base, quote] = coins(marketOf(of));
  return known && { instrument: known.instrument, ticker: known.ticker, base: purseOf(of.account, base), quote: purseOf(of.account, quote) };
}

export function spotTicket(of: Desk) {
  const at = spotContext(of);
  const draft = draftOf(of);
  const known = at && spotFigures(draft, at);
  const request = known && toSpotPreview(of, draft, known);
  const key = JSON.stringify([of, draft]);
  return { at, draft, known, request, key, look: lookAt(request, key) };
}

/** The fee as a part of what is traded, as the server's look has it. */
export function rateOf(look: Preview | null | undefined): Dec | null {
  const [fee, value] = [read(look?.fee_taker.value), read(look?.value)];
  return fee && value && sign(value) > 0 ? div(fee, value, RATE_PLACES, "half") : null;
}

export function openSpotReview(of: Desk, notice: string | null = null, id: string = uuid()): boolean {
  const { draft, known } = spotTicket(of);
  const order = known && toSpotOrder(id, of, draft, known);
  if (!order) return false;
  ask({ desk: of, order, price: known.price, notice, again: (why, same) => openSpotReview(of, why, same) });
  return true;
}
