"""What only spot has: the filters of its pairs, and how much of one an account can buy or sell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..engine import funds
from ..engine.errors import bad_parameter
from ..engine.numbers import ZERO, down, plain
from ..engine.specs import SETTLE_COIN, Spec
from . import tickets
from .call import Context, Route
from .params import one_of


def spot_instrument(spec: Spec) -> dict[str, Any]:
    """A pair as GET /v5/market/instruments-info shows it."""
    largest, market = plain(spec.max_qty), plain(spec.max_market_qty)
    return {
        "symbol": spec.symbol, "symbolId": spec.symbol_id, "baseCoin": spec.base_coin,
        "quoteCoin": SETTLE_COIN, "status": spec.status, "symbolType": "", "innovation": "0",
        "marginTrading": "none", "stTag": "0", "xstockMultiplier": "",
        "lotSizeFilter": {
            "basePrecision": plain(spec.step), "quotePrecision": plain(spec.quote_step),
            "minOrderQty": plain(spec.min_qty), "maxOrderQty": largest,
            "minOrderAmt": plain(spec.min_notional), "maxOrderAmt": "8000000", "maxLimitOrderQty": largest,
            "maxMarketOrderQty": market, "postOnlyMaxLimitOrderSize": largest,
        },
        "priceFilter": {"tickSize": plain(spec.tick)},
        "riskParameters": {"priceLimitRatioX": plain(spec.ratio_x), "priceLimitRatioY": plain(spec.ratio_y)},
    }  # fmt: skip


def borrow_check(context: Context) -> dict[str, Any]:
    """GET /v5/order/spot-borrow-check: what own funds allow; nothing is lent."""
    if context.text("category") != "spot":
        raise bad_parameter("params error: category invalid")
    side, ledger = one_of(context, "side", ("Buy", "Sell")), context.venue.ledger
    book = ledger.books[tickets.symbol(context)]
    coin = SETTLE_COIN if side == "Buy" else book.spec.base_coin
    free = max(funds.available(ledger, context.account, coin), ZERO)
    price: Decimal = book.quote.last
    amount = free if side == "Buy" else free * price
    qty = plain(down(free / price if side == "Buy" else free, book.spec.step))
    value = plain(down(amount, book.spec.quote_step))
    return {
        "symbol": book.spec.symbol, "side": side, "maxTradeQty": qty, "maxTradeAmount": value,
        "spotMaxTradeQty": qty, "spotMaxTradeAmount": value, "borrowCoin": coin,
    }  # fmt: skip


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v5/order/spot-borrow-check"): Route(borrow_check),
}
