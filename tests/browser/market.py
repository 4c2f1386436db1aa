"""A toy account on a toy market: enough truth to look at the console and to play a server in its tests."""

from __future__ import annotations

import itertools
import math
import random
import uuid
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

ACCOUNT = "1"
INSTRUMENTS: dict[str, dict[str, str]] = {
    "BTCUSDT": {
        "tick_size": "0.1",
        "qty_step": "0.001",
        "min_qty": "0.001",
        "max_qty": "1190",
        "price": "64250",
    },
    "ETHUSDT": {
        "tick_size": "0.01",
        "qty_step": "0.01",
        "min_qty": "0.01",
        "max_qty": "7240",
        "price": "3487.2",
    },
    "SOLUSDT": {
        "tick_size": "0.01",
        "qty_step": "0.1",
        "min_qty": "0.1",
        "max_qty": "79000",
        "price": "172.41",
    },
    "1000PEPEUSDT": {
        "tick_size": "0.000001",
        "qty_step": "100",
        "min_qty": "100",
        "max_qty": "62000000",
        "price": "0.01142",
    },
}

# Steps and prices of their own, and one pair that is not paid in dollars.
SPOT: dict[str, dict[str, str]] = {
    "BTCUSDT": {
        "tick_size": "0.01",
        "qty_step": "0.000001",
        "quote_step": "0.0000001",
        "min_qty": "0.000011",
        "max_qty": "83",
        "price": "64300.25",
        "coins": "BTC USDT",
    },
    "ETHUSDT": {
        "tick_size": "0.01",
        "qty_step": "0.00001",
        "quote_step": "0.0000001",
        "min_qty": "0.00032",
        "max_qty": "2170",
        "price": "3490.11",
        "coins": "ETH USDT",
    },
    "ETHBTC": {
        "tick_size": "0.000001",
        "qty_step": "0.0001",
        "quote_step": "0.00000001",
        "min_qty": "0.0001",
        "max_qty": "900",
        "price": "0.054271",
        "coins": "ETH BTC",
    },
}


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def spot_instrument(symbol: str) -> dict[str, Any]:
    known = SPOT[symbol]
    base, quote = known["coins"].split()
    return {
        "category": "spot",
        "symbol": symbol,
        "status": "Trading",
        "base_coin": base,
        "quote_coin": quote,
        **{key: known[key] for key in ("tick_size", "qty_step", "quote_step", "min_qty", "max_qty")},
        "max_market_qty": known["max_qty"],
        "min_notional": "0.0001" if quote == "BTC" else "5",
        "max_leverage": None,
    }


def instrument(symbol: str) -> dict[str, Any]:
    known = INSTRUMENTS[symbol]
    return {
        "category": "linear",
        "symbol": symbol,
        "status": "Trading",
        **{key: known[key] for key in ("tick_size", "qty_step", "min_qty", "max_qty")},
        "max_market_qty": known["max_qty"],
        "min_notional": "5",
        "max_leverage": "100",
    }


