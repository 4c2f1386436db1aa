// Lists whose rows have buttons: a row that has just moved under the finger hears no press, and the focus of a row that left goes on.

import { type RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** As long as the second tap of a double tap can take, and an eye to see that this is another row. */
const DEAF_MS = 700;
const timers = new WeakMap<Element, ReturnType<typeof setTimeout>>();

/** The style sheet takes pointers from its buttons; keys, which go to what has the focus, still work. */
function deafen(row: HTMLElement): void {
  clearTimeout(timers.get(row));
  row.dataset["moved"] = "";
  timers.set(row, setTimeout(() => delete row.dataset["moved"], DEAF_MS));
}

/** Where the focus goes when what had it is gone. */
export function focusScreen(): void {
  const heading = document.getElementById("screen-title");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function focusRow(row: HTMLElement | undefined): void {
  if (!row) return focusScreen();
  const target = row.hasAttribute("tabindex") ? row : row.querySelector<HTMLElement>("button:enabled");
  target?.focus({ preventScroll: true });
}

interface Still {
  box: RefObject<never>;
  onFocusIn: (event: FocusEvent) => void;
}

/** For the element around rows that carry `data-order`: `ids` are theirs in order, null while there is no list yet. */
export function useStill(ids: readonly string[] | null): Still {
  const box = useRef<HTMLElement>(null);
  const before = useRef<readonly string[] | null>(null);
  const focused = useRef("");
  useLayoutEffect(() => {
    const [were, are] = [before.current, ids];
    before.current = ids;
    if (!were || !are) return;
    const rows = [...(box.current?.querySelectorAll<HTMLElement>("[data-order]") ?? [])];
    for (const row of rows) {
      const id = row.dataset["order"] ?? "";
      if (were.indexOf(id) !== are.indexOf(id)) deafen(row);
    }
    const left = focused.current && !are.includes(focused.current);
    if (!left) return;
    if (document.activeElement === document.body) focusRow(rows[were.indexOf(focused.current)] ?? rows.at(-1));
    focused.current = "";
  }, [ids?.join()]);
  const onFocusIn = ({ target }: FocusEvent) => {
    focused.current = (target instanceof Element && target.closest<HTMLElement>("[data-order]")?.dataset["order"]) || "";
  };
  return { box: box as RefObject<never>, onFocusIn };
}
