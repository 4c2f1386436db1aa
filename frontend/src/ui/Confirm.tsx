import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { buzz } from "../state/haptic.ts";
import { tt } from "../strings-ticket.ts";

const HOLD_MS = 700;
const REVEALED_MS = 10_000;

interface Props {
  hold: boolean;
  label: ComponentChildren;
  /** What the keyboard's second step says. */
  now?: string;
  tone: "up" | "down" | "plain" | "danger";
  disabled: boolean;
  /** A change lets go of a hold: the thing to be confirmed is no longer the same. */
  about?: string;
  onConfirm: () => void;
}

const TENTHS = HOLD_MS / 100;

/** What the filling button says to eyes that want nothing to move: how long is left. */
function Left() {
  const [left, setLeft] = useState(TENTHS);
  useEffect(() => {
    const timer = setInterval(() => setLeft((known) => known - 1), 100);
    return () => clearInterval(timer);
  }, []);
  return <span class="number">{tt.holdLeft(left)}</span>;
}

/** The last step before something is sent. Held for 700 ms, or tapped where no real money moves. Letting go, moving away,
 * scrolling, hiding the page or any change of what is asked ends a hold. A keyboard or a switch, which cannot hold, gets a second
 * button to press instead. */
export function Confirm({ hold, label, now = tt.placeNow, tone, disabled, about, onConfirm }: Props) {
  const [holding, setHolding] = useState(false);
  const [revealed, setRevealed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const second = useRef<HTMLButtonElement>(null);
  const confirm = useRef(onConfirm);
  confirm.current = onConfirm;
  const off = useRef(disabled);
  off.current = disabled;

  const end = () => {
    clearTimeout(timer.current);
    setHolding(false);
  };
  const begin = (event: PointerEvent) => {
    // A disabled button still hears a pointer that went down on the words inside it.
    if (off.current || event.button !== 0 || !event.isPrimary) return;
    clearTimeout(timer.current);
    buzz("start");
    setHolding(true);
    timer.current = setTimeout(() => {
      setHolding(false);
      if (!off.current) confirm.current();
    }, HOLD_MS);
  };

  useEffect(() => {
    end();
    setRevealed(false);
  }, [disabled, about]);

  useEffect(() => {
    if (!holding) return undefined;
    document.addEventListener("visibilitychange", end);
    addEventListener("scroll", end, { capture: true });
    addEventListener("blur", end);
    return () => {
      document.removeEventListener("visibilitychange", end);
      removeEventListener("scroll", end, { capture: true });
      removeEventListener("blur", end);
    };
  }, [holding]);

  useEffect(() => {
    if (!revealed) return undefined;
    second.current?.focus();
    const expiry = setTimeout(() => setRevealed(false), REVEALED_MS);
    return () => clearTimeout(expiry);
  }, [revealed]);

  useEffect(() => () => clearTimeout(timer.current), []);

  if (!hold)
    return (
      <button type="button" class="button action" data-confirm="tap" data-tone={tone} disabled={disabled} onClick={onConfirm}>
        {label}
      </button>
    );
  if (revealed && !disabled)
    return (
      <button ref={second} type="button" class="button action" data-tone={tone} onClick={onConfirm} onBlur={() => setRevealed(false)}>
        {now}
      </button>
    );
  const leave = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) end();
  };
  return (
    <button
      type="button"
      class="button action hold"
      data-confirm="hold"
      data-tone={tone}
      data-holding={holding ? "" : undefined}
      disabled={disabled}
      onPointerDown={begin}
      onPointerUp={end}
      onPointerLeave={end}
      onPointerMove={leave}
      onPointerCancel={end}
      onContextMenu={(event) => event.preventDefault()}
      onClick={(event) => event.detail === 0 && setRevealed(true)}
    >
      <span class="hold-fill" aria-hidden="true" />
      <span class="hold-text">
        {holding ? tt.keepHolding : label}
        {holding && matchMedia("(prefers-reduced-motion: reduce)").matches && <Left />}
      </span>
    </button>
  );
}
