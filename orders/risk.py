"""What we refuse before sending: the market's own filters, checked exactly. Prices and quantities are never rounded
behind a person's back. Raises RuleBroken; nothing was written or sent."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from bybit.decimals import is_multiple, round_down, to_wire
from bybit.models import Account, Instrument
from orders.errors import RuleBroken
from positions.models import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order somebody wants, before anything is known of it. `request` is what repeats are compared with."""

    id: UUID
    account_id: str
    category: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal | None
    time_in_force: str
    reduce_only: bool
    position_idx: int
    request: dict[str, Any]


def check(wish: Wish, account: Account, instrument: Instrument | None) -> None:
    """Refuses what the market or the key would refuse."""
    if account.read_only:
        raise RuleBroken("read_only", "This account's key may only read. Nothing was sent.")
    if instrument is None:
        raise RuleBroken("unknown_symbol", f"There is no market {wish.symbol} here. Nothing was sent.")
    if instrument.status != "Trading":
        raise RuleBroken("not_trading", f"{wish.symbol} is not trading now. Nothing was sent.")
    hedge = account.position_mode == Account.PositionMode.HEDGE
    if (wish.position_idx != 0) != hedge:
        raise RuleBroken(
            "position_idx",
            "position_idx is 1 or 2 in hedge mode and 0 in one-way mode. Nothing was sent.",
            position_mode=account.position_mode,
        )
    _check_qty(wish, instrument)
    _check_price(wish, instrument)


def _check_qty(wish: Wish, instrument: Instrument) -> None:
    if not is_multiple(wish.qty, instrument.qty_step):
        step = to_wire(instrument.qty_step)
        raise RuleBroken(
            "qty_step", f"The size must be a multiple of {step}. Nothing was sent.", qty_step=step
        )
    if wish.qty < instrument.min_qty and not wish.reduce_only:
        least = to_wire(instrument.min_qty)
        raise RuleBroken("min_qty", f"The smallest size here is {least}. Nothing was sent.", min_qty=least)
    market = wish.order_type == "Market"
    most = instrument.max_market_qty if market else instrument.max_qty
    if most is not None and wish.qty > most:
        raise RuleBroken(
            "max_qty", f"The largest size here is {to_wire(most)}. Nothing was sent.", max_qty=to_wire(most)
        )


def _check_price(wish: Wish, instrument: Instrument) -> None:
    if wish.price is None:
        return
    if not is_multiple(wish.price, instrument.tick_size):
        tick = to_wire(instrument.tick_size)
        raise RuleBroken(
            "tick_size", f"The price must be a multiple of {tick}. Nothing was sent.", tick_size=tick
        )
    value = wish.qty * wish.price
    if instrument.min_notional is not None and value < instrument.min_notional and not wish.reduce_only:
        least = to_wire(instrument.min_notional)
        raise RuleBroken(
            "min_notional",
            f"The order is worth {to_wire(value)}, the smallest allowed is {least}. Nothing was sent.",
            min_notional=least,
        )


def close_qty(position: Position, instrument: Instrument, fraction: Decimal | None) -> Decimal:
    """How much of a position to close. Rounded down to the step, never more than the position."""
    if position.size == 0:
        raise RuleBroken("below_min", "This position is already flat. Nothing was sent.")
    if fraction is None or fraction == 1:
        return position.size
    qty = round_down(position.size * fraction, instrument.qty_step)
    if qty < instrument.min_qty:
        raise RuleBroken(
            "below_min",
            f"That part of the position is below the smallest size here ({to_wire(instrument.min_qty)}). "
            "Nothing was sent. Close a larger part.",
            min_qty=to_wire(instrument.min_qty),
        )
    return qty
