/** "14:03:22" in the reader's own time zone. */
export function clock(at: number): string {
  const when = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}`;
}

/** "8 s", "4 min", "3 h", "2 d": a rough age. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** "22 Nov 14:03" in the reader's own time zone. */
export function moment(at: string): string {
  const when = new Date(at);
  const day = when.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return `${day} ${clock(when.getTime()).slice(0, 5)}`;
}

/** "03:12:45" until then; never below zero. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Whole milliseconds from one moment to another, as text. */
export function span(from: string, to: string): string {
  return String(Math.max(0, Date.parse(to) - Date.parse(from)));
}
