"""The routes about positions: the list, leverage, mode, and what protects them."""

from __future__ import annotations

from typing import Any

from .. import rows
from ..engine import modes, trading
from ..engine.errors import bad_parameter
from ..engine.margin import Holding
from ..engine.numbers import parse
from ..engine.specs import SPECS
from ..engine.trading_stop import set_trading_stop
from . import stop_params, tickets
from .call import Context, Route
from .order_routes import selected_symbols
from .pages import Place, page
from .params import one_of

_ORDER = {symbol: number for number, symbol in enumerate(reversed(SPECS))}


def positions(context: Context) -> dict[str, Any]:
    """GET /v5/position/list: with a symbol also when flat, with settleCoin only what is held."""
    if context.text("category") not in ("linear", "inverse", "option"):
        raise bad_parameter("params error: category invalid")
    symbols, ledger = selected_symbols(context, required=True), context.venue.ledger
    if context.text("symbol"):
        shown = [leg for symbol in symbols for leg in ledger.legs(context.account, symbol)]
    else:
        shown = [
            holding for holding in ledger.holdings(context.account)
            if holding.position.size and holding.spec.symbol in symbols
        ]  # fmt: skip
    chosen, cursor = page(shown, _place, context.whole("limit", 20, 1, 200), context.text("cursor"))
    margin = ledger.margin(context.account)
    return {
        "category": context.text("category"),
        "nextPageCursor": cursor,
        "list": [rows.position_row(each, margin, ledger.protecting(each.place)) for each in chosen],
    }


def _place(holding: Holding) -> Place:
    """Contracts in their usual order, the long leg before the short one."""
    return _ORDER[holding.spec.symbol] * 10 - holding.position.idx + 2, holding.spec.symbol


def set_leverage(context: Context) -> dict[str, Any]:
    """POST /v5/position/set-leverage: both sides alike, but in hedge mode under isolated margin."""
    tickets.category(context)
    buy, sell = parse(context.params.get("buyLeverage")), parse(context.params.get("sellLeverage"))
    if buy is None or sell is None:
        raise bad_parameter("params error: buyLeverage and sellLeverage must be numbers")
    name, ledger = tickets.symbol(context), context.venue.ledger
    trading.set_leverage(ledger, context.account, name, buy, context.now, short=sell)
    return {}


def switch_mode(context: Context) -> dict[str, Any]:
    """POST /v5/position/switch-mode: one-way (0) or hedge (3), of a symbol or of all of a coin."""
    tickets.category(context)
    mode = int(one_of(context, "mode", ("0", "3")))
    ledger, coin = context.venue.ledger, context.text("coin")
    if context.text("symbol"):
        modes.switch(ledger, context.account, tickets.symbol(context), mode)
    elif coin:
        modes.switch_coin(ledger, context.account, coin, mode)
    else:
        raise bad_parameter("params error: symbol or coin is required")
    return {}


def trading_stop(context: Context) -> dict[str, Any]:
    """POST /v5/position/trading-stop."""
    tickets.category(context)
    place = context.account, tickets.symbol(context), tickets.position_idx(context)
    set_trading_stop(context.venue.ledger, place, stop_params.stop_change(context), context.now)
    return {}


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v5/position/list"): Route(positions),
    ("POST", "/v5/position/set-leverage"): Route(set_leverage, limit=10, right="Position"),
    ("POST", "/v5/position/switch-mode"): Route(switch_mode, limit=10, right="Position"),
    ("POST", "/v5/position/trading-stop"): Route(trading_stop, limit=10, right="Position"),
}
