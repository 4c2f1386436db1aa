"""python -m bybit.paper.history --days N --seed S [--fills K] [--end MS]: a random past for `--history`, to stdout.

The same options give the same lines. Positions are entered, reduced, closed and flipped, as maker and as taker, in
every contract, in SOLUSDT as two legs of hedge mode; orders are amended, cancelled and rejected; funding is charged
every eight hours; one position is liquidated and one deleveraged; coins come and go.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from .engine.numbers import plain
from .engine.specs import SPECS, Spec
from .market.feed import FUNDING_MS

Line = dict[str, Any]
_DAY_MS = 86_400_000
_HEDGED, _LIQUIDATED, _DELEVERAGED, _REJECTED = "SOLUSDT", "DOGEUSDT", "ETHUSDT", "XRPUSDT"
# What one fill is worth (USDT) in a short history; in a long one less, so that fees do not eat the account up.
_VALUE, _SHORT = 1_200, 3_000
_GAPS = 10


class Author:
    """Writes a history of at least `fills` trades. Prices (in ticks) walk within an eighth of their base; positions
    (in steps, by symbol and leg) stay small beside the deposit, so that no line is ever refused."""

    def __init__(self, seed: int, fills: int) -> None:
        self._random = Random(seed)
        self._wanted, self._fills, self._serial = fills, 0, 0
        self._value = max(_VALUE * min(_SHORT, fills) // fills, 70)
        self._prices = {name: int(spec.base_price / spec.tick) for name, spec in SPECS.items()}
        self._sizes: dict[tuple[str, int], int] = {}
        self._stops: dict[str, str] = {}
        self._seed = seed

    def acts(self) -> list[list[Line]]:
        """What happens, in order; the lines of one act follow each other closely."""
        acts = [self._opening()]
        events = self._events()
        usual = (self._take, self._take, self._take, self._make, self._make, self._cancelled, self._protect)
        while self._fills < self._wanted or events:
            if events and self._fills * 100 >= events[0][0] * self._wanted:
                acts.append(events.pop(0)[1]())
            else:
                acts.append(self._random.choice(usual)())
        return acts

    def _events(self) -> list[tuple[int, Callable[[], list[Line]]]]:
        """What happens once, by how much of the history (per cent) comes before it."""
        return [
            (15, lambda: [_transfer("USDT", "5000")]),
            (30, self._rejected),
            (40, self._deleveraged),
            (60, self._liquidated),
            (75, lambda: [_transfer("USDT", "-1500.25")]),
            (90, self._rejected),
        ]

    def _opening(self) -> list[Line]:
        hedge: Line = {"do": "mode", "symbol": _HEDGED, "mode": 3}
        lever: Line = {"do": "leverage", "symbol": _REJECTED, "leverage": "75"}
        prices = [self._price_line(name) for name in SPECS]
        return [*prices, hedge, lever, _transfer("USDC", "2000")]

    # Prices and orders

    def _step(self, symbol: str) -> Line:
        """The price moves a little."""
        base = int(SPECS[symbol].base_price / SPECS[symbol].tick)
        moved = self._prices[symbol] + int(base * self._random.gauss(0, 0.002))
        self._prices[symbol] = min(max(moved, base * 7 // 8), base * 9 // 8)
        return self._price_line(symbol)

    def _price_line(self, symbol: str) -> Line:
        return {"do": "price", "symbol": symbol, "price": self._at(symbol, 0)}

    def _at(self, symbol: str, per_mille: int) -> str:
        """The price, or one so far above or below it."""
        ticks = self._prices[symbol] * (1000 + per_mille) // 1000
        return plain(ticks * SPECS[symbol].tick)

    def _draft(self) -> tuple[Line, tuple[str, int], int]:
        """An order without its type; the position that it moves and by how many steps."""
        spec = self._random.choice([*SPECS.values()])
        place = spec.symbol, self._random.choice((1, 2)) if spec.symbol == _HEDGED else 0
        change = self._change(spec, place)
        side = "Buy" if change > 0 else "Sell"
        qty = plain(abs(change) * spec.step)
        line: Line = {"do": "order", "symbol": spec.symbol, "side": side, "qty": qty, "positionIdx": place[1]}
        held = self._sizes.get(place, 0)
        if held * change < 0 and abs(change) <= abs(held):
            # Orders that only reduce may be worth less than the contract's minimum.
            line["reduceOnly"] = True
        return line, place, change

    def _change(self, spec: Spec, place: tuple[str, int]) -> int:
        """Enters or enlarges; reduces, closes or (in one-way mode) flips what has become large."""
        usual = max(int(self._value / (spec.base_price * spec.step)), 1)
        amount, held = self._random.randint(max(usual // 2, 1), 2 * usual), self._sizes.get(place, 0)
        way = {1: 1, 2: -1}.get(place[1]) or self._random.choice((1, -1))
        if not held or (abs(held) < 5 * usual and self._random.random() < 0.5):
            return amount * (way if not held else held // abs(held))
        closing = -held // abs(held)
        if place[1] or self._random.random() < 0.7:
            part = abs(held) if self._random.random() < 0.3 else min(amount, abs(held))
            return closing * part
        return closing * (abs(held) + amount)

    def _book(self, place: tuple[str, int], change: int) -> None:
        self._sizes[place] = self._sizes.get(place, 0) + change
        self._fills += 1

    def _name(self, line: Line) -> Line:
        """The order with an orderLinkId, or now and then with a name that only this file knows."""
        self._serial += 1
        name = f"h{self._seed}-{self._serial}"
        return {**line, "ref" if self._random.random() < 0.2 else "orderLinkId": name}

    def _take(self) -> list[Line]:
        """A market order."""
        line, place, change = self._draft()
        self._book(place, change)
        return [self._step(place[0]), self._name({**line, "orderType": "Market"})]

    def _make(self) -> list[Line]:
        """A limit order, perhaps amended, filled in one or two parts."""
        line, place, change = self._draft()
        price = self._step(place[0])
        away = -4 if change > 0 else 4
        order = self._name({**line, "orderType": "Limit", "price": self._at(place[0], away)})
        order["timeInForce"] = self._random.choice(("GTC", "PostOnly"))
        lines = [price, order]
        if self._random.random() < 0.2:
            lines.append({"do": "amend", **_named(order), "price": self._at(place[0], away // 2)})
        first = self._random.randint(1, abs(change))
        for part in (first, abs(change) - first):
            if part:
                qty = plain(part * SPECS[place[0]].step)
                lines.append({"do": "fill", **_named(order), "qty": qty})
                self._book(place, part if change > 0 else -part)
        return lines

    def _cancelled(self) -> list[Line]:
        """An order that ends before it is filled: at the trader's will, or as PostOnly that would have taken."""
        line, place, change = self._draft()
        price, buys = self._step(place[0]), change > 0
        crossing = self._random.random() < 0.3
        away = (5 if buys else -5) if crossing else (-20 if buys else 20)
        order = self._name({**line, "orderType": "Limit", "price": self._at(place[0], away)})
        if crossing:
            return [price, {**order, "timeInForce": "PostOnly"}]
        lines = [price, order]
        if abs(change) > 1 and self._random.random() < 0.3:
            lines.append({"do": "fill", **_named(order), "qty": plain(SPECS[place[0]].step)})
            self._book(place, 1 if buys else -1)
        return [*lines, {"do": "cancel", **_named(order)}]

    def _protect(self) -> list[Line]:
        """Take-profit and stop-loss far away from a position."""
        held = [(name, size) for (name, idx), size in self._sizes.items() if size and not idx]
        if not held:
            return self._take()
        symbol, size = self._random.choice(held)
        profit, loss = (
            self._at(symbol, 400 if size > 0 else -400),
            self._at(symbol, -400 if size > 0 else 400),
        )
        if self._stops.get(symbol) == profit:
            return self._take()
        self._stops[symbol] = profit
        line: Line = {"do": "stops", "symbol": symbol, "tpslMode": "Full", "positionIdx": 0}
        return [{**line, "takeProfit": profit, "stopLoss": loss}]

    # What happens once

    def _rejected(self) -> list[Line]:
        """A conditional order far beyond its risk tier: it is refused when it fires."""
        trigger = self._at(_REJECTED, 3)
        order = self._name({
            "do": "order", "symbol": _REJECTED, "side": "Buy", "orderType": "Market", "qty": "320000",
            "triggerPrice": trigger, "triggerDirection": 1,
        })  # fmt: skip
        self._prices[_REJECTED] = int(Decimal(trigger) / SPECS[_REJECTED].tick)
        return [order, self._price_line(_REJECTED)]

    def _deleveraged(self) -> list[Line]:
        return [*self._entered(_DELEVERAGED), {"do": "adl", "symbol": _DELEVERAGED}]

    def _liquidated(self) -> list[Line]:
        return [*self._entered(_LIQUIDATED), {"do": "liquidate", "symbol": _LIQUIDATED}]

    def _entered(self, symbol: str) -> list[Line]:
        """Makes sure that there is a position, which ends with the next line."""
        if self._sizes.pop((symbol, 0), 0):
            return [self._step(symbol)]
        self._fills += 1
        steps = max(int(self._value / (SPECS[symbol].base_price * SPECS[symbol].step)), 1)
        qty = plain(steps * SPECS[symbol].step)
        line: Line = {"do": "order", "symbol": symbol, "side": "Buy", "qty": qty, "orderType": "Market"}
        return [self._step(symbol), self._name(line)]


