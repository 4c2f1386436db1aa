import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { dec, places, read, snap, text } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { glyph } from "../strings.ts";
import { tc } from "../strings-chart.ts";
import type { Line } from "./lines.ts";
import type { Painter } from "./paint.ts";

const MOVED_PX = 4;
const APART_PX = 24;

interface Props {
  lines: readonly Line[];
  painter: Painter;
  tick: string;
  /** Counts up with every drawing of the chart. */
  drawn: { subscribe: (place: () => void) => () => void };
  onMove: (line: Line, price: string | null) => void;
  onDrop: (line: Line, price: string) => void;
}

export function labelOf(line: Line): string {
  const side = line.side && (line.kind === "order" || line.kind === "trigger") ? `${glyph[line.side]} ` : "";
  return side + tc.line[line.kind];
}

/** A grip on each line that can be moved. Letting go asks; a tap asks with the price as it is; nothing is sent from here. */
export function Handles({ lines, painter, tick, drawn, onMove, onDrop }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState<{ key: string; price: string } | null>(null);
  const from = useRef<{ y: number; moved: boolean } | null>(null);
  const decimals = places(read(tick) ?? dec("0.01"));

  const place = () => {
    const taken: { y: number; right: number }[] = [];
    const grips = [...(box.current?.children ?? [])] as HTMLElement[];
    for (const grip of grips) {
      const y = painter.height(grip.dataset["price"] ?? "");
      grip.hidden = y === null;
      if (y === null) continue;
      const left = Math.max(4, ...taken.filter((other) => Math.abs(other.y - y) < APART_PX).map((other) => other.right + 4));
      taken.push({ y, right: left + grip.offsetWidth });
      grip.style.translate = `${left}px ${y - grip.offsetHeight / 2}px`;
    }
  };
  useLayoutEffect(() => drawn.subscribe(place), [painter]);
  useLayoutEffect(place);

  const at = (event: PointerEvent): string | null => {
    const top = box.current?.getBoundingClientRect().top ?? 0;
    const price = painter.price(event.clientY - top, decimals);
    const exact = read(price);
    return exact && text(snap(exact, read(tick) ?? dec("0.01"), "half"));
  };
  const end = (line: Line, drop: string | null) => {
    from.current = null;
    setHeld(null);
    onMove(line, null);
    if (drop) onDrop(line, drop);
  };
  return (
    <div class="handles" ref={box}>
      {lines.map((line) => {
        const price = held?.key === line.key ? held.price : line.price;
        const name = `${labelOf(line)} ${number(price, tick)}`;
        return (
          <button
            key={line.key}
            type="button"
            class="handle"
            data-price={price}
            data-line={line.kind}
            aria-label={tc.moveLine(name)}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              from.current = { y: event.clientY, moved: false };
            }}
            onPointerMove={(event) => {
              const began = from.current;
              if (!began || (!began.moved && Math.abs(event.clientY - began.y) < MOVED_PX)) return;
              began.moved = true;
              const next = at(event);
              if (!next) return;
              setHeld({ key: line.key, price: next });
              onMove(line, next);
            }}
            onPointerUp={(event) => from.current && end(line, from.current.moved ? at(event) : line.price)}
            onPointerCancel={() => end(line, null)}
            onClick={(event) => event.detail === 0 && onDrop(line, line.price)}
          >
            <span>{name}</span>
          </button>
        );
      })}
    </div>
  );
}
