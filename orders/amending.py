"""Changing an open order, and a position's own stops. What is shown changes when Bybit says so, never because it was
asked for. Reached through `orders.services` alone."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from bybit import instruments
from bybit.errors import Banned, BybitError, Gone, NotSent, Refused
from bybit.gateway import Gateway
from bybit.models import Account
from bybit.types import Stops
from orders import access, lookup, news, risk, states
from orders.errors import Conflict, RuleBroken, sentence
from orders.models import Order, OrderEvent
from positions.models import Position

# Bybit's word for "it is so already" (https://bybit-exchange.github.io/docs/v5/error).
UNCHANGED = "34040"


def amend(
    *, user: AbstractBaseUser, order: Order, changes: dict[str, Any], version: int | None, source: str
) -> tuple[Order, bool]:
    """Asks Bybit to change an open order, once. Returns the order as it is now known and whether Bybit took it.

    Raises Conflict (`order_final`, `order_unsettled`, `order_changed`), RuleBroken (our rules or Bybit's refusal) or
    NotReconciled; nothing was changed then."""
    _check_state(order, version)
    account = access.account_of(user, order.account_id)
    link = access.link_of(account)
    if _adds_risk(order, changes):
        access.check_reconciled(account, link)
        if not risk.only_reduces(order):
            risk.check_paused(account)
    else:
        access.check_not_paused(link)
    risk.check_amend(order, changes, instruments.find(account.environment, order.category, order.symbol))
    gateway = access.informed(account, link)
    failure: BybitError | None = None
    try:
        gateway.amend(lookup.reference(order), changes)
    except BybitError as error:
        failure = error
    _note(order, changes, failure, source, user.get_username())
    if isinstance(failure, Banned):
        access.note_ban(account, gateway)
    return _after(gateway, order, changes, failure)


def _check_state(order: Order, version: int | None) -> None:
    if order.state in states.FINAL:
        raise Conflict("order_final", f"This order is already {order.state}. Nothing was changed.")
    if order.state in states.UNSETTLED and not order.exchange_order_id:
        raise Conflict(
            "order_unsettled",
            "Tradepost does not know yet whether Bybit has this order. Nothing was changed; wait for its state.",
        )
    if version is not None and version != order.version:
        raise Conflict(
            "order_changed",
            "This order has changed since you looked at it. Nothing was changed; look again and decide anew.",
            version=order.version,
        )


def _adds_risk(order: Order, changes: dict[str, Any]) -> bool:
    """Any other price or trigger counts, for each decides anew whether and when it trades; so do a larger size and an
    entry that loses its stop."""
    if order.reduce_only:
        return False
    moved = not changes.keys().isdisjoint(("price", "trigger_price", "trigger_by"))
    bared = bool(order.stop_loss) and changes.get("stop_loss") == 0
    return moved or bared or changes.get("qty", order.qty) > order.qty


def _note(order: Order, changes: dict[str, Any], failure: BybitError | None, source: str, by: str) -> None:
    asked = {name: str(value) for name, value in changes.items()}
    told: dict[str, Any] = {"retCode": 0}
    if failure is not None:
        told = {"code": failure.code, "message": failure.message, "kind": type(failure).__name__}
    OrderEvent.objects.create(
        order=order, at=timezone.now(), kind="amend", source=source, body={"by": by, "asked": asked, **told}
    )


def _after(
    gateway: Gateway, order: Order, changes: dict[str, Any], failure: BybitError | None
) -> tuple[Order, bool]:
    """Reads the order back, so that the answer shows Bybit's numbers; the stream and the resolver do so too."""
    if isinstance(failure, Refused):
        if _is_so_already(gateway, order, changes):
            return Order.objects.get(pk=order.pk), True
        raise RuleBroken(
            "bybit_refused",
            f"Bybit refused the change: {sentence(failure.message)} The order is as it was.",
            bybit_code=failure.code,
        )
    if isinstance(failure, NotSent):
        raise RuleBroken(
            "not_sent", f"{sentence(failure.message)} The order is as it was. Try again in a moment."
        )
    Order.objects.filter(pk=order.pk).update(next_check_at=timezone.now(), needs_read=True)
    news.take_findings(order, lookup.ask(gateway, order), "amend")
    after = Order.objects.get(pk=order.pk)
    if isinstance(failure, Gone) and after.state in states.FINAL:
        raise Conflict("order_final", f"This order is already {after.state}. Nothing was changed.")
    return after, failure is None


def _is_so_already(gateway: Gateway, order: Order, changes: dict[str, Any]) -> bool:
    """Bybit refuses a change to what is there already: the same tap twice, or one whose first answer was lost."""
    news.take_findings(order, lookup.ask(gateway, order), "amend")
    after = Order.objects.get(pk=order.pk)
    shown = {name: getattr(after, name, None) or Decimal(0) for name in changes if hasattr(after, name)}
    return shown.keys() == changes.keys() and all(shown[name] == changes[name] for name in changes)


def set_stops(*, user: AbstractBaseUser, position: Position, values: dict[str, Any]) -> tuple[Position, bool]:
    """Sets or removes a position's take-profit, stop-loss and trailing stop at Bybit, once. Returns the position as it
    is now known and whether Bybit took it. Raises RuleBroken when it refused: nothing was changed then."""
    account = access.account_of(user, position.account_id)
    if position.size == 0:
        raise RuleBroken("flat", "This position is flat: there is nothing to protect. Nothing was sent.")
    values = _both_legs(position, values)
    risk.check_stops(
        position, values, instruments.find(account.environment, position.category, position.symbol)
    )
    link = access.link_of(account)
    access.check_not_paused(link)
    gateway = access.informed(account, link)
    wish = Stops(
        category=position.category, symbol=position.symbol, position_idx=position.position_idx, values=values
    )
    try:
        gateway.set_stops(wish)
    except NotSent as error:
        raise RuleBroken(
            "not_sent",
            f"{sentence(error.message)} The position's stops are as they were. Try again in a moment.",
        ) from None
    except Refused as error:
        if error.code != UNCHANGED or not _as_wished(account, gateway, position, values):
            raise RuleBroken(
                "bybit_refused",
                f"Bybit refused: {sentence(error.message)} The position's stops are as they were.",
                bybit_code=error.code,
            ) from None
    except BybitError:
        access.note_ban(account, gateway)
        return _read(account, gateway, position), False
    return _read(account, gateway, position), True


def _both_legs(position: Position, values: dict[str, Any]) -> dict[str, Any]:
    """A take-profit and a stop-loss of the whole position are one pair at Bybit, which a change of one leg alone would
    undo: the other is named too, as it is."""
    if values.get("tpsl_mode", "Full") != "Full":
        return values
    legs = {"take_profit": ("TakeProfit", "tp_trigger_by"), "stop_loss": ("StopLoss", "sl_trigger_by")}
    found = dict(values)
    for name, (kind, trigger) in legs.items():
        other = "stop_loss" if name == "take_profit" else "take_profit"
        if name in values or other not in values or getattr(position, name) is None:
            continue
        found[name] = getattr(position, name)
        standing = Order.objects.filter(
            account_id=position.account_id,
            category=position.category,
            symbol=position.symbol,
            position_idx=position.position_idx,
            state__in=states.OPEN,
            terms__stop_order_type=kind,
        ).first()
        if standing is not None and standing.terms.get("trigger_by"):
            found[trigger] = standing.terms["trigger_by"]
    return found


def _as_wished(account: Account, gateway: Gateway, position: Position, values: dict[str, Any]) -> bool:
    """34040 also means "a parameter was missing": it is success only when the position shows what was wanted."""
    after = _read(account, gateway, position)
    names = ("take_profit", "stop_loss", "trailing_stop")
    return all((getattr(after, name) or Decimal(0)) == values[name] for name in names if name in values)


def _read(account: Account, gateway: Gateway, position: Position) -> Position:
    try:
        found = gateway.position(category=position.category, symbol=position.symbol).items
        news.record(account.pk, reported=found, source="rest")
    except BybitError:
        # The stream or the next pass brings it.
        pass
    return Position.objects.get(pk=position.pk)
