// What the door says before anything else is loaded, and the way from More to the locks.

export const tn = {
  wait: (seconds: string) => `Too many tries. Wait ${seconds} s.`,
  loadFailed: "This part could not be loaded. Try again.",
  title: "Security",
  lead: "Second factor, devices, API tokens, accounts and keys.",
  open: "Open security",
  needsFactor: "Add a second factor: without one this server shows, but does not trade.",
  reEnrol: "A recovery code signed you in. Trading is off here until you add a second factor anew, or show the old one.",
} as const;
