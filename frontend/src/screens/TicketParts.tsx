import { add, dec, div, fixed, places, read } from "../lib/decimal.ts";
import type { Context, Draft } from "../state/draft.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";

const HALF = dec("2");

function Chips({ name, list }: { name: string; list: { label: string; disabled?: boolean; pick: () => void }[] }) {
  return (
    <div class="chips" role="group" aria-label={name}>
      {list.map(({ label, disabled, pick }) => (
        <button key={label} type="button" class="button chip-button" disabled={disabled} onClick={pick}>
          {label}
        </button>
      ))}
    </div>
  );
}

/** Prices of the moment, put into the field by a tap. */
export function PriceChips({ at, onPick }: { at: Pick<Context, "instrument" | "ticker">; onPick: (price: string) => void }) {
  const [bid, ask, last] = [read(at.ticker?.bid), read(at.ticker?.ask), read(at.ticker?.last)];
  const step = read(at.instrument.tick_size);
  const mid = bid && ask ? div(add(bid, ask), HALF, step ? places(step) : 8, "half") : null;
  const list = [
    { label: t.bid, price: bid },
    { label: t.mid, price: mid },
    { label: t.ask, price: ask },
    { label: t.last, price: last },
  ];
  return (
    <Chips
      name={t.price}
      list={list.map(({ label, price }) => ({
        label,
        disabled: !price,
        pick: () => price && onPick(fixed(price, step ? places(step) : 8)),
      }))}
    />
  );
}

export function ShareChips({ onPick, disabled }: { onPick: (percent: string) => void; disabled: boolean }) {
  const shares = [["25%", "25"], ["50%", "50"], ["75%", "75"], [t.max, "100"]] as const;
  return <Chips name={t.size} list={shares.map(([label, percent]) => ({ label, disabled, pick: () => onPick(percent) }))} />;
}

function Check({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

export function Options({ draft, limit, reduces = true, onChange }: { draft: Draft; limit: boolean; reduces?: boolean; onChange: (part: Partial<Draft>) => void }) {
  return (
    <div class="options">
      {limit && <Check label={tt.postOnly} on={draft.postOnly} onChange={(postOnly) => onChange({ postOnly })} />}
      {reduces && <Check label={tt.reduceOnly} on={draft.reduceOnly} onChange={(reduceOnly) => onChange({ reduceOnly })} />}
      {limit && (
        <label class="pick">
          <span class="hidden">{tt.tif}</span>
          <select
            value={draft.postOnly ? "GTC" : draft.tif}
            disabled={draft.postOnly}
            onChange={(event) => onChange({ tif: event.currentTarget.value as Draft["tif"] })}
          >
            {(["GTC", "IOC", "FOK"] as const).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
