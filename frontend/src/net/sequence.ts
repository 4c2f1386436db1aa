/** Hands on each account's numbered messages in order and once. What comes after a gap is held back until the gap is filled,
 * so that no quantity is ever built on news that we lack. */
export class Sequence<Message> {
  readonly #have = new Map<string, number>();
  readonly #held = new Map<string, Map<number, Message>>();
  readonly #short = new Set<string>();

  restart(seq: Record<string, number>): void {
    this.#have.clear();
    this.#held.clear();
    this.#short.clear();
    for (const [account, last] of Object.entries(seq)) this.#have.set(account, last);
  }

  /** The last number in order; what a `since` asks from. */
  last(account: string): number {
    return this.#have.get(account) ?? 0;
  }

  /** Accounts of which we know that something is missing. */
  get short(): ReadonlySet<string> {
    return this.#short;
  }

  take(account: string, seq: number, message: Message): Message[] {
    const last = this.last(account);
    if (seq <= last) return [];
    const held = this.#held.get(account) ?? new Map<number, Message>();
    this.#held.set(account, held);
    held.set(seq, message);
    const ready: Message[] = [];
    for (let next = last + 1; held.has(next); next += 1) {
      ready.push(held.get(next) as Message);
      held.delete(next);
      this.#have.set(account, next);
    }
    if (held.size) this.#short.add(account);
    else this.#short.delete(account);
    return ready;
  }

  /** A heartbeat says what was sent on this socket; more than we have means that something got lost. */
  compare(sent: Record<string, number>): void {
    for (const [account, last] of Object.entries(sent)) if (last > this.last(account)) this.#short.add(account);
  }
}
