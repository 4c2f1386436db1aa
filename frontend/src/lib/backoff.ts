const FIRST_MS = 500;
const LONGEST_MS = 15_000;
export const PATIENT_AFTER = 4;
const PATIENT_MS = 5_000;

/** How long to wait before connect number `failures + 1`: doubling, capped, with half up or down by chance. */
export function backoff(failures: number, chance: () => number = Math.random): number {
  const doubled = Math.min(FIRST_MS * 2 ** Math.max(0, failures - 1), LONGEST_MS);
  const jittered = doubled * (0.5 + chance());
  return failures >= PATIENT_AFTER ? Math.max(jittered, PATIENT_MS) : jittered;
}
