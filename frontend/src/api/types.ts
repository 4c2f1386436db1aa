// The objects of the API by the names that the console uses. Their fields come from the server's own document (`npm run types`);
// only what it leaves as plain text is named more narrowly here.

import type { MarketId } from "../lib/market.ts";
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
type Narrowed<Row, Narrow> = Omit<Row, keyof Narrow> & Narrow;

export type Side = "Buy" | "Sell";
export type OrderType = "Market" | "Limit";
export type TimeInForce = "GTC" | "IOC" | "FOK" | "PostOnly";
export type OrderState = "new" | "sending" | "unknown" | "acked" | "working" | "filled" | "cancelled" | "rejected";
export type Environment = Schemas["AccountOut"]["environment"];

export type Session = Schemas["SessionOut"];
export type Account = Schemas["AccountOut"];
export type Instrument = Schemas["InstrumentOut"];
export type Wallet = Schemas["WalletOut"];
export type Status = Narrowed<Schemas["StatusOut"], { stream: "live" | "resyncing" | "down" }> &
  // Pages are told of these with a change of the stream's state.
  Partial<Pick<Account, "read_only" | "read_only_reason">>;
export type Fill = Schemas["FillOut"];
/** Only perpetuals have positions: the symbol of one names its market. */
export type Position = Narrowed<Schemas["PositionOut"], { side: Side | ""; symbol: MarketId }>;
export type Order = Narrowed<
  Schemas["OrderOut"],
  { side: Side; order_type: OrderType; time_in_force: TimeInForce; state: OrderState }
>;
export type NewOrder = Narrowed<
  Omit<Schemas["OrderIn"], "seen">,
  { price: string | null; time_in_force: TimeInForce; reduce_only: boolean; position_idx: 0 | 1 | 2 }
>;
export type Figure = Schemas["PreviewFigure"];
export type Preview = Schemas["PreviewOut"];
export type PreviewRequest = Omit<Schemas["PreviewIn"], "id" | "seen">;
export type PositionDetail = Narrowed<Schemas["PositionDetail"], { side: Side | ""; symbol: MarketId }>;
export type CloseRequest = Schemas["CloseIn"];
export type CancelAllItem = Narrowed<
  Schemas["CancelResult"],
  { order: Order; result: "cancelled" | "already_final" | "failed" | "unknown" }
>;

export type Market = Schemas["MarketOut"];
export type Candle = Schemas["CandleOut"];
export type Trade = Narrowed<Schemas["TradeOut"], { side: Side }>;
export type Level = readonly [price: string, size: string];

/** What the socket says of a market names its category only where that is spot. */
export interface Ticker {
  category?: string;
  symbol: string;
  last: string | null;
  mark: string | null;
  bid: string | null;
  ask: string | null;
  index?: string | null;
  bid_size?: string | null;
  ask_size?: string | null;
  change_24h?: string | null;
  high_24h?: string | null;
  low_24h?: string | null;
  funding_rate?: string | null;
  next_funding_at?: string | null;
  at: string;
}

/** Both sides best first. */
export interface Book {
  category?: string;
  symbol: string;
  bids: readonly Level[];
  asks: readonly Level[];
  at: string;
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}
