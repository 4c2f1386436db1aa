import { haptics } from "./prefs.ts";

const PATTERNS = { start: [10], accepted: [20], rejected: [30, 60, 30] };

/** A short buzz where the device has one; never the only sign of anything. */
export function buzz(what: keyof typeof PATTERNS): void {
  if (haptics.peek() === "on" && "vibrate" in navigator) navigator.vibrate(PATTERNS[what]);
}
