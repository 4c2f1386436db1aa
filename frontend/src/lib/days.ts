// Days as the server names them, "2026-11-22", and the calendar around them. Times only.

const DAY_MS = 86_400_000;

export function today(zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());
}

export function before(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) - days * DAY_MS).toISOString().slice(0, 10);
}

/** Whole weeks from Monday on, the one of `last` at the end. */
export function weeks(last: string, count: number): string[] {
  const weekday = (new Date(`${last}T12:00:00Z`).getUTCDay() + 6) % 7;
  const end = before(last, weekday - 6);
  return Array.from({ length: count * 7 }, (_, at) => before(end, count * 7 - 1 - at));
}

/** "Sun 22 Nov 2026". */
export function dayName(day: string): string {
  return new Date(`${day}T12:00:00Z`).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}

export function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
