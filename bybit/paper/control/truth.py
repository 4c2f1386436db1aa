"""GET /_paper/truth: the ledger of one account, whatever faults and lags there are; journals are checked against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import rows
from ..engine.errors import bad_parameter
from ..engine.funds import coins_of
from ..engine.ledger import Ledger
from ..engine.model import Execution
from ..engine.numbers import plain
from ..engine.specs import SETTLE_COINS
from ..rest.call import Params
from ..rest.ledger_routes import closed_row
from ..wallet_rows import wallet_row
from .values import known_account

if TYPE_CHECKING:
    from ..venue import Venue


async def truth(venue: Venue, query: Params) -> dict[str, Any]:
    """Everything, oldest first, or what happened from `since` (ms) on. Orders and fills are those of a category:
    linear, spot or all."""
    ledger, account = venue.ledger, known_account(venue, query)
    category, since = query.get("category", "all"), _since(query)
    if category not in ("linear", "spot", "all"):
        raise bad_parameter("category must be linear, spot or all")
    wanted = ("linear", "spot") if category == "all" else (category,)
    margin = ledger.margin(account)
    orders = [order for order in ledger.orders.values() if order.account == account]
    return {
        "account": account,
        "orders": [
            rows.order_push(order)
            for order in orders
            if order.category in wanted and order.updated_ms >= since
        ],
        "executions": [
            _execution(row)
            for row in ledger.executions.get(account, [])
            if row.category in wanted and row.at_ms >= since
        ],
        "closedPnl": [
            closed_row(record)
            for record in ledger.closed_pnl.get(account, {}).values()
            if record.updated_ms >= since
        ],
        "transactions": [entry.row for entry in venue.transactions.of(account) if entry.at_ms >= since],
        "positions": [
            rows.position_row(holding, margin, ledger.protecting(holding.place))
            for holding in ledger.holdings(account)
            if holding.position.size
        ],
        "wallet": wallet_row(ledger, account),
        "funds": _funds(ledger, account),
    }


def _execution(row: Execution) -> dict[str, Any]:
    return {**rows.execution_push(row), "positionIdx": row.position_idx, "at_ns": row.at_ns}


def _funds(ledger: Ledger, account: str) -> dict[str, dict[str, str]]:
    """By coin what makes its balance, not rounded: wallet = deposits + realised - fees - funding + traded; of coins
    that no contract is settled in only the balance."""
    holder = ledger.accounts[account]
    names = ("deposits", "realised", "fees", "funding", "traded", "wallet")
    figures = {
        coin: {name: plain(getattr(holder.purse(coin), name)) for name in names} for coin in SETTLE_COINS
    }
    others = {coin.name: {"wallet": plain(coin.balance)} for coin in coins_of(ledger, account)}
    return {**others, **figures}


def _since(query: Params) -> int:
    text = str(query.get("since") or "0")
    if not text.isascii() or not text.isdigit():
        raise bad_parameter("since must be a time in ms")
    return int(text)
