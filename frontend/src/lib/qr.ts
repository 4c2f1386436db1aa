// A QR code of a short address: byte mode, error correction L, versions 1 to 5, which are of one block each. Pure.
// https://www.iso.org/standard/62021.html (ISO/IEC 18004), mask 0 throughout.

/** Data and correction codewords of versions 1 to 5 at level L. */
const SIZES = [[19, 7], [34, 10], [55, 15], [80, 20], [108, 26]] as const;

const EXP: number[] = [];
const LOG: number[] = [];
for (let at = 0, value = 1; at < 255; at += 1) {
  EXP[at] = value;
  LOG[value] = at;
  value <<= 1;
  if (value & 256) value ^= 0x11d;
}

function times(a: number, b: number): number {
  return a && b ? (EXP[((LOG[a] as number) + (LOG[b] as number)) % 255] as number) : 0;
}

/** The Reed-Solomon codewords of `data`. */
function correction(data: readonly number[], count: number): number[] {
  let generator = [1];
  for (let at = 0; at < count; at += 1) {
    const next = [...generator, 0];
    generator.forEach((value, index) => (next[index + 1] = (next[index + 1] as number) ^ times(value, EXP[at] as number)));
    generator = next;
  }
  const rest = [...data, ...Array<number>(count).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const lead = rest[at] as number;
    generator.forEach((value, index) => (rest[at + index] = (rest[at + index] as number) ^ times(value, lead)));
  }
  return rest.slice(data.length);
}

function codewords(text: string, size: number): number[] {
  const bytes = new TextEncoder().encode(text);
  const bits: number[] = [];
  const put = (value: number, length: number) => {
    for (let at = length - 1; at >= 0; at -= 1) bits.push((value >> at) & 1);
  };
  put(4, 4);
  put(bytes.length, 8);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, size * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const words: number[] = [];
  for (let at = 0; at < bits.length; at += 8) words.push(bits.slice(at, at + 8).reduce((all, bit) => all * 2 + bit, 0));
  for (let pad = 0xec; words.length < size; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

type Grid = (boolean | null)[][];

function finder(grid: Grid, top: number, left: number): void {
  for (let y = -1; y <= 7; y += 1)
    for (let x = -1; x <= 7; x += 1) {
      const row = grid[top + y];
      if (!row || row[left + x] === undefined) continue;
      const ring = Math.max(Math.abs(y - 3), Math.abs(x - 3));
      row[left + x] = ring !== 2 && ring !== 4;
    }
}

/** Everything that holds no data; the rest stays null. */
function frame(version: number): Grid {
  const side = 17 + 4 * version;
  const grid: Grid = Array.from({ length: side }, () => Array<boolean | null>(side).fill(null));
  const set = (y: number, x: number, on: boolean) => ((grid[y] as (boolean | null)[])[x] = on);
  finder(grid, 0, 0);
  finder(grid, 0, side - 7);
  finder(grid, side - 7, 0);
  for (let at = 8; at < side - 8; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  if (version > 1) for (let y = -2; y <= 2; y += 1) for (let x = -2; x <= 2; x += 1) set(side - 7 + y, side - 7 + x, Math.max(Math.abs(y), Math.abs(x)) !== 1);
  set(side - 8, 8, true);
  // Level L, mask 0, with its own correction bits.
  const format = 0b111011111000100;
  for (let at = 0; at < 15; at += 1) {
    const on = ((format >> at) & 1) === 1;
    if (at < 6) set(at, 8, on);
    else if (at < 8) set(at + 1, 8, on);
    else set(side - 15 + at, 8, on);
    if (at < 8) set(8, side - 1 - at, on);
    else if (at < 9) set(8, 15 - at, on);
    else set(8, 14 - at, on);
  }
  return grid;
}

/** The code's squares, row by row; null for a text that is too long. */
export function qr(text: string): boolean[][] | null {
  const length = new TextEncoder().encode(text).length;
  const version = SIZES.findIndex(([data]) => length <= data - 2) + 1;
  const size = SIZES[version - 1];
  if (!size) return null;
  const data = codewords(text, size[0]);
  const words = [...data, ...correction(data, size[1])];
  const grid = frame(version);
  const side = grid.length;
  let bit = 0;
  for (let right = side - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right -= 1;
    for (let step = 0; step < side; step += 1) {
      const y = up ? side - 1 - step : step;
      for (const x of [right, right - 1]) {
        const row = grid[y] as (boolean | null)[];
        if (row[x] !== null) continue;
        const on = (((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        row[x] = on !== ((y + x) % 2 === 0);
        bit += 1;
      }
    }
  }
  return grid.map((row) => row.map((on) => on === true));
}