class Market:
    def __init__(self, environment: str = "paper", label: str = "paper") -> None:
        self.account: dict[str, Any] = {
            "id": ACCOUNT,
            "label": label,
            "environment": environment,
            "read_only": False,
            "read_only_reason": None,
            "position_mode": "one_way",
            "paused": None,
        }
        self.seq = 0
        self.versions = itertools.count(1)
        self.orders: dict[str, dict[str, Any]] = {}
        self.positions: dict[str, dict[str, Any]] = {}
        self.favourites: set[str] = set()
        self.ended: list[dict[str, Any]] = []
        self.available = "97114.02"
        self.coins: list[dict[str, Any]] = []
        self.ticks = 0
        self.random = random.Random(5)

    def price(self, symbol: str) -> Decimal:
        known = INSTRUMENTS[symbol]
        tick = Decimal(known["tick_size"])
        wave = Decimal(
            str(round(math.sin(self.ticks / 40) * 0.0008 + self.random.uniform(-1, 1) * 0.00004, 8))
        )
        return (Decimal(known["price"]) * (1 + wave) / tick).to_integral_value(ROUND_DOWN) * tick

    def ticker(self, symbol: str) -> dict[str, Any]:
        last, tick = self.price(symbol), Decimal(INSTRUMENTS[symbol]["tick_size"])
        return {
            "type": "ticker",
            "symbol": symbol,
            "last": plain(last),
            "mark": plain(last - 3 * tick),
            "bid": plain(last - tick),
            "ask": plain(last),
            "at": stamp(),
        }

    def listed(self, symbol: str) -> dict[str, Any]:
        """A line of the list of markets."""
        price = INSTRUMENTS[symbol]["price"]
        return {
            **instrument(symbol),
            "last": price,
            "change_24h": "0.0123" if symbol != "SOLUSDT" else "-0.031",
            "turnover": price,
            "favourite": symbol in self.favourites,
        }

    def listed_spot(self, symbol: str) -> dict[str, Any]:
        price = SPOT[symbol]["price"]
        favourite = f"spot/{symbol}" in self.favourites
        prices = {"last": price, "change_24h": "0.0045", "turnover": price}
        return {**spot_instrument(symbol), **prices, "favourite": favourite}

    def hold(self, coin: str, balance: str, available: str | None = None) -> None:
        """So much of a coin is in the wallet."""
        self.coins = [row for row in self.coins if row["coin"] != coin]
        row = {"coin": coin, "equity": balance, "wallet_balance": balance}
        self.coins.append({**row, "available": balance if available is None else available})

    def candles(
        self, symbol: str, now_ms: int, markets: dict[str, dict[str, str]] = INSTRUMENTS
    ) -> dict[str, Any]:
        """A hundred candles of five minutes, each a tick above the one before."""
        known = markets[symbol]
        price, tick = Decimal(known["price"]), Decimal(known["tick_size"])
        items = []
        for at in range(100):
            value = price - (99 - at) * tick
            begins = datetime.fromtimestamp((now_ms - (99 - at) * 300_000) // 300_000 * 300, UTC)
            shape = {"open": value - tick, "high": value + tick, "low": value - 2 * tick, "close": value}
            items.append(
                {
                    "start": begins.isoformat().replace("+00:00", "Z"),
                    **{name: plain(amount) for name, amount in shape.items()},
                    "volume": "12.5",
                    "turnover": "1",
                }
            )
        return {"category": "linear", "symbol": symbol, "interval": "5", "items": items, "next": None}

    def wallet(self) -> dict[str, Any]:
        return {
            "account": ACCOUNT,
            "total_equity": "100482.15",
            "available": self.available,
            "coins": self.coins,
            "version": next(self.versions),
            "updated_at": stamp(),
        }

    def status(self) -> dict[str, Any]:
        return {"account": ACCOUNT, "stream": "live"}

    def snapshot(self) -> dict[str, Any]:
        return {
            "type": "snapshot",
            "seq": {ACCOUNT: self.seq},
            "accounts": [self.account],
            "orders": [row for row in self.orders.values() if row["state"] == "working"],
            "positions": [row for row in self.positions.values() if row["size"] != "0"],
            "wallet": [self.wallet()],
            "status": [self.status()],
        }

    def change(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        self.seq += 1
        extra = {"seen": f"seen-{self.seq}"} if kind == "position" else {}
        return {"type": kind, "account": ACCOUNT, "seq": self.seq, kind: dict(body), **extra}

    def order(self, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
        row = {
            "order_link_id": body["id"],
            "trigger_price": None,
            "take_profit": None,
            "stop_loss": None,
            "state": "acked",
            "exchange_status": "New",
            "exchange_order_id": str(uuid.uuid4()),
            "filled_qty": "0",
            "fills_complete": True,
            "avg_price": None,
            "fee": None,
            "reject_code": None,
            "reject_message": None,
            "cancel_type": "UNKNOWN",
            "reject_reason": "EC_NoError",
            "source": "console",
            "created_at": stamp(),
            **{key: value for key, value in body.items() if key != "seen"},
            **changes,
            "version": next(self.versions),
            "updated_at": stamp(),
        }
        self.orders[row["id"]] = row
        return row

    def update(self, row: dict[str, Any], **changes: Any) -> dict[str, Any]:
        row.update(changes, version=next(self.versions), updated_at=stamp())
        return self.change("order", row)

    def position(self, symbol: str, side: str, size: str, entry: str, leverage: str = "10") -> dict[str, Any]:
        key = f"{ACCOUNT}:linear:{symbol}:0"
        margin = plain(Decimal(size) * Decimal(entry or "0") / Decimal(leverage))
        row = {
            "id": key,
            "account": ACCOUNT,
            "category": "linear",
            "symbol": symbol,
            "position_idx": 0,
            "side": side,
            "size": size,
            "entry_price": entry,
            "mark_price": entry,
            "liq_price": plain(Decimal(entry) * Decimal("0.91")),
            "leverage": leverage,
            "margin": margin,
            "unrealised_pnl": "0",
            "realised_pnl": "0",
            "take_profit": None,
            "stop_loss": None,
            "trailing_stop": None,
            "ours": {"size": size, "entry_price": entry, "complete": True},
            "diff": None,
            "version": next(self.versions),
            "updated_at": stamp(),
        }
        self.positions[key] = row
        return row

    def fill(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """Fills an order in whole: the execution, the order, the position."""
        symbol, side, qty, price = row["symbol"], row["side"], Decimal(row["qty"]), self.price(row["symbol"])
        execution = {
            "exec_id": str(uuid.uuid4()),
            "order": row["id"],
            "account": ACCOUNT,
            "category": "linear",
            "symbol": symbol,
            "side": side,
            "exec_type": "Trade",
            "price": plain(price),
            "qty": row["qty"],
            "fee": "0",
            "fee_currency": "USDT",
            "is_maker": False,
            "closed_size": "0",
            "at": stamp(),
        }
        known = self.positions.get(f"{ACCOUNT}:linear:{symbol}:0")
        before = Decimal(known["size"]) * (-1 if known["side"] == "Sell" else 1) if known else Decimal(0)
        after = before + (qty if side == "Buy" else -qty)
        entry = known["entry_price"] if known and before * after > 0 else plain(price)
        held = self.position(
            symbol, "" if after == 0 else "Buy" if after > 0 else "Sell", plain(abs(after)), entry
        )
        return [
            self.change("fill", execution),
            self.update(
                row, state="filled", exchange_status="Filled", filled_qty=row["qty"], avg_price=plain(price)
            ),
            self.change("position", held),
        ]
