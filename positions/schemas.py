"""How positions and wallets look outside, on the API and on the socket alike."""

from decimal import Decimal

from ninja import Schema

from bybit.decimals import to_wire
from bybit.forms import Money, Time
from positions.models import Position, Wallet


class OursOut(Schema):
    size: Money
    entry_price: Money | None
    complete: bool


class PositionOut(Schema):
    id: str
    account: str
    category: str
    symbol: str
    position_idx: int
    side: str
    size: Money
    entry_price: Money | None
    mark_price: Money | None
    liq_price: Money | None
    leverage: Money | None
    margin: Money | None
    unrealised_pnl: Money | None
    realised_pnl: Money | None
    take_profit: Money | None
    stop_loss: Money | None
    trailing_stop: Money | None
    ours: OursOut
    diff: str | None
    version: int
    updated_at: Time

    @classmethod
    def of(cls, row: Position) -> "PositionOut":
        signed = row.size if row.side == "Buy" else -row.size
        gap = signed - row.ours_size
        shown = {name: getattr(row, name) for name in _SAME}
        return cls(
            account=row.account_id,
            ours=OursOut(
                size=row.ours_size,
                entry_price=row.ours_entry.quantize(Decimal("1e-18")) if row.ours_size else None,
                complete=gap == 0,
            ),
            diff=None if gap == 0 else _explain(gap),
            **shown,
        )


_SAME = (
    "id",
    "category",
    "symbol",
    "position_idx",
    "side",
    "size",
    "entry_price",
    "mark_price",
    "liq_price",
    "leverage",
    "margin",
    "unrealised_pnl",
    "realised_pnl",
    "take_profit",
    "stop_loss",
    "trailing_stop",
    "version",
    "updated_at",
)


def _explain(gap: Decimal) -> str:
    side = "bought" if gap > 0 else "sold"
    return f"Bybit shows {to_wire(abs(gap))} more {side} than the fills in this record add up to."


class CoinOut(Schema):
    coin: str
    equity: Money | None
    wallet_balance: Money | None
    available: Money | None


class WalletOut(Schema):
    account: str
    total_equity: Money | None
    available: Money | None
    coins: list[CoinOut]
    version: int
    updated_at: Time

    @classmethod
    def of(cls, row: Wallet) -> "WalletOut":
        return cls(
            account=row.account_id,
            total_equity=row.total_equity,
            available=row.available,
            coins=[CoinOut.model_validate({k: _number(v, k) for k, v in coin.items()}) for coin in row.coins],
            version=row.version,
            updated_at=row.updated_at,
        )


def _number(value: str | None, name: str) -> object:
    return value if name == "coin" or value is None else Decimal(value)


class PositionList(Schema):
    items: list[PositionOut]
    next: str | None


class WalletList(Schema):
    items: list[WalletOut]
    next: str | None
