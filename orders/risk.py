"""What we refuse before sending: the market's own filters, checked exactly. Prices and quantities are never rounded
behind a person's back. Raises RuleBroken; nothing was written or sent."""

from decimal import Decimal
from typing import Any

from bybit.decimals import is_multiple, round_down, to_wire
from bybit.market_types import Ticker
from bybit.models import Account, Instrument
from orders.errors import RuleBroken
from orders.models import Order
from orders.wishes import Wish
from positions.models import Position


def check(wish: Wish, account: Account, instrument: Instrument | None, *, hedge: bool) -> None:
    """Refuses what the market or the key would refuse. `hedge` is the market's position mode."""
    if account.read_only:
        raise RuleBroken("read_only", f"{account.why_read_only()} Nothing was sent.")
    if not only_reduces(wish):
        check_paused(account)
    if instrument is None:
        raise RuleBroken("unknown_symbol", f"There is no market {wish.symbol} here. Nothing was sent.")
    if instrument.status != "Trading" and not wish.reduce_only:
        raise RuleBroken("not_trading", f"{wish.symbol} is not trading now. Nothing was sent.")
    if wish.category != "spot":
        _check_index(wish, hedge)
    _check_qty(wish, instrument)
    for name, price in _prices(wish):
        _check_tick(name, price, instrument)
    _check_worth(wish.qty, wish.price, wish.in_quote, instrument, reducing=wish.reduce_only)
    _check_exits(wish)


def only_reduces(order: Wish | Order) -> bool:
    """Whether it can only make smaller what is held: reduce-only, or coins sold, for spot is never sold short. A pause
    lets it pass, new or changed."""
    return order.reduce_only or (order.category == "spot" and order.side == "Sell")


def check_paused(account: Account) -> None:
    """Refuses what adds risk on an account that somebody paused."""
    if account.paused_at is not None:
        raise RuleBroken("trading_paused", f"{account.why_paused()} Nothing was sent.")


def _check_index(wish: Wish, hedge: bool) -> None:
    if (wish.position_idx != 0) != hedge:
        raise RuleBroken(
            "position_idx",
            "position_idx is 1 or 2 in hedge mode and 0 in one-way mode. Nothing was sent.",
            position_mode="hedge" if hedge else "one_way",
        )
    closes = (wish.side == "Sell") == (wish.position_idx == 1)
    if hedge and closes != wish.reduce_only:
        raise RuleBroken(
            "position_idx",
            "In hedge mode buying on 1 opens the long side and selling on 2 the short side; the opposite closes it and "
            "is reduce_only. Nothing was sent.",
            position_mode="hedge" if hedge else "one_way",
        )


def _check_qty(wish: Wish, instrument: Instrument) -> None:
    _check_step(wish.qty, _size_step(instrument, wish.in_quote))
    if wish.in_quote:
        return
    if wish.qty < instrument.min_qty and not wish.reduce_only:
        least = to_wire(instrument.min_qty)
        raise RuleBroken("min_qty", f"The smallest size here is {least}. Nothing was sent.", min_qty=least)
    _check_most(wish.qty, instrument, market=wish.order_type == "Market")


def _size_step(instrument: Instrument, in_quote: bool) -> Decimal:
    """The step of a size in the quote coin, or in the market's own; where Bybit tells none of the former it is the
    latter's."""
    return (instrument.quote_step if in_quote else None) or instrument.qty_step


def _check_step(qty: Decimal, step: Decimal) -> None:
    if not is_multiple(qty, step):
        text = to_wire(step)
        raise RuleBroken(
            "qty_step", f"The size must be a multiple of {text}. Nothing was sent.", qty_step=text
        )


def _check_most(qty: Decimal, instrument: Instrument, *, market: bool) -> None:
    most = instrument.max_market_qty if market else instrument.max_qty
    if most is not None and qty > most:
        raise RuleBroken(
            "max_qty", f"The largest size here is {to_wire(most)}. Nothing was sent.", max_qty=to_wire(most)
        )


def _prices(wish: Wish) -> list[tuple[str, Decimal]]:
    """Every price of an order, with the name a person knows it by."""
    limits = [(name, wish.terms.get(name)) for name in ("tp_limit_price", "sl_limit_price")]
    named = [
        ("price", wish.price),
        ("trigger price", wish.trigger_price),
        ("take-profit", wish.take_profit),
        ("stop-loss", wish.stop_loss),
        *((name, None if text is None else Decimal(text)) for name, text in limits),
    ]
    return [(name, price) for name, price in named if price is not None]