def _named(order: Line) -> Line:
    return {name: order[name] for name in ("ref", "orderLinkId") if name in order}


def _transfer(coin: str, amount: str) -> Line:
    return {"do": "transfer", "coin": coin, "amount": amount}


def history(days: int, seed: int, fills: int, end_ms: int) -> list[Line]:
    """The lines of a history of so many days that ends at `end_ms`, oldest first."""
    acts = Author(seed, fills).acts()
    random, start = Random(seed + 1), end_ms - days * _DAY_MS
    slot = days * _DAY_MS // len(acts)
    lines: list[Line] = []
    for number, act in enumerate(acts):
        at = start + number * slot + random.randrange(max(slot // 3, 1))
        for line in act:
            lines.append({"at": at, **line})
            at += slot // (3 * _GAPS)
    for at in range(start - start % FUNDING_MS + FUNDING_MS, end_ms, FUNDING_MS):
        lines += [{"at": at, "do": "funding", "symbol": symbol} for symbol in SPECS]
    return sorted(lines, key=lambda line: int(line["at"]))


def main() -> None:
    """Reads the command line and writes JSON Lines."""
    parser = argparse.ArgumentParser(prog="python -m bybit.paper.history", description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="how far back it goes (default 30)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (default 1)")
    parser.add_argument("--fills", type=int, default=2_000, help="how many trades at least (default 2000)")
    parser.add_argument("--end", type=int, help="when it ends, in ms (default: a minute ago)")
    options = parser.parse_args()
    end_ms = options.end or int(time.time() * 1000) - 60_000
    if options.days < 1 or options.fills < 1:
        parser.error("--days and --fills must be above 0")
    for line in history(options.days, options.seed, options.fills, end_ms):
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
