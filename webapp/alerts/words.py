"""What is told of an event, and in which words. Pure.

A lock screen is read by whoever holds the phone: a text has the market and the time, and no amount or price unless its
user asked for them. Nothing that a push opens does anything: it is a screen that shows what is true by then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

# What a user can choose from; the words for it are the page's.
KINDS = ("fill", "rejected", "liquidation", "stop", "trouble", "security")
# How long each is news. RFC 8030 lets a service keep a push for this long for a phone that is off.
_NEWS_FOR = {
    "fill": timedelta(seconds=300),
    "rejected": timedelta(seconds=300),
    "stop": timedelta(seconds=300),
    "liquidation": timedelta(hours=1),
    "trouble": timedelta(hours=1),
    "security": timedelta(hours=24),
    "test": timedelta(seconds=60),
}
# Bybit's enum stopOrderType: https://bybit-exchange.github.io/docs/v5/enum#stopordertype
_STOPS = {
    "StopLoss": "Stop-loss hit",
    "PartialStopLoss": "Stop-loss hit",
    "TrailingStop": "Trailing stop hit",
    "TakeProfit": "Take-profit hit",
    "PartialTakeProfit": "Take-profit hit",
}
# Bybit's enum execType: https://bybit-exchange.github.io/docs/v5/enum#exectype
_FORCED = {
    "BustTrade": "Liquidated",
    "AdlTrade": "Reduced by ADL",
    "Settle": "Settled",
    "Delivery": "Delivered",
}
# Bybit's enum createType: https://bybit-exchange.github.io/docs/v5/enum#createtype
_BY_FORCE = ("CreateByLiq", "CreateByAdl", "CreateByTakeOver", "CreateBySettle")
# Why Bybit ends an order without anything having gone wrong: https://bybit-exchange.github.io/docs/v5/enum#rejectreason
_NO_TROUBLE = frozenset({"", "EC_NoError", "EC_PerCancelRequest"})
# Why Bybit cancels an order, without any rejectReason, that its owner counts on: enum cancelType. What goes with its
# position, or because its pair was carried out, is no news: https://bybit-exchange.github.io/docs/v5/enum#canceltype
_BY_BYBIT = frozenset(
    {
        "CancelByPrepareLiq",
        "CancelAllBeforeLiq",
        "CancelByPrepareAdl",
        "CancelAllBeforeAdl",
        "CancelByCannotAffordOrderCost",
        "CancelByAdmin",
        "CancelBySettle",
        "CancelBySmp",
        "CancelByDCP",
    }
)
# With these Bybit cancels what is left of an order by value where that buys no further step.
_SPENT = frozenset({"EC_CancelByOrderValueZero", "EC_CancelByMatchValueZero"})
# What the audit log has of somebody's sign-in that its owner should hear of at once, whoever did it.
_LOCKS = {
    "sign_in": "New sign-in",
    "recovery_code_used": "A recovery code was used",
    "recovery_codes_made": "New recovery codes were made",
    "factor_added": "An authenticator was added",
    "factor_removed": "An authenticator was removed",
    "factors_removed": "All second factors were removed",
    "passkey_added": "A passkey was added",
    "passkey_removed": "A passkey was removed",
    "password_changed": "The password was changed",
    "token_made": "An API token was made",
    "key_changed": "An account's key was changed",
    "account_added": "An account was added",
    "live_on": "Live trading was switched on",
    "trading_paused": "Trading was paused",
    "trading_resumed": "Trading goes on after a pause",
    "push_added": "A device takes notifications now",
    "push_renewed": "A device takes its notifications elsewhere now",
    "push_removed": "A device takes no notifications any more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell. `exact` is what is added for who wants amounts."""

    kind: str
    key: str
    tag: str
    title: str
    body: str
    exact: str = ""
    screen: str
    at: datetime

    @property
    def until(self) -> datetime:
        """From then on it is no news any more."""
        return self.at + _NEWS_FOR[self.kind]

    @property
    def urgent(self) -> bool:
        """Whether it may wake a phone that sleeps."""
        return self.kind not in ("fill", "rejected")

    def text(self, *, amounts: bool) -> str:
        exact = f"{self.exact} · " if amounts and self.exact else ""
        return f"{self.body} · {exact}{self.at.astimezone(UTC):%H:%M:%S} UTC"[:300]


def _market(row: Mapping[str, Any]) -> str:
    """The market of an order or a fill, told from the other one of the same symbol."""
    return f"{row['symbol']} spot" if row["category"] == "spot" else str(row["symbol"])


