// A line through amounts, as the points of an SVG. Pixels only; the amounts themselves are shown as text elsewhere. Pure.

export interface Shape {
  line: string;
  /** The height of zero, where that is in sight. */
  zero: number | null;
}

/** Points from left to right in a box of `width` by `height`, the smallest amount at the bottom. */
export function shapeOf(values: readonly string[], width: number, height: number): Shape {
  const numbers = values.map(Number);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const span = high - low || 1;
  const y = (value: number) => Math.round((height - ((value - low) / span) * height) * 10) / 10;
  const x = (at: number) => Math.round((values.length > 1 ? (at / (values.length - 1)) * width : width / 2) * 10) / 10;
  const line = numbers.map((value, at) => `${x(at)},${y(value)}`).join(" ");
  return { line, zero: low < 0 && high > 0 ? y(0) : null };
}
