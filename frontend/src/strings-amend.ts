// What the sheet says that changes an order that stands.

export const tm = {
  distance: (from: string) => `From ${from}`,
  known: "No proof came with the answer. This is what became of the order:",
  asItWas: "The order is as it was, as far as Tradepost knows. Change it again.",
  another: "The order is another by now, and not as you wanted it. Look at it, and change it again.",
} as const;
