// Drawn here, on a 24 grid, one stroke wide.

const PATHS = {
  trade: "M4 17l5-6 4 4 7-9M15 6h5v5",
  positions: "M4 7h16M4 12h10M4 17h13",
  orders: "M6 4h12v16l-3-2-3 2-3-2-3 2zM9 9h6M9 13h6",
  more: "M5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M18 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0",
  close: "M6 6l12 12M18 6L6 18",
  search: "M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zM20 20l-4.8-4.8",
  check: "M5 12.5l4.5 4.5L19 7",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
  cross: "M7 7l10 10M17 7L7 17",
  wait: "M12 7v5l3 3M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z",
  down: "M7 10l5 5 5-5",
  up: "M7 14l5-5 5 5",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z",
  journal: "M6 4h11a1 1 0 0 1 1 1v15H7a2 2 0 0 1-2-2V5a1 1 0 0 1 1-1zM9 8h6M9 12h4",
  speak: "M4 10v4h4l5 4V6l-5 4zM17 9a4 4 0 0 1 0 6",
  edit: "M5 19h3L18.5 8.5l-3-3L5 16z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
