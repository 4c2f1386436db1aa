"""What is done with whole positions: close all of them, turn one round, set leverage and mode. Each order goes out by
the order manager, once; what reduces comes first and is proven before anything adds. Reached through
`orders.services`' callers alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from bybit import instruments
from bybit.answers import every
from bybit.decimals import is_multiple, to_wire
from bybit.errors import Banned, BybitError, NotSent, Refused
from bybit.gateway import Gateway
from bybit.models import Account
from bybit.types import CATEGORIES
from orders import access, lookup, seen, services, states
from orders.errors import RuleBroken, TradeError, sentence
from orders.models import Order
from orders.risk import check_paused
from orders.services import Asker, Placed
from orders.wishes import Wish, request_of
from positions.models import Position
from positions.services import position_id

# So long the second step of turning a position round waits for the proof of the first.
PROOF_SECONDS = 8.0
LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Turned:
    """What turning a position round came to: the order that closed it, the one that opened the other side (None when it
    was not placed), and why not."""

    close: Placed
    opened: Placed | None
    error: TradeError | None


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing one of all positions came to."""

    position: Position
    placed: Placed | None
    error: TradeError | None


class NotProven(TradeError):
    """The close is under way, but nothing says yet that the position is flat."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "close_not_proven",
            "The close was sent, but Bybit has not shown the position as flat yet, so the other side was not opened. "
            "Look at the position, then open it yourself if you still want to.",
        )


def close_wish(position: Position, order_id: UUID, **terms: Any) -> Wish:
    """A market close of a position; services.close_position fills in side and size."""
    asked = {"close": position.pk, "order_type": "Market", "price": None, "fraction": Decimal(1), **terms}
    return Wish(
        id=order_id,
        account_id=position.account_id,
        category=position.category,
        symbol=position.symbol,
        side="",
        order_type="Market",
        qty=position.size,
        price=None,
        time_in_force="IOC",
        reduce_only=True,
        position_idx=position.position_idx,
        request=request_of(asked),
    )


def reverse(*, asker: Asker, position: Position, close_id: UUID, open_id: UUID) -> Turned:
    """Closes a position and then opens as much on the other side: two orders, the second only when Bybit shows the
    first to have left nothing. A repeat with the same ids sends nothing. Raises TradeError when nothing was sent."""
    account = access.account_of(asker.user, position.account_id)
    known = Order.objects.filter(pk=close_id).first()
    if known is None:
        _may_add(asker, account, position)
    side = position.side
    closing = services.close_position(
        asker=asker,
        position=position,
        wish=close_wish(position, close_id, reverse=str(open_id)),
        fraction=None,
    )
    if not closing.fresh:
        opened = Order.objects.filter(pk=open_id, account=account).first()
        return Turned(closing, Placed(opened, fresh=False) if opened else None, None)
    order = _until_flat(account, position, closing.order)
    closing = replace(closing, order=order)
    if order.state != "filled" or not _is_flat(position):
        return Turned(closing, None, NotProven())
    try:
        # As much as was really closed: a stop may have taken a part of it before this order came.
        closed = max(order.cum_exec_qty, order.fills_qty)
        return Turned(closing, _open_other(asker, position, open_id, closed, side), None)
    except TradeError as error:
        return Turned(closing, None, error)


def _may_add(asker: Asker, account: Account, position: Position) -> None:
    """What would refuse the second step refuses the first: a position is not closed for nothing."""
    if asker.stamp is not None or asker.must_see:
        seen.check(asker.stamp or "", user_id=asker.user.pk, account_id=account.pk, position_id=position.pk)
    access.check_reconciled(account, access.link_of(account))
    check_paused(account)


def _until_flat(account: Account, position: Position, order: Order) -> Order:
    gateway = access.gateway_of(account)
    deadline = time.monotonic() + PROOF_SECONDS
    while time.monotonic() < deadline:
        order = Order.objects.get(pk=order.pk)
        if order.state in states.FINAL:
            services.read_position(account, gateway, position.category, position.symbol)
            if order.state != "filled" or _is_flat(position):
                return order
        else:
            services.take_findings(order, lookup.ask(gateway, order), "reverse")
        time.sleep(LOOK_SECONDS)
    return Order.objects.get(pk=order.pk)


def _is_flat(position: Position) -> bool:
    return Position.objects.filter(pk=position.pk, size=0).exists()


def _open_other(asker: Asker, position: Position, open_id: UUID, size: Decimal, side: str) -> Placed:
    other = {1: 2, 2: 1}.get(position.position_idx, 0)
    wish = Wish(
        id=open_id,
        account_id=position.account_id,
        category=position.category,
        symbol=position.symbol,
        side="Sell" if side == "Buy" else "Buy",
        order_type="Market",
        qty=size,
        price=None,
        time_in_force="IOC",
        reduce_only=False,
        position_idx=other,
        request=request_of({"reverse": position.pk, "qty": size}),
    )
    # What was seen was checked before the first step; it has changed since, by this very order.
    return services.place(asker=replace(asker, stamp=None, must_see=False), wish=wish)


def close_everything(*, asker: Asker, account: Account, base_id: UUID) -> list[Closed]:
    """Closes every position of an account at the market, one order each, as Bybit lists them now. The ids follow from
    `base_id`: a repeat with it sends nothing twice. One that is refused holds up no other. Raises Paused."""
    link = access.link_of(account)
    access.check_not_paused(link)
    gateway = access.informed(account, link)
    try:
        for coin in gateway.settle_coins:
            for items in every(gateway.positions, category=CATEGORIES[0], settle_coin=coin):
                services.record(account.pk, reported=items, source="rest")
    except BybitError:
        # What is known is closed all the same; each close is Bybit's to accept.
        access.note_ban(account, gateway)
    results = []
    for position in (
        Position.objects.filter(account=account).exclude(size=0).order_by("symbol", "position_idx")
    ):
        wish = close_wish(position, uuid5(base_id, position.pk))
        try:
            placed = services.close_position(asker=asker, position=position, wish=wish, fraction=None)
            results.append(Closed(position, placed, None))
        except TradeError as error:
            results.append(Closed(position, None, error))
    return results


def set_leverage(*, account: Account, category: str, symbol: str, buy: Decimal, sell: Decimal) -> bool:
    """Sets a market's leverage at Bybit, once. Returns whether Bybit took it (False: no proof; it is read again).
    Raises RuleBroken: nothing was changed."""
    instrument = instruments.find(account.environment, category, symbol)
    if instrument is None:
        raise RuleBroken("unknown_symbol", f"There is no market {symbol} here. Nothing was changed.")
    least, most = instrument.min_leverage or Decimal(1), instrument.max_leverage
    unit = instrument.leverage_step or Decimal("0.01")
    for value in (buy, sell):
        if value < least or (most is not None and value > most) or not is_multiple(value, unit):
            raise RuleBroken(
                "leverage",
                f"Leverage here goes from {to_wire(least)} to {to_wire(most or value)} in steps of {to_wire(unit)}. "
                "Nothing was changed.",
            )

    def ask(gateway: Gateway) -> None:
        gateway.set_leverage(category=category, symbol=symbol, buy=buy, sell=sell)

    return _change(account, ask, "The leverage is as it was", category, symbol)


def set_mode(*, account: Account, symbol: str | None, hedge: bool) -> bool:
    """Switches one market, or all USDT perpetuals, between one-way and hedge mode. Bybit refuses it while there are
    positions or orders. Returns whether there is proof. Raises RuleBroken: nothing was changed."""

    def ask(gateway: Gateway) -> None:
        gateway.switch_mode(symbol=symbol, coin=None if symbol else "USDT", hedge=hedge)

    taken = _change(account, ask, "The mode is as it was", "linear", symbol)
    if taken and symbol is None:
        mode = Account.PositionMode.HEDGE if hedge else Account.PositionMode.ONE_WAY
        Account.objects.filter(pk=account.pk).update(position_mode=mode)
    return taken


def _change(
    account: Account, ask: Callable[[Gateway], None], state: str, category: str, symbol: str | None
) -> bool:
    """One request that changes a setting, and a look at what it came to."""
    link = access.link_of(account)
    access.check_not_paused(link)
    gateway = access.informed(account, link)
    if account.read_only:
        raise RuleBroken("read_only", f"{account.why_read_only()} {state}.")
    try:
        ask(gateway)
    except NotSent as error:
        raise RuleBroken("not_sent", f"{sentence(error.message)} {state}. Try again in a moment.") from None
    except Refused as error:
        raise RuleBroken(
            "bybit_refused", f"Bybit refused: {sentence(error.message)} {state}.", bybit_code=error.code
        ) from None
    except BybitError as error:
        if isinstance(error, Banned):
            access.note_ban(account, gateway)
        return False
    if symbol is not None:
        services.read_position(account, gateway, category, symbol)
    return True


def place_of(text: str) -> tuple[str, str, str, int]:
    """Account, category, symbol and index of a position's id, whether there is a row of it or not."""
    account_id, category, symbol, index = text.split(":")
    assert position_id(account_id, category, symbol, int(index)) == text  # noqa: S101  # the route has checked its form
    return account_id, category, symbol, int(index)
