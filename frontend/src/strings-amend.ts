// What the sheet says that changes an order that stands.

export const tm = {
  distance: (from: string) => `From ${from}`,
  known: "No proof came with the answer. This is what became of the order:",
} as const;