def of_fill(fill: Mapping[str, Any], order: Mapping[str, Any] | None) -> News | None:
    """Of an execution, with its order as it is now; None for what is no trade. Both have the API's shape."""
    told, at = str(fill["exec_type"]), datetime.fromisoformat(fill["at"])
    where, exact = f"{_market(fill)} {fill['side']}", f"{fill['qty']} at {fill['price']}"
    if told in _FORCED:
        return News(
            kind="liquidation",
            key=f"fill:{fill['account']}:{fill['exec_id']}",
            tag=f"forced:{fill['account']}:{fill['category']}:{fill['symbol']}",
            title=_FORCED[told],
            body=where,
            exact=exact,
            screen="/positions",
            at=at,
        )
    if told != "Trade":
        return None
    if order is None:
        key = f"fill:{fill['account']}:{fill['exec_id']}"
        return News(
            kind="fill",
            key=key,
            tag=key,
            title="Part filled",
            body=where,
            exact=exact,
            screen="/positions",
            at=at,
        )
    return _filled(order, at, part=f"fill:{fill['account']}:{fill['exec_id']}")


def _is_filled(order: Mapping[str, Any]) -> bool:
    """Also one by value of which nothing but such a rest was cancelled: all of it was carried out."""
    if order["state"] == "filled":
        return True
    spent = order["market_unit"] == "quoteCoin" and order["reject_reason"] in _SPENT
    return order["state"] == "cancelled" and spent and Decimal(order["filled_qty"]) > 0


def _filled(order: Mapping[str, Any], at: datetime, *, part: str) -> News:
    """An order is filled, or a part of it by the execution that `part` names. Bybit tells of the last execution and of
    the order's end by two messages, in any order: both are the same news under the same key."""
    stop = _STOPS.get(str(order["stop_order_type"]))
    average = order["avg_price"]
    whole = _is_filled(order)
    return News(
        kind="stop" if stop else "fill",
        key=f"filled:{order['id']}" if whole else part,
        tag=f"order:{order['id']}",
        title=(stop or "Order filled") if whole else f"{stop}, part filled" if stop else "Part filled",
        body=f"{_market(order)} {order['side']}",
        exact=order["filled_qty"] if average is None else f"{order['filled_qty']} at {average}",
        screen="/positions",
        at=at,
    )


def of_order(order: Mapping[str, Any]) -> News | None:
    """Of an order's change; None unless it has come to an end that its owner did not ask for."""
    at = datetime.fromisoformat(order["updated_at"])
    if _is_filled(order):
        # What Bybit closed by force is told by its execution.
        forced = str(order["create_type"]).startswith(_BY_FORCE)
        return None if forced else _filled(order, at, part="")
    if order["state"] == "rejected":
        never = order["reject_code"] in ("never_sent", "never_arrived", "clock")
        title = "Order not placed" if never else "Order rejected"
    elif order["state"] == "cancelled" and (
        order["reject_reason"] not in _NO_TROUBLE or order["cancel_type"] in _BY_BYBIT
    ):
        title = "Order ended by Bybit"
    else:
        return None
    return News(
        kind="rejected",
        key=f"end:{order['id']}:{order['state']}",
        tag=f"order:{order['id']}",
        title=title,
        body=f"{_market(order)} {order['side']}",
        exact=f"{order['qty']}{'' if order['price'] is None else ' at ' + order['price']}",
        screen="/orders",
        at=at,
    )


def of_alert(*, alert: int, order: str, category: str, symbol: str, at: datetime) -> News:
    """Of something about an order that waits for a person: the console says what."""
    return News(
        kind="trouble", key=f"alert:{alert}", tag=f"order:{order}", title="An order needs a look",
        body=_market({"category": category, "symbol": symbol}), screen="/orders", at=at,
    )  # fmt: skip


def of_account(*, what: str, account: str, label: str, since: datetime, at: datetime) -> News:
    """Of an account that cannot be traded or followed: `key` (Bybit takes its key no more), `ban` (Bybit refuses this
    server) or `stream` (its news does not come); `since` tells one such trouble from the next."""
    title = {
        "key": "Bybit refuses the key",
        "ban": "Bybit refuses this server for a while",
        "stream": "No news from Bybit",
    }[what]
    return News(
        kind="trouble", key=f"{what}:{account}:{since:%Y%m%dT%H%M%S.%f}", tag=f"{what}:{account}", title=title,
        body=label, screen="/more", at=at,
    )  # fmt: skip


def of_lock(*, number: int, kind: str, detail: Mapping[str, Any], address: str, at: datetime) -> News | None:
    """Of an entry of the audit log; None for what nobody needs to be woken for."""
    title = _LOCKS.get(kind)
    if title is None:
        return None
    who = str(detail.get("device") or detail.get("name") or "").strip()
    where = f"from {address}" if address else "by the server's shell"
    return News(
        kind="security", key=f"audit:{number}", tag=f"audit:{number}", title=title,
        body=f"{who} {where}".strip(), screen="/more", at=at,
    )  # fmt: skip


def of_test(*, key: str, at: datetime) -> News:
    return News(
        kind="test", key=f"test:{key}", tag="test", title="Tradepost can reach this device",
        body="This is a test", screen="/more", at=at,
    )  # fmt: skip
