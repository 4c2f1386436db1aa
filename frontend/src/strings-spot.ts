// What the console says of spot only.

export const tsp = {
  held: (coin: string) => `${coin} held`,
  nothing: (coin: string) => `No ${coin} in this account.`,
  available: (amount: string) => `${amount} available.`,
  free: "Free",
  balance: "Balance",
  balanceOf: (coin: string) => `${coin} balance`,
  worth: (coin: string) => `≈ ${coin}`,
  freeOf: (coin: string) => `${coin} free`,
  cost: "Cost",
  proceeds: "Proceeds",
  buys: "Buys",
  sells: "Sells",
  amount: (coin: string) => `Amount (${coin})`,
  marketPrice: (price: string) => `At the market, now about ${price}. What does not trade at once is cancelled.`,
  short: (amount: string) => `Only ${amount} available`,
  shortLater: (amount: string) => `Only ${amount} available now. It needs more when it triggers.`,
  shareOf: (amount: string, received: string) => `Of ${amount} available. The fee is taken from the ${received} you get.`,
  change: (before: string, after: string) => `${before} → ${after}`,
} as const;
