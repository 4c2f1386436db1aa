"""The ticket's figures once more, in Python's Decimal: what 40 tickets must come to, to the last digit."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

D = Decimal
# tick, step, last, and prices on both sides of it.
MARKETS = {
    "BTCUSDT": ("0.1", "0.001", "64250"),
    "ETHUSDT": ("0.01", "0.01", "3487.2"),
    "SOLUSDT": ("0.01", "0.1", "172.41"),
    "1000PEPEUSDT": ("0.000001", "100", "0.01142"),
    "XRPUSDT": ("0.0001", "0.1", "2.0913"),
}
# Side, and how far the typed price, exit and stop lie from the last price; the size in money; the leverage.
SHAPES = (
    ("Buy", "0.99713", "1.0331", "0.9677", "1234.567", "10"),
    ("Sell", "1.00291", "0.9668", "1.0339", "987.654", "3"),
    ("Buy", "0.98001", "1.20007", "0.90003", "55555.5", "25"),
    ("Sell", "1.01999", "0.80003", "1.09997", "77.7", "1"),
    ("Buy", "1", "1.00501", "0.99499", "500", "7"),
    ("Sell", "1", "0.99499", "1.00501", "33333.33", "12.5"),
    ("Buy", "0.951", "1.5", "0.5", "149.99", "100"),
    ("Sell", "1.0491", "0.5", "1.5", "2500.01", "2"),
)


def plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def snapped(value: Decimal, step: Decimal, how: str) -> Decimal:
    return (value / step).to_integral_value(how) * step


def tickets() -> list[dict[str, Any]]:
    """What is typed, deliberately off the steps, and what must come of it."""
    found = []
    for symbol, (tick_text, step_text, last_text) in MARKETS.items():
        tick, step, last = D(tick_text), D(step_text), D(last_text)
        for side, entry, take, stop, money, leverage in SHAPES:
            typed = {
                name: last * D(part) for name, part in (("price", entry), ("take", take), ("stop", stop))
            }
            size = D(money) / last + step / 3
            size = size.quantize(D(1).scaleb(-9))
            price, gain_at, loss_at = (
                snapped(typed[name], tick, ROUND_HALF_UP) for name in ("price", "take", "stop")
            )
            qty = snapped(size, step, ROUND_DOWN)
            value = qty * price
            way = 1 if side == "Buy" else -1
            found.append(
                {
                    "market": {"symbol": symbol, "tick": tick_text, "step": step_text, "last": last_text},
                    "side": side,
                    "leverage": leverage,
                    "typed": {name: plain(amount) for name, amount in {**typed, "size": size}.items()},
                    "wanted": {
                        "price": plain(price),
                        "qty": plain(qty),
                        "value": plain(value),
                        "margin": plain((value / D(leverage)).quantize(D("1e-8"), ROUND_UP)),
                        "takeProfit": plain(gain_at),
                        "stopLoss": plain(loss_at),
                        "profit": plain((gain_at - price) * qty * way),
                        "loss": plain((loss_at - price) * qty * way),
                        "after": plain(qty * way),
                    },
                }
            )
    return found
