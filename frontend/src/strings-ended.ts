// What the list of orders that are over says.

export const te = {
  ended: "Ended",
  at: (price: string) => `at ${price}`,
  none: "No order has ended yet.",
  failed: "The orders could not be read. They are safe in the server's record; it is tried again.",
  holes: "Some orders may be missing here: the server's record could not be read. It is tried again.",
  most: (count: number) => `The newest ${count}. The journal has all that was traded.`,
} as const;
