import { useEffect, useMemo, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { readMarkets, setFavourite } from "../api/routes.ts";
import type { Instrument, Market } from "../api/types.ts";
import { cmp, read, ZERO } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { type Category, categoryOf, type MarketId, marketOf, titleOf } from "../lib/market.ts";
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

type Which = Category | "favourites";
const KINDS = ["linear", "spot"] as const;

/** What is shown: all markets of a kind, the favourites of both, or everything there is. */
async function readList(which: Which | "all"): Promise<Market[]> {
  const id = account.peek()?.id;
  if (which !== "favourites" && which !== "all") return readMarkets(which, id);
  return (await Promise.all(KINDS.map((category) => readMarkets(category, id, which === "favourites")))).flat();
}

/** The list with its prices as long as it is shown; null until it is there, or where it cannot be had. */
function usePrices(which: Which | "all") {
  const [known, setList] = useState<{ of: Which | "all"; list: Market[] } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let open = true;
    setFailed(false);
    const refresh = async () => {
      try {
        const news = await readList(which);
        if (open) setList({ of: which, list: news });
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
  }, [which]);
  const star = async (starred: MarketId, on: boolean) => {
    const set = (favourite: boolean) => setList((last) => last && { ...last, list: last.list.map((row) => (marketOf(row) === starred ? { ...row, favourite } : row)) });
    set(on);
    try {
      await setFavourite(starred, on);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      set(!on);
      alertNow(tc.favouriteFailed);
    }
  };
  return { list: known?.of === which ? known.list : null, failed, star };
}

/** What starts with the query comes first, then favourites, then what is traded most; where favourites are asked for they come
 * before all else. */
function order(wanted: string, which: Which) {
  const [start, star] = which === "favourites" ? [1, 2] : [2, 1];
  return (a: Row, b: Row): number => {
    const rank = (row: Row) => (row.symbol.startsWith(wanted) ? 0 : start) + (row.favourite ? 0 : star);
    return rank(a) - rank(b) || cmp(read(b.turnover) ?? ZERO, read(a.turnover) ?? ZERO);
  };
}

function MarketRow({ row, priced, onPick, onStar }: { row: Row; priced: boolean; onPick: () => void; onStar: () => void }) {
  const id = marketOf(row);
  const last = ticker(id).value?.last ?? row.last;
  const here = id === market.value;
  return (
    <li class="market-line">
      <button type="button" class="market-row" aria-current={here ? true : undefined} onClick={onPick}>
        <span class="market-name">
          <b>{row.symbol}</b>
          <small>
            {[t.markets.kinds[categoryOf(id)], here ? t.markets.current : row.max_leverage && t.markets.upTo(number(row.max_leverage))].filter(Boolean).join(" · ")}
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
        <button type="button" class="button icon-button star" aria-pressed={row.favourite} aria-label={row.favourite ? tc.favouriteOff(titleOf(id)) : tc.favouriteOn(titleOf(id))} onClick={onStar}>
          <Icon name="star" size={22} />
        </button>
      )}
    </li>
  );
}

export function MarketSheet() {
  const [query, setQuery] = useState("");
  const [which, setWhich] = useState<Which>(categoryOf(market.peek()));
  const kind = which === "favourites" ? "linear" : which;
  const state = loading[kind].value;
  const wanted = query.trim().toUpperCase();
  // Whoever looks for a market by name means any, whatever is a favourite.
  const shown = which === "favourites" && wanted ? "all" : which;
  const { list, failed, star } = usePrices(shown);
  useEffect(() => {
    if (shown === "spot" || shown === "all") void loadMarkets("spot");
  }, [shown]);
  const rows: readonly Row[] = useMemo(() => {
    const known = [...instruments.value.values()].filter((row) => shown === "all" || categoryOf(marketOf(row)) === shown);
    return list ? list.filter((row) => row.status !== "Gone") : known;
  }, [list, shown, instruments.value]);
  const found = useMemo(
    () => rows.filter((row) => row.symbol.includes(wanted) && (shown !== "favourites" || row.favourite)).sort(order(wanted, which)),
    [wanted, which, shown, rows],
  );
  const pick = (row: Row) => {
    showMarket(marketOf(row));
    hide();
  };
  const waits = !list && !rows.length && !failed && state !== "failed";
  const nothing = which === "favourites" && !wanted ? tc.noFavourites : t.markets.none(query);
  return (
    <Sheet tall title={t.markets.title} onClose={hide}>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (found[0]) pick(found[0]);
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
      <Segment
        name={tc.which}
        value={which}
        onChange={setWhich}
        options={[
          { value: "linear", label: t.markets.kinds.linear },
          { value: "spot", label: t.markets.kinds.spot },
          { value: "favourites", label: tc.favourites },
        ]}
      />
      {failed && !list && <p class="line">{tc.noPrices}</p>}
      {waits && <p class="line">{t.markets.loading}</p>}
      {!list && state === "failed" && (
        <Empty action={t.retry} onAction={() => void loadMarkets(kind)}>
          {t.markets.failed}
        </Empty>
      )}
      {(list || state === "no") && !waits && !found.length && <Empty>{nothing}</Empty>}
      <ul class="market-list">
        {found.slice(0, SHOWN).map((row) => (
          <MarketRow key={marketOf(row)} row={row} priced={list !== null} onPick={() => pick(row)} onStar={() => void star(marketOf(row), !row.favourite)} />
        ))}
      </ul>
    </Sheet>
  );
}
