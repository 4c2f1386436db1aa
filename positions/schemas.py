"""How positions and wallets look outside, on the API and on the socket alike."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ninja import Schema

from bybit.decimals import to_wire
from bybit.forms import Money, Time, time_text
from positions.models import Position, Wallet


class OursOut(Schema):
    """What our fills of this position add up to. The amounts are of the holding that is open, in the settle coin; the
    journal tells them a moment after the fill. `since`: the record holds every fill from then on."""

    size: Money
    entry_price: Money | None
    complete: bool
    realised_pnl: Money
    fees: Money
    funding: Money
    since: Time | None


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
    maintenance_margin: Money | None
    position_value: Money | None
    break_even_price: Money | None
    liq_distance: Money | None
    unrealised_pnl: Money | None
    realised_pnl: Money | None
    cum_realised_pnl: Money | None
    adl_rank: int | None
    position_status: str
    is_reduce_only: bool
    opened_at: Time | None
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
        opened = None if row.open_ms is None else datetime.fromtimestamp(row.open_ms / 1000, UTC)
        # A row of ours needs no second check of its types, and a fill waits for this.
        return cls.model_construct(
            account=row.account_id,
            ours=_ours(row, complete=gap == 0),
            diff=None if gap == 0 else _explain(gap, row.record_since),
            liq_distance=distance(row.mark_price, row.liq_price),
            opened_at=opened,
            **shown,
        )


_MADE = ("account", "ours", "diff", "liq_distance", "opened_at")
_SAME = tuple(name for name in PositionOut.model_fields if name not in _MADE)
PLACES = Decimal("1e-18")


def _ours(row: Position, *, complete: bool) -> OursOut:
    return OursOut.model_construct(
        size=row.ours_size,
        entry_price=row.ours_entry.quantize(PLACES) if row.ours_size else None,
        complete=complete,
        realised_pnl=row.held_realised.quantize(PLACES),
        fees=row.held_fees.quantize(PLACES),
        funding=row.held_funding.quantize(PLACES),
        since=row.record_since,
    )


def distance(mark: Decimal | None, liquidation: Decimal | None) -> Decimal | None:
    """How far the mark price may move before liquidation, as a fraction of it; None when either is not known."""
    if not mark or liquidation is None:
        return None
    return (abs(mark - liquidation) / mark).quantize(Decimal("1e-6"))


def _explain(gap: Decimal, since: datetime | None) -> str:
    side = "bought" if gap > 0 else "sold"
    text = f"Bybit shows {to_wire(abs(gap))} more {side} than the fills in this record add up to."
    if since is None:
        return text
    return f"{text} The record starts at {time_text(since)}; what was traded before is not in it."


class CoinOut(Schema):
    """One coin of the wallet, in that coin but for `usd_value`. `available` is bound by nothing."""

    coin: str
    equity: Money | None
    wallet_balance: Money | None
    available: Money | None
    usd_value: Money | None = None
    unrealised_pnl: Money | None = None
    cum_realised_pnl: Money | None = None
    locked: Money | None = None
    order_margin: Money | None = None
    position_margin: Money | None = None
    maintenance_margin: Money | None = None
    borrowed: Money | None = None
    interest: Money | None = None
    is_collateral: bool | None = None


class WalletOut(Schema):
    """The unified account as Bybit last told it; totals in USD. In isolated margin those but equity are null, for Bybit
    gives them no meaning there."""

    account: str
    margin_mode: str
    total_equity: Money | None
    available: Money | None
    wallet_balance: Money | None
    margin_balance: Money | None
    unrealised_pnl: Money | None
    initial_margin: Money | None
    maintenance_margin: Money | None
    im_rate: Money | None
    mm_rate: Money | None
    coins: list[CoinOut]
    version: int
    updated_at: Time

    @classmethod
    def of(cls, row: Wallet) -> "WalletOut":
        shown = {name: getattr(row, name) for name in cls.model_fields if name not in ("account", "coins")}
        return cls.model_construct(account=row.account_id, coins=[_coin(coin) for coin in row.coins], **shown)


def _coin(kept: dict[str, object]) -> CoinOut:
    """A coin as the wallet's row keeps it: numbers are text there."""
    numbers: dict[str, Any] = {
        name: Decimal(value) if isinstance(value, str) else value
        for name, value in kept.items()
        if name != "coin"
    }
    return CoinOut.model_construct(coin=kept["coin"], **numbers)


class PositionList(Schema):
    items: list[PositionOut]
    next: str | None


class WalletList(Schema):
    items: list[WalletOut]
    next: str | None
