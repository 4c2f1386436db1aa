import { signal } from "@preact/signals";

/** `phone` has the tab bar and sheets, `middle` a rail and the ticket beside the page, `desk` tables as well. */
export type Layout = "phone" | "middle" | "desk";

const middle = matchMedia("(min-width: 768px)");
const desk = matchMedia("(min-width: 1200px)");

function measure(): Layout {
  return desk.matches ? "desk" : middle.matches ? "middle" : "phone";
}

export const layout = signal<Layout>(measure());

export function watchLayout(): void {
  for (const query of [middle, desk]) query.addEventListener("change", () => (layout.value = measure()));
}
