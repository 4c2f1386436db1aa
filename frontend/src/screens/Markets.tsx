import { useMemo, useState } from "preact/hooks";
import { number } from "../lib/format.ts";
import { market, showMarket } from "../state/focus.ts";
import { loading, loadMarkets } from "../state/markets.ts";
import { hide } from "../state/overlay.ts";
import { instruments } from "../state/store.ts";
import { t } from "../strings.ts";
import { Empty } from "../ui/bits.tsx";
import { Icon } from "../ui/icons.tsx";
import { Sheet } from "../ui/Sheet.tsx";

const SHOWN = 60;

export function MarketSheet() {
  const [query, setQuery] = useState("");
  const wanted = query.trim().toUpperCase();
  const found = useMemo(
    () => [...instruments.value.values()].filter((row) => row.symbol.includes(wanted)).sort((a, b) => rank(a.symbol, wanted) - rank(b.symbol, wanted)),
    [wanted, instruments.value],
  );
  const pick = (symbol: string) => {
    showMarket(symbol);
    hide();
  };
  return (
    <Sheet tall title={t.markets.title} onClose={hide}>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (found[0]) pick(found[0].symbol);
        }}
      >
        <Icon name="search" size={20} />
        <input
          type="search"
          class="input"
          aria-label={t.markets.search}
          placeholder={t.markets.search}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          autofocus
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </form>
      {loading.value === "yes" && <p class="line">{t.markets.loading}</p>}
      {loading.value === "failed" && (
        <Empty action={t.retry} onAction={() => void loadMarkets()}>
          {t.markets.failed}
        </Empty>
      )}
      {loading.value === "no" && !found.length && <Empty>{t.markets.none(query)}</Empty>}
      <ul class="market-list">
        {found.slice(0, SHOWN).map((row) => (
          <li key={row.symbol}>
            <button type="button" class="market-row" aria-current={row.symbol === market.value ? true : undefined} onClick={() => pick(row.symbol)}>
              <b>{row.symbol}</b>
              <span>
                {row.symbol === market.value ? t.markets.current : t.markets.perp}
                {row.max_leverage && ` · ${t.markets.upTo(number(row.max_leverage))}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}

/** What starts with the query comes first. */
function rank(symbol: string, wanted: string): number {
  return symbol.startsWith(wanted) ? 0 : 1;
}
