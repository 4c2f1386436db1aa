// The objects of the API, by the names that the rest of the console uses.

export type Side = "Buy" | "Sell";
export type OrderType = "Market" | "Limit";
export type TimeInForce = "GTC" | "IOC" | "FOK" | "PostOnly";
export type OrderState = "new" | "sending" | "unknown" | "acked" | "working" | "filled" | "cancelled" | "rejected";
export type Environment = "paper" | "testnet" | "demo" | "live";

export interface Session {
  signed_in: boolean;
  user: string | null;
  rights: string[];
  csrf: string;
}

export interface Account {
  id: string;
  label: string;
  environment: Environment;
  read_only: boolean;
  position_mode: string;
}

export interface Status {
  account: string;
  stream: "live" | "resyncing" | "down";
}

export interface Instrument {
  category: string;
  symbol: string;
  status: string;
  tick_size: string;
  qty_step: string;
  min_qty: string;
  max_qty: string | null;
  max_market_qty: string | null;
  min_notional: string | null;
  max_leverage: string | null;
}

export interface Order {
  id: string;
  account: string;
  category: string;
  symbol: string;
  side: Side;
  order_type: OrderType;
  qty: string;
  price: string | null;
  time_in_force: TimeInForce;
  trigger_price: string | null;
  reduce_only: boolean;
  state: OrderState;
  filled_qty: string;
  avg_price: string | null;
  reject_code: string | null;
  reject_message: string | null;
  source: string;
  version: number;
  created_at: string;
}

export interface Fill {
  exec_id: string;
  order: string;
  symbol: string;
  side: Side;
  price: string;
  qty: string;
}

export interface Position {
  id: string;
  account: string;
  category: string;
  symbol: string;
  position_idx: number;
  side: Side | "";
  size: string;
  entry_price: string | null;
  mark_price: string | null;
  liq_price: string | null;
  leverage: string | null;
  margin: string | null;
  unrealised_pnl: string | null;
  take_profit: string | null;
  stop_loss: string | null;
  diff: string | null;
  version: number;
}

export interface Wallet {
  account: string;
  total_equity: string | null;
  available: string | null;
  version: number;
}

export interface Ticker {
  symbol: string;
  last: string | null;
  mark: string | null;
  bid: string | null;
  ask: string | null;
  at: string;
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export interface NewOrder {
  id: string;
  account: string;
  category: "linear";
  symbol: string;
  side: Side;
  order_type: OrderType;
  qty: string;
  price: string | null;
  time_in_force: TimeInForce;
  reduce_only: boolean;
  position_idx: number;
}

export interface CloseRequest {
  id: string;
  fraction: string;
  order_type: OrderType;
  price?: string;
}

export interface CancelAllItem {
  order: string;
  result: "cancelled" | "already_final" | "failed" | "unknown";
  code: string | null;
}
