// How the page looks on this device. The only settings kept here; they hold nothing of an account.

import { effect, type Signal, signal } from "@preact/signals";

function stored<Value extends string>(key: string, values: readonly [Value, ...Value[]]): Signal<Value> {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(key);
  } catch {
    // Storage may be forbidden; the first value stands.
  }
  const value = signal<Value>(values.find((name) => name === kept) ?? values[0]);
  effect(() => {
    document.documentElement.dataset[key] = value.value;
    try {
      if (value.value === values[0]) localStorage.removeItem(key);
      else localStorage.setItem(key, value.value);
    } catch {
      // As above: the choice then lasts as long as the page.
    }
  });
  return value;
}

export const THEMES = ["auto", "dark", "light"] as const;
export const PALETTES = ["green-red", "blue-orange", "swapped"] as const;
export const SWITCH = ["on", "off"] as const;

export const theme = stored("theme", THEMES);
export const palette = stored("palette", PALETTES);
export const shortcuts = stored("shortcuts", SWITCH);
export const haptics = stored("haptics", SWITCH);

export const INTERVALS = ["1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"] as const;
export const interval = stored("interval", ["5", ...INTERVALS]);
export const averages = stored("averages", SWITCH);
export const volume = stored("volume", SWITCH);
export const tall = stored("tall", ["off", "on"]);
