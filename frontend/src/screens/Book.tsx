import type { Side } from "../api/types.ts";
import { type Rung, ladder } from "../lib/depth.ts";
import { number } from "../lib/format.ts";
import { type MarketId, marketOf } from "../lib/market.ts";
import { clock } from "../lib/time.ts";
import { coins, step, tick } from "../state/derive.ts";
import { book, tape } from "../state/feed.ts";
import { layout } from "../state/layout.ts";
import { desk, openTicket } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { tc } from "../strings-chart.ts";
import { Dated } from "../ui/bits.tsx";
import { LastPrice } from "./Quotes.tsx";

const LEVELS = 11;

/** Rows that a pointer may pick for the ticket; fingers and keys have the best prices as buttons, and the field itself. */
function Row({ market, side, rung }: { market: MarketId; side: Side; rung: Rung }) {
  const put = layout.value === "desk" ? () => desk.value && openTicket(desk.value, side, rung.price) : undefined;
  return (
    <tr data-tone={side === "Buy" ? "up" : "down"} onClick={put}>
      <td class="number book-price">{number(rung.price, tick(market))}</td>
      <td class="number">{number(rung.size, step(market))}</td>
      <td class="number book-total" style={{ "--share": `${rung.share}%` }}>
        {number(rung.total, step(market))}
      </td>
    </tr>
  );
}

function Ladder({ market, side, rungs }: { market: MarketId; side: Side; rungs: Rung[] }) {
  return (
    <table class="book-side">
      <caption class="hidden">{side === "Buy" ? tc.bids : tc.asks}</caption>
      <thead>
        <tr>
          <th scope="col" class="number">{tc.price}</th>
          <th scope="col" class="number">{tc.sizeIn(coins(market)[0])}</th>
          <th scope="col" class="number book-total">{tc.total}</th>
        </tr>
      </thead>
      <tbody>
        {rungs.map((rung, at) => (
          <Row key={at} market={market} side={side} rung={rung} />
        ))}
      </tbody>
    </table>
  );
}

/** Eleven levels of each side. On a desk the asks stand over the last price and the bids under it, and a price is put into the
 * ticket by a click; on a phone the sides stand beside each other. */
export function Book({ market }: { market: MarketId }) {
  const known = book.value;
  if (!known || marketOf(known) !== market) return <div class="chart book-empty"><p class="line">{tc.noBook}</p></div>;
  const { bids, asks } = ladder(known.bids, known.asks, LEVELS);
  if (layout.value !== "desk")
    return (
      <Dated class="book book-pair">
        <Ladder market={market} side="Buy" rungs={bids} />
        <Ladder market={market} side="Sell" rungs={asks} />
      </Dated>
    );
  return (
    <Dated class="book">
      <Ladder market={market} side="Sell" rungs={[...asks].reverse()} />
      <p class="book-last">
        <LastPrice market={market} />
      </p>
      <Ladder market={market} side="Buy" rungs={bids} />
    </Dated>
  );
}

export function Tape({ market }: { market: MarketId }) {
  const known = tape.value;
  if (known.market !== market || !known.items.length) return <div class="chart book-empty"><p class="line">{tc.noTrades}</p></div>;
  return (
    <Dated class="book tape">
      <table>
        <caption class="hidden">{tc.trades}</caption>
        <thead>
          <tr>
            <th scope="col" class="number">{tc.price}</th>
            <th scope="col" class="number">{tc.sizeIn(coins(market)[0])}</th>
            <th scope="col" class="number">{tc.time}</th>
          </tr>
        </thead>
        <tbody>
          {known.items.map((row) => (
            <tr key={row.exec_id} data-tone={row.side === "Buy" ? "up" : "down"}>
              <td class="number book-price">
                <span aria-hidden="true">{glyph[row.side]} </span>
                <span class="hidden">{t.side(row.side)} </span>
                {number(row.price, tick(market))}
              </td>
              <td class="number">{number(row.qty, step(market))}</td>
              <td class="number">{clock(Date.parse(row.at))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dated>
  );
}
