// Pixels, not money: what is drawn over the candles. Pure.

/** The mean of the last `length` values at each place; nothing where there are too few. */
export function movingAverage(values: readonly number[], length: number): (number | undefined)[] {
  let sum = 0;
  return values.map((value, at) => {
    sum += value;
    if (at >= length) sum -= values[at - length] as number;
    return at >= length - 1 ? sum / length : undefined;
  });
}
