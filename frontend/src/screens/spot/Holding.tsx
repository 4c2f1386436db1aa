import type { Account } from "../../api/types.ts";
import { mul, read, sign, ZERO } from "../../lib/decimal.ts";
import type { MarketId } from "../../lib/market.ts";
import { coins } from "../../state/derive.ts";
import { account } from "../../state/focus.ts";
import { purseOf } from "../../state/spot-ticket.ts";
import { accounts, instruments, ticker } from "../../state/store.ts";
import { t } from "../../strings.ts";
import { tsp } from "../../strings-spot.ts";
import { Dated, Fact } from "../../ui/bits.tsx";
import { amountOf, figureOf } from "./Summary.tsx";

function Coin({ market, of }: { market: MarketId; of: Account }) {
  const [base, quote] = coins(market);
  const { balance, available } = purseOf(of.id, base);
  const last = read(ticker(market).value?.last);
  return (
    <article class="card holding" aria-label={tsp.held(base)}>
      <Dated>
        <div class="card-head">
          <h3>{tsp.held(base)}</h3>
          <span class="card-account">{accounts.value.length > 1 ? of.label : ""}</span>
        </div>
        <dl class="facts">
          <Fact name={tsp.balance}>{figureOf(balance, base)}</Fact>
          <Fact name={tsp.free}>{figureOf(available, base)}</Fact>
          <Fact name={tsp.worth(quote)}>{figureOf(last && balance && mul(balance, last), quote)}</Fact>
          <Fact name={tsp.freeOf(quote)}>{figureOf(purseOf(of.id, quote).available, quote)}</Fact>
        </dl>
      </Dated>
    </article>
  );
}

/** What is held of the coin that a spot market sells, in each account that has any. */
export function Holding({ market }: { market: MarketId }) {
  // Before its rules are here nobody knows what its coins are called.
  if (!instruments.value.has(market)) return <p class="line">{t.markets.loading}</p>;
  const [base, quote] = coins(market);
  const holders = accounts.value.filter((row) => sign(purseOf(row.id, base).balance ?? ZERO) > 0);
  if (holders.length) return <div class="cards">{holders.map((row) => <Coin key={row.id} market={market} of={row} />)}</div>;
  return (
    <p class="line">
      {tsp.nothing(base)} {tsp.available(amountOf(purseOf(account.value?.id, quote).available, quote))}
    </p>
  );
}
