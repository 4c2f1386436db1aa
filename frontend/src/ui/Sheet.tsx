import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../strings.ts";
import { Icon } from "./icons.tsx";
import { focusScreen } from "./still.ts";

interface Props {
  title: ComponentChildren;
  /** Beside the title: a chip, a price. */
  aside?: ComponentChildren;
  /** Stays at the bottom while the rest scrolls. */
  foot?: ComponentChildren;
  tall?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal sheet: from below on a phone, in the middle of a wide page. The browser's own dialog keeps the focus in, makes the
 * rest inert, closes on Escape and gives the focus back; where that is gone, the screen's heading gets it. */
export function Sheet({ title, aside, foot, tall, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useId();
  const latest = useRef(onClose);
  latest.current = onClose;

  useLayoutEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    // Escape, and Android's back: the browser has closed it already when it says so.
    const gone = () => latest.current();
    element?.addEventListener("close", gone);
    element?.showModal();
    return () => {
      element?.removeEventListener("close", gone);
      element?.close();
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
      // What opened it may be gone, or out of use; a sheet below keeps the focus itself.
      const at = document.activeElement;
      if ((at === document.body || element?.contains(at)) && !document.querySelector("dialog[open]")) focusScreen();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={tall ? "sheet sheet-tall" : "sheet"}
      aria-labelledby={name}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="sheet-box">
        <div class="sheet-head">
          <h2 id={name}>{title}</h2>
          {aside}
          <button type="button" class="button icon-button" aria-label={t.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <div class="sheet-body">{children}</div>
        {foot && <div class="sheet-foot">{foot}</div>}
      </div>
    </dialog>
  );
}
