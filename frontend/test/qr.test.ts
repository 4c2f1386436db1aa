import assert from "node:assert/strict";
import { test } from "node:test";
import { qr } from "../src/lib/qr.ts";

/** The code of "HTTPS", its frame compared with another program's, its correction words with their own equations. */
const HTTPS = `
111111100101101111111
100000100111001000001
101110101101101011101
101110100101001011101
101110100010101011101
100000100000101000001
111111101010101111111
000000001101100000000
111011111111011000100
111100000110001000000
101101100000100010111
000010010010001000010
000011101010101011100
000000001011010100010
111111101111011100111
100000101101110110000
101110101111011101111
101110100000001101010
101110101010100010101
100000101010001010010
111111101000101011111
`;

test("an address becomes the squares that cameras read", () => {
  assert.deepEqual(qr("HTTPS")?.map((row) => row.map((on) => (on ? "1" : "0")).join("")), HTTPS.trim().split(/\s+/));
  assert.deepEqual([17, 32, 53, 78, 106].map((length) => qr("a".repeat(length))?.length), [21, 25, 29, 33, 37]);
  assert.equal(qr("a".repeat(107)), null);
});
