"""The routes about the account's margin: its mode, what an order would bind, what could be withdrawn."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..engine import funds, trading
from ..engine.errors import Refusal, bad_parameter
from ..engine.margin import Margin
from ..engine.modes import fitted
from ..engine.numbers import CENT8, ZERO, plain
from ..engine.specs import SETTLE_COINS
from . import tickets
from .call import Context, Route
from .market_routes import instruments
from .params import one_of

_MODES = ("REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN")


def set_margin_mode(context: Context) -> dict[str, Any]:
    """POST /v5/account/set-margin-mode. It is shown, and refused with positions or orders; the margin itself is
    that of cross margin in all three."""
    mode, ledger = one_of(context, "setMarginMode", _MODES), context.venue.ledger
    account = ledger.accounts[context.account]
    if mode == account.margin_mode:
        raise Refusal(110027, "Margin is not modified")
    held = any(position.size for position in ledger.positions_of.get(context.account, ()))
    if held or ledger.open_orders.get(context.account):
        reason = {"reasonCode": "3400045", "reasonMsg": "There are open positions or orders"}
        raise Refusal(3400045, "Set margin mode failed", {"reasons": [reason]})
    account.margin_mode, account.changed_ms = mode, context.now.ms
    ledger.events.accounts[context.account] = None
    return {"reasons": []}


def pre_check(context: Context) -> dict[str, Any]:
    """POST /v5/order/pre-check: the account's margin rates before and after an order, in hundredths of a per cent."""
    tickets.category(context)
    ledger = context.venue.ledger
    ticket = fitted(ledger, tickets.ticket(context))
    if ticket.trigger is not None:
        raise bad_parameter("params error: conditional orders cannot be checked")
    before = ledger.margin(context.account)
    value = trading.expected_value(ledger, ticket)
    holding = ledger.holding(*ticket.place)
    bound = ZERO if ticket.reduce_only else value / holding.position.leverage
    kept = ZERO if ticket.reduce_only else value * holding.spec.tier(value).maintenance
    figures = _rates("pre", before, ZERO, ZERO) | _rates("post", before, bound, kept)
    try:
        trading.check(ledger, ticket)
    except Refusal as refusal:
        ext = {_snake(name): amount for name, amount in figures.items()} if refusal.code == 110007 else {}
        raise Refusal(refusal.code, refusal.text, None, ext) from None
    return {"orderId": "", "orderLinkId": ticket.link_id, **figures}


def _rates(name: str, margin: Margin, initial: Decimal, maintenance: Decimal) -> dict[str, int]:
    equity = max(margin.equity, CENT8)
    bound = margin.position_initial + margin.order_initial + initial
    return {
        f"{name}ImrE4": int(bound * 10_000 / equity),
        f"{name}MmrE4": int((margin.maintenance + maintenance) * 10_000 / equity),
    }


def _snake(name: str) -> str:
    """preImrE4 as pre_imr_e4."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def account_instruments(context: Context) -> dict[str, Any]:
    """GET /v5/account/instruments-info: the contracts that the account may trade, which is all of them."""
    document = instruments(context)
    for row in document["list"]:
        row.update(isPublicRpi=False, myRpiPermission=False)
    return document


def withdrawable(context: Context) -> dict[str, Any]:
    """GET /v5/account/withdrawal: what could be moved out of the account."""
    names = [name for name in context.text("coinName").split(",") if name]
    if not names or len(names) > 20:
        raise bad_parameter("params error: coinName invalid")
    ledger, account = context.venue.ledger, context.account
    amounts = {name: plain(funds.available(ledger, account, name).quantize(CENT8)) for name in names}
    return {"availableWithdrawal": amounts[names[0]], "availableWithdrawalMap": amounts}


def collateral(context: Context) -> dict[str, Any]:
    """GET /v5/account/collateral-info: nothing can be borrowed here."""
    row = {
        "hourlyBorrowRate": "0", "maxBorrowingAmount": "0", "freeBorrowingLimit": "0",
        "freeBorrowAmount": "0", "borrowAmount": "0", "otherBorrowAmount": "0", "availableToBorrow": "0",
        "borrowable": False, "freeBorrowingAmount": "", "borrowUsageRate": "0", "marginCollateral": True,
        "collateralSwitch": True, "collateralRatio": "1",
    }  # fmt: skip
    return {
        "list": [
            {"currency": name, **row} for name in SETTLE_COINS if context.text("currency") in ("", name)
        ]
    }  # fmt: skip


def smp_group(context: Context) -> dict[str, Any]:
    """GET /v5/account/smp-group: the account is in none."""
    return {"smpGroup": 0}


def spot_margin_state(context: Context) -> dict[str, Any]:
    """GET /v5/spot-margin-trade/state: off."""
    return {"spotLeverage": "", "spotMarginMode": "0", "effectiveLeverage": ""}


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/v5/account/set-margin-mode"): Route(set_margin_mode, limit=5, right="Position"),
    ("POST", "/v5/order/pre-check"): Route(pre_check, limit=10, right="Order"),
    ("GET", "/v5/account/instruments-info"): Route(account_instruments, limit=10),
    ("GET", "/v5/account/withdrawal"): Route(withdrawable),
    ("GET", "/v5/account/collateral-info"): Route(collateral),
    ("GET", "/v5/account/smp-group"): Route(smp_group, limit=5),
    ("GET", "/v5/spot-margin-trade/state"): Route(spot_margin_state),
}
