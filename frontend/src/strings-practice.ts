// What More says of a practice account.

export const tp = {
  title: "Paper account",
  lead: "Practice money. Start over to have 100,000 USDT again and nothing open.",
  lost: (orders: number, positions: number) =>
    `Cancels ${orders} ${orders === 1 ? "order" : "orders"} and closes ${positions} ${positions === 1 ? "position" : "positions"} at market; what they made or lost is booked, coins are taken away.`,
  kept: "Orders, fills, journal and notes stay.",
  hold: "Hold to start over",
  working: "Starting over…",
  done: "The account has 100,000 USDT again, and nothing is open.",
  unknown: "No answer yet. Look at what is open and at the balance before you start over again.",
} as const;
