import type { ComponentChildren } from "preact";
import { hide } from "../../state/overlay.ts";
import { t } from "../../strings.ts";

/** One side of the TP / SL sheet. */
export interface Pane {
  body: ComponentChildren;
  foot: ComponentChildren;
}

export function Done() {
  return (
    <button type="button" class="button action" data-tone="plain" onClick={hide}>
      {t.done}
    </button>
  );
}