def _check_tick(name: str, price: Decimal, instrument: Instrument) -> None:
    if not is_multiple(price, instrument.tick_size):
        tick = to_wire(instrument.tick_size)
        raise RuleBroken(
            "tick_size", f"The {name} must be a multiple of {tick}. Nothing was sent.", tick_size=tick
        )


def _check_worth(
    qty: Decimal, price: Decimal | None, in_quote: bool, instrument: Instrument, *, reducing: bool
) -> None:
    value = qty if in_quote else None if price is None else qty * price
    if value is None or instrument.min_notional is None or reducing:
        return
    if value < instrument.min_notional:
        least = to_wire(instrument.min_notional)
        raise RuleBroken(
            "min_notional",
            f"The order is worth {to_wire(value)}, the smallest allowed is {least}. Nothing was sent.",
            min_notional=least,
        )


def _check_exits(wish: Wish) -> None:
    """TP and SL on the wrong side of a known entry would fire at once, or never."""
    entry = wish.price or wish.trigger_price
    if entry is None:
        return
    long = wish.side == "Buy"
    if wish.take_profit is not None and (wish.take_profit > entry) != long:
        raise RuleBroken(
            "take_profit",
            f"The take-profit of a {'long' if long else 'short'} lies {'above' if long else 'below'} its entry "
            f"({to_wire(entry)}). Nothing was sent.",
        )
    if wish.stop_loss is not None and (wish.stop_loss < entry) != long:
        raise RuleBroken(
            "stop_loss",
            f"The stop-loss of a {'long' if long else 'short'} lies {'below' if long else 'above'} its entry "
            f"({to_wire(entry)}). Nothing was sent.",
        )


def direction(wish: Wish, ticker: Ticker) -> int:
    """1 when the price must rise to reach the trigger, 2 when it must fall. Raises RuleBroken when it is there now."""
    by = str(wish.terms.get("trigger_by", "LastPrice"))
    now = {"MarkPrice": ticker.mark, "IndexPrice": ticker.index}.get(by, ticker.last)
    if now is None or wish.trigger_price is None:
        raise RuleBroken("trigger_price", f"{by} is not known now. Nothing was sent.")
    if now == wish.trigger_price:
        raise RuleBroken(
            "trigger_price", "The trigger price is the price now: it would fire at once. Nothing was sent."
        )
    return 1 if wish.trigger_price > now else 2


def check_amend(order: Order, changes: dict[str, Any], instrument: Instrument | None) -> None:
    """Refuses a change that the order's kind or the market does not allow."""
    if "price" in changes and order.order_type == "Market":
        raise RuleBroken("price", "A market order has no price to change. Nothing was changed.")
    if ("trigger_price" in changes or "trigger_by" in changes) and order.trigger_price is None:
        raise RuleBroken("trigger_price", "This order has no trigger to change. Nothing was changed.")
    filled = Decimal(0) if order.order_type == "Market" else max(order.cum_exec_qty, order.fills_qty)
    qty = changes.get("qty", order.qty)
    if qty <= filled:
        raise RuleBroken(
            "below_filled",
            f"{to_wire(filled)} is filled already: the new total must be larger. Nothing was changed.",
            filled_qty=to_wire(filled),
        )
    if instrument is None:
        return
    in_quote = order.terms.get("market_unit") == "quoteCoin"
    if "qty" in changes:
        _check_step(qty, _size_step(instrument, in_quote))
        if not in_quote:
            _check_most(qty, instrument, market=order.order_type == "Market")
    for name in ("price", "trigger_price", "take_profit", "stop_loss", "tp_limit_price", "sl_limit_price"):
        if changes.get(name):
            _check_tick(name.replace("_", " "), changes[name], instrument)
    price = changes.get("price", order.price)
    _check_worth(qty, price, in_quote, instrument, reducing=order.reduce_only)


def check_stops(position: Position, values: dict[str, Any], instrument: Instrument | None) -> None:
    """Refuses stops off the market's steps, or for more than is held."""
    if instrument is None:
        return
    prices = ("take_profit", "stop_loss", "trailing_stop", "active_price", "tp_limit_price", "sl_limit_price")
    for name in prices:
        if values.get(name):
            _check_tick(name.replace("_", " "), values[name], instrument)
    for name in ("tp_size", "sl_size"):
        size = values.get(name)
        if size is not None:
            _check_step(size, instrument.qty_step)
            if size > position.size:
                raise RuleBroken(name, f"The position holds only {to_wire(position.size)}. Nothing was sent.")


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
