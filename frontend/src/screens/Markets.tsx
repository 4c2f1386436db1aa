import { useEffect, useMemo, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { readMarkets, setFavourite } from "../api/routes.ts";
import type { Instrument, Market } from "../api/types.ts";
import { cmp, read, ZERO } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { alertNow } from "../state/announce.ts";
import { account, market, showMarket } from "../state/focus.ts";
import { loading, loadMarkets } from "../state/markets.ts";
import { hide } from "../state/overlay.ts";
import { instruments, ticker } from "../state/store.ts";
import { t } from "../strings.ts";
import { tc } from "../strings-chart.ts";
import { Change, Empty } from "../ui/bits.tsx";
import { Icon } from "../ui/icons.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Sheet } from "../ui/Sheet.tsx";

const SHOWN = 60;
const REFRESH_MS = 10_000;

type Row = Instrument & Partial<Market>;

/** The list with its prices as long as the sheet is open; null until it is there, or where it cannot be had. */
function usePrices() {
  const [list, setList] = useState<Market[] | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let open = true;
    const refresh = async () => {
      try {
        const news = await readMarkets(account.peek()?.id);
        if (open) setList(news);
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Silence)) throw error;
        if (open) setFailed(true);
      }
    };
    void refresh();
    const timer = setInterval(() => document.visibilityState === "visible" && void refresh(), REFRESH_MS);
    return () => {
      open = false;
      clearInterval(timer);
    };
  }, []);
  const star = async (symbol: string, on: boolean) => {
    const set = (favourite: boolean) => setList((known) => known?.map((row) => (row.symbol === symbol ? { ...row, favourite } : row)) ?? null);
    set(on);
    try {
      await setFavourite(symbol, on);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      set(!on);
      alertNow(tc.favouriteFailed);
    }
  };
  return { list, failed, star };
}

/** What starts with the query comes first, then favourites, then what is traded most. */
function order(wanted: string) {
  return (a: Row, b: Row): number => {
    const rank = (row: Row) => (row.symbol.startsWith(wanted) ? 0 : 2) + (row.favourite ? 0 : 1);
    return rank(a) - rank(b) || cmp(read(b.turnover) ?? ZERO, read(a.turnover) ?? ZERO);
  };
}

function MarketRow({ row, priced, onPick, onStar }: { row: Row; priced: boolean; onPick: () => void; onStar: () => void }) {
  const last = ticker(row.symbol).value?.last ?? row.last;
  const here = row.symbol === market.value;
  return (
    <li class="market-line">
      <button type="button" class="market-row" aria-current={here ? true : undefined} onClick={onPick}>
        <span class="market-name">
          <b>{row.symbol}</b>
          <small>
            {here ? t.markets.current : t.markets.perp}
            {row.max_leverage && ` · ${t.markets.upTo(number(row.max_leverage))}`}
          </small>
        </span>
        {priced && (
          <span class="market-price">
            <span class="number">{number(last, row.tick_size)}</span>
            <Change rate={row.change_24h} />
          </span>
        )}
      </button>
      {priced && (
        <button type="button" class="button icon-button star" aria-pressed={row.favourite} aria-label={row.favourite ? tc.favouriteOff(row.symbol) : tc.favouriteOn(row.symbol)} onClick={onStar}>
          <Icon name="star" size={22} />
        </button>
      )}
    </li>
  );
}

export function MarketSheet() {
  const [query, setQuery] = useState("");
  const [which, setWhich] = useState<"all" | "favourites">("all");
  const { list, failed, star } = usePrices();
  const wanted = query.trim().toUpperCase();
  const rows: readonly Row[] = useMemo(() => {
    const known = instruments.value;
    return list ? list.filter((row) => row.status !== "Gone") : [...known.values()];
  }, [list, instruments.value]);
  const found = useMemo(
    () => rows.filter((row) => row.symbol.includes(wanted) && (which === "all" || row.favourite)).sort(order(wanted)),
    [wanted, which, rows],
  );
  const pick = (symbol: string) => {
    showMarket(symbol);
    hide();
  };
  const nothing = which === "favourites" && !wanted ? tc.noFavourites : t.markets.none(query);
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
      {list && (
        <Segment
          name={tc.which}
          value={which}
          onChange={setWhich}
          options={[
            { value: "all", label: tc.allMarkets },
            { value: "favourites", label: tc.favourites },
          ]}
        />
      )}
      {failed && !list && <p class="line">{tc.noPrices}</p>}
      {!list && loading.value === "yes" && <p class="line">{t.markets.loading}</p>}
      {!list && loading.value === "failed" && (
        <Empty action={t.retry} onAction={() => void loadMarkets()}>
          {t.markets.failed}
        </Empty>
      )}
      {(list || loading.value === "no") && !found.length && <Empty>{nothing}</Empty>}
      <ul class="market-list">
        {found.slice(0, SHOWN).map((row) => (
          <MarketRow key={row.symbol} row={row} priced={list !== null} onPick={() => pick(row.symbol)} onStar={() => void star(row.symbol, !row.favourite)} />
        ))}
      </ul>
    </Sheet>
  );
}
