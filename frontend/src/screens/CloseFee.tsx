import type { OrderType, Position, PreviewRequest } from "../api/types.ts";
import { type Dec, sign, text } from "../lib/decimal.ts";
import { fresh } from "../state/health.ts";
import { lookAt, useLook } from "../state/preview.ts";
import { tt } from "../strings-ticket.ts";
import { Fact } from "../ui/bits.tsx";
import { feeText } from "./Summary.tsx";

interface Props {
  position: Position;
  qty: Dec;
  type: OrderType;
  price: Dec | null;
  name?: string;
}

/** What closing so much costs, as the server reckons it. */
export function CloseFee({ position, qty, type, price, name = tt.fee }: Props) {
  const { account, symbol, position_idx } = position;
  const limit = type === "Limit";
  const whole = sign(qty) > 0 && (!limit || (price !== null && sign(price) > 0));
  const request: PreviewRequest | null = whole
    ? {
        ...{ account, category: "linear", symbol, position_idx, side: position.side === "Buy" ? "Sell" : "Buy", qty: text(qty) },
        ...{ order_type: type, time_in_force: limit ? "GTC" : "IOC", reduce_only: true },
        ...(limit && price ? { price: text(price) } : {}),
      }
    : null;
  useLook(request, fresh.value);
  return <Fact name={name}>{feeText(lookAt(request), limit)}</Fact>;
}
