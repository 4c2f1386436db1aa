"""The tickets' figures once more, in Python's Decimal: what 40 tickets of perpetuals and 40 of spot must come to, to
the last digit."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
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


# Tick, step of the size, step of an amount, most of a market order, last price; one pair is not paid in dollars.
PAIRS = {
    "BTCUSDT": ("0.01", "0.000001", "0.0000001", "41.5", "64250.37"),
    "ETHBTC": ("0.000001", "0.0001", "0.00000001", "900", "0.054271"),
    "SOLUSDT": ("0.01", "0.001", "0.00001", "11400", "172.41"),
    "PEPEUSDT": ("0.00000001", "0.1", "0.000000001", "620000", "0.00001142"),
    "XRPUSDT": ("0.0001", "0.01", "0.000001", "100000", "2.0913"),
}
# Side, type, unit, how far a limit lies from the last price, the size in the quote coin, what is held of both coins (in
# the quote coin), and the fee.
SPOT_SHAPES = (
    ("Buy", "Limit", "base", "0.99713", "1234.567", "0.0123456789", "1000.123456789", "0.001"),
    ("Sell", "Limit", "base", "1.00291", "987.654", "3456.789", "0", "0.001"),
    ("Buy", "Limit", "quote", "0.98001", "5555.55", "77.7", "9999.99", "0.0008"),
    ("Sell", "Limit", "quote", "1.01999", "77.7", "123.4567891", "1.5", "0.0008"),
    ("Buy", "Market", "base", None, "333.33", "0", "1000.01", "0.001"),
    ("Sell", "Market", "base", None, "2500.01", "2500.02", "10", "0.00055"),
    ("Buy", "Market", "quote", None, "149.98765432", "1", "150", "0.001"),
    ("Sell", "Market", "quote", None, "400.00000001", "500.5", "0.25", "0.001"),
)
SLIP = D("0.005")
SHARES = ("25", "50", "75", "100")


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


def spot_tickets() -> list[dict[str, Any]]:
    """What is typed on spot, off the steps, and what must come of it: what is sent, spent, paid as a fee, left of both
    coins, and what the shares put into the field."""
    with localcontext(prec=80):
        return [_spot(symbol, pair, shape) for symbol, pair in PAIRS.items() for shape in SPOT_SHAPES]


def _spot(symbol: str, pair: tuple[str, ...], shape: tuple[Any, ...]) -> dict[str, Any]:
    tick, step, quote_step, most, last = map(D, pair)
    side, kind, unit, away, money, base_worth, quote, rate = shape
    buys, by_value = side == "Buy", kind == "Market" and unit == "quote"
    scale = last if symbol == "ETHBTC" else D(1)
    bid = last - tick
    typed_price = last * D(away) if away else last
    price = snapped(typed_price, tick, ROUND_HALF_UP) if away else (last if buys else bid)
    have = {"base": cut(D(base_worth) * scale / last, 10), "quote": cut(D(quote) * scale, 12)}
    amount = D(money) * scale
    typed = cut(amount if unit == "quote" else amount / last + step / 3, 15)
    if by_value:
        sent = value = snapped(typed, quote_step, ROUND_DOWN)
        qty = snapped(cut(sent / price, 18), step, ROUND_DOWN)
    else:
        sent = qty = snapped(cut(typed / price, 18) if unit == "quote" else typed, step, ROUND_DOWN)
        value = qty * price
    spends = value if buys else up(sent / price, 18) if by_value else qty
    fee = (qty if buys else value) * D(rate)
    left = (have["base"] + qty - fee, have["quote"] - value)
    if not buys:
        left = (have["base"] - qty, have["quote"] + value - fee)
    available = have["quote" if buys else "base"]

    def share(percent: str) -> Decimal:
        part = cut(available * D(percent) / 100, 18)
        limit = most if kind == "Market" else 2 * most
        if by_value:
            worth = part if buys else part * price * (1 - SLIP)
            return snapped(min(worth, limit * price), quote_step, ROUND_DOWN)
        if buys:
            part = cut(part / (price * (1 + (SLIP if kind == "Market" else 0))), 18)
        found = snapped(min(part, limit), step, ROUND_DOWN)
        return found * price if unit == "quote" else found

    return {
        "market": dict(zip(("tick", "step", "quoteStep", "most", "last"), pair, strict=True))
        | {"symbol": symbol, "bid": plain(bid)},
        "side": side,
        "type": kind,
        "unit": unit,
        "have": {name: plain(value) for name, value in have.items()},
        "rate": rate,
        "typed": {"price": plain(typed_price), "size": plain(typed)},
        "wanted": {
            "price": plain(price),
            "qty": plain(qty),
            "value": plain(value),
            "amount": plain(sent),
            "spends": plain(spends),
            "fee": plain(fee),
            "baseLeft": plain(left[0]),
            "quoteLeft": plain(left[1]),
            "short": "now" if spends > available else "",
            "shares": [plain(share(percent)) for percent in SHARES],
        },
    }


def cut(value: Decimal, places: int) -> Decimal:
    return value.quantize(D(1).scaleb(-places), ROUND_DOWN)


def up(value: Decimal, places: int) -> Decimal:
    return value.quantize(D(1).scaleb(-places), ROUND_UP)
