"""The one function that talks to Bybit's REST, one typed call per endpoint. An order is one POST and no more.

Every call raises an error of bybit.errors and nothing else; every answer becomes a typed object in the next line.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import requests
from django.conf import settings
from django.utils import timezone
from pybit import _helpers
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bybit import answers, outgoing, parse
from bybit.account_calls import AccountCalls
from bybit.errors import Banned, NotSent, Unknown, classify
from bybit.market_calls import MarketCalls
from bybit.models import Account
from bybit.pace import Pace
from bybit.transport import Client
from bybit.types import (
    Answer,
    Execution,
    NewOrder,
    OrderRef,
    OrderReport,
    Page,
    PositionReport,
    Stops,
    Terms,
    WalletReport,
)

PAGE = 50
# Half of what Bybit allows of each list (50/s).
READS_PER_SECOND = 25
# An empty set falls back to pybit's own retries, and -1 is a real code: this one never comes.
NEVER_A_CODE = -999999
T = TypeVar("T")
Json = dict[str, Any]


class _Session(HTTP):  # type: ignore[misc]  # pybit is untyped
    """pybit's V5 session. `offset_ms` is the exchange's clock minus ours."""

    offset_ms: int = 0

    def __init__(
        self, *, api_key: str | None, api_secret: str | None, testnet: bool, demo: bool, base: str = ""
    ):
        super().__init__(
            api_key=api_key,
            api_secret=api_secret,
            testnet=testnet,
            demo=demo,
            timeout=(settings.CONNECT_SECONDS, settings.READ_SECONDS),
            recv_window=int(settings.RECV_WINDOW_SECONDS * 1000),
            max_retries=1,
            retry_codes={NEVER_A_CODE},
            force_retry=False,
            log_requests=False,
        )
        client = Client()
        client.headers.update({"Content-Type": "application/json", "Accept": "application/json"})
        self.client = client
        if base:
            self.endpoint = base.rstrip("/")

    def _prepare_headers(
        self, payload: str, recv_window: int, content_type: str = "application/json"
    ) -> dict[str, str]:
        timestamp = _helpers.generate_timestamp() + self.offset_ms
        return {
            "Content-Type": content_type,
            "X-BAPI-API-KEY": self.api_key,
            "X-BAPI-SIGN": self._auth(payload, recv_window, timestamp),
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-TIMESTAMP": str(timestamp),
            "X-BAPI-RECV-WINDOW": str(recv_window),
        }

    def __repr__(self) -> str:
        return "<Bybit session>"


def _never_connected(error: requests.RequestException) -> bool:
    """True when not one byte can have left: DNS, refused, or no connection in time."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, (NewConnectionError, ConnectTimeoutError)
    )


def _ask(method: Callable[..., Any], params: dict[str, Any]) -> Json:
    """One request. Raises BybitError for everything that is not `retCode` 0."""
    try:
        answer = method(**{name: value for name, value in params.items() if value is not None})
    except InvalidRequestError as error:
        raise classify(str(error.status_code), str(error.message)) from None
    except FailedRequestError as error:
        if error.status_code == 403:
            raise Banned("Bybit refuses this server's address for ten minutes", "http_403") from None
        # pybit calls unreadable JSON 409 and 400; either way nothing is proven.
        raise Unknown("Bybit's answer could not be read", f"http_{error.status_code}") from None
    except requests.RequestException as error:
        if _never_connected(error):
            raise NotSent("No connection to Bybit", "not_connected") from None
        raise Unknown("No answer from Bybit", type(error).__name__) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unknown("Bybit's answer could not be read", type(error).__name__) from None
    if not isinstance(answer, dict) or answer.get("retCode") != 0:
        raise Unknown("Bybit's answer has no result code", "unreadable")
    return answer


class Gateway(AccountCalls, MarketCalls):
    """REST of one account. Safe to share between threads."""

    def __init__(self, session: _Session, settle_coins: tuple[str, ...] = ("USDT", "USDC")) -> None:
        super().__init__()
        self._http = session
        self.settle_coins = settle_coins

        self._banned_until: datetime | None = None
        self._pace = Pace()

    def __repr__(self) -> str:
        return "<Gateway>"

    def _call(self, method: Callable[..., Any], **params: Any) -> Json:
        """One request, unless Bybit has banned this server: each would make the ban longer. Raises BybitError."""
        if self._banned_until is not None and timezone.now() < self._banned_until:
            raise NotSent(f"Bybit refuses this server until {self._banned_until:%H:%M:%S} UTC", "banned")
        self._pace.wait(method.__name__)
        try:
            return _ask(method, params)
        except Banned:
            self.stop_until(timezone.now() + timedelta(seconds=settings.BAN_SECONDS))
            raise

    @property
    def banned_until(self) -> datetime | None:
        """Until when nothing may be asked of Bybit."""
        return self._banned_until

    def stop_until(self, until: datetime | None) -> None:
        """Sends nothing before `until`: what another process learned of a ban holds here too."""
        if until is not None and (self._banned_until is None or until > self._banned_until):
            self._banned_until = until

    def has_room(self, seconds: float) -> bool:
        """Whether Bybit's limit for new orders (as its last answer told it) leaves room for one, within `seconds`."""
        cap = self._http.client.caps.get("/v5/order/create")
        return cap is None or self._pace.room("new orders", cap, seconds)

    def patiently(self, per_second: int = READS_PER_SECOND) -> AbstractContextManager[None]:
        """Within it, this thread asks each endpoint at most `per_second` times a second: the resolver always leaves
        half of Bybit's limit to commands."""
        return self._pace.slow(per_second)

    @property
    def clock_offset(self) -> int:
        """Bybit's clock minus ours, in milliseconds, as last measured."""
        return int(self._http.offset_ms)

    def set_clock_offset(self, offset_ms: int) -> None:
        """Signs by the exchange's clock from now on (its clock minus ours, in milliseconds)."""
        self._http.offset_ms = offset_ms

    def place(self, order: NewOrder) -> str:
        """POST /v5/order/create, once. Returns Bybit's order id.

        Raises Refused, Duplicate, ClockRefused (nothing was carried out), NotSent, or Unknown.
        https://bybit-exchange.github.io/docs/v5/order/create-order
        """
        answer = self._call(self._http.place_order, **outgoing.create(order))
        order_id = answers.result(answer).get("orderId")
        if not isinstance(order_id, str) or not order_id:
            raise Unknown("Bybit's answer names no order", "unreadable")
        return order_id

    def place_batch(self, category: str, orders: Sequence[NewOrder]) -> list[Answer]:
        """POST /v5/order/create-batch, once: an answer for each order, in their order. Not atomic. Raises BybitError
        for the request as a whole; Unknown then leaves every one of them in doubt.
        https://bybit-exchange.github.io/docs/v5/order/batch-place
        """
        bodies = [outgoing.create(order) for order in orders]
        for body in bodies:
            del body["category"]
        answer = self._call(self._http.place_batch_order, category=category, request=bodies)
        made, told = answers.rows(answer), answer.get("retExtInfo")
        codes = told.get("list") if isinstance(told, dict) else None
        if not isinstance(codes, list) or not len(made) == len(codes) == len(orders):
            raise Unknown("Bybit's answer to the batch is incomplete", "unreadable")
        return [answers.answer_of(row, code) for row, code in zip(made, codes, strict=True)]

    def amend(self, ref: OrderRef, changes: Terms) -> None:
        """POST /v5/order/amend, once. Raises Gone when the order is no longer open, Refused, or Unknown.
        https://bybit-exchange.github.io/docs/v5/order/amend-order
        """
        self._call(self._http.amend_order, **outgoing.amend(ref, changes))

    def cancel(self, ref: OrderRef) -> None:
        """POST /v5/order/cancel by Bybit's id, else by ours. May be repeated safely. Raises Gone when too late."""
        self._call(self._http.cancel_order, **outgoing.reference(ref))

    def cancel_all(self, *, category: str, symbol: str | None, settle_coin: str, order_filter: str) -> None:
        """POST /v5/order/cancel-all for plain orders (Order), or for conditional ones (StopOrder, on perpetuals without
        TP/SL and trailing stops; tpslOrder on spot). Bybit takes at most 500 at a time, chosen at will: ask again until
        none is left."""
        linear = category != "spot"
        self._call(
            self._http.cancel_all_orders,
            category=category,
            symbol=symbol,
            settleCoin=settle_coin if linear and not symbol else None,
            orderFilter=order_filter,
            stopOrderType="Stop" if order_filter == "StopOrder" and linear else None,
        )

    def set_stops(self, wish: Stops) -> None:
        """POST /v5/position/trading-stop: TP, SL and trailing stop of a position. Unchanged (34040) is taken for done.
        https://bybit-exchange.github.io/docs/v5/position/trading-stop
        """
        self._call(self._http.set_trading_stop, **outgoing.stops(wish))

    def coins(self, category: str) -> tuple[str | None, ...]:
        """The settle coins by which a category's open orders are asked for; spot knows none."""
        return self.settle_coins if category != "spot" else (None,)

    def open_orders(self, *, category: str, settle_coin: str | None, cursor: str = "") -> Page[OrderReport]:
        """One page of GET /v5/order/realtime: the orders that are open now, newest first."""
        answer = self._call(
            self._http.get_open_orders,
            category=category,
            settleCoin=settle_coin,
            limit=PAGE,
            cursor=cursor or None,
        )
        return answers.page(answer, parse.order, category)

    def closed_orders(
        self, *, category: str, start_ms: int, end_ms: int | None = None, cursor: str = ""
    ) -> Page[OrderReport]:
        """One page of GET /v5/order/history: the orders that have ended, newest first (at most seven days)."""
        answer = self._call(
            self._http.get_order_history,
            category=category,
            startTime=start_ms,
            endTime=end_ms,
            limit=PAGE,
            cursor=cursor or None,
        )
        return answers.page(answer, parse.order, category)

    def find_realtime(self, *, category: str, order_id: str, order_link_id: str) -> OrderReport | None:
        """One order from GET /v5/order/realtime by id, open or recently closed; None when it is not there."""
        return self._find(self._http.get_open_orders, category, order_id, order_link_id)

    def find_history(self, *, category: str, order_id: str, order_link_id: str) -> OrderReport | None:
        """One order from GET /v5/order/history by id; None when it is not there."""
        return self._find(self._http.get_order_history, category, order_id, order_link_id)

    def _find(
        self, method: Callable[..., Any], category: str, order_id: str, order_link_id: str
    ) -> OrderReport | None:
        by_link = None if order_id else order_link_id
        answer = self._call(method, category=category, orderId=order_id or None, orderLinkId=by_link)
        items = answers.page(answer, parse.order, category).items
        return next(
            (row for row in items if row.order_id == order_id or row.order_link_id == order_link_id), None
        )

    def executions(
        self,
        *,
        category: str,
        order_id: str = "",
        order_link_id: str = "",
        start_ms: int | None = None,
        end_ms: int | None = None,
        cursor: str = "",
    ) -> Page[Execution]:
        """One page of GET /v5/execution/list, newest first, by order or within a time (at most seven days)."""
        answer = self._call(
            self._http.get_executions,
            category=category,
            orderId=order_id or None,
            orderLinkId=(order_link_id or None) if not order_id else None,
            startTime=start_ms,
            endTime=end_ms,
            limit=100,
            cursor=cursor or None,
        )
        return answers.page(answer, parse.execution, category)

    def positions(self, *, category: str, settle_coin: str, cursor: str = "") -> Page[PositionReport]:
        """One page of GET /v5/position/list: the open positions of a settle coin."""
        answer = self._call(
            self._http.get_positions,
            category=category,
            settleCoin=settle_coin,
            limit=200,
            cursor=cursor or None,
        )
        return answers.page(answer, parse.position, category)

    def position(self, *, category: str, symbol: str) -> Page[PositionReport]:
        """The positions of one market, flat ones too."""
        return answers.page(
            self._call(self._http.get_positions, category=category, symbol=symbol), parse.position, category
        )

    def wallet(self) -> WalletReport:
        """GET /v5/account/wallet-balance of the unified account."""
        rows = answers.rows(self._call(self._http.get_wallet_balance, accountType="UNIFIED"))
        try:
            return parse.wallet(rows[0])
        except (IndexError, parse.Malformed) as error:
            raise Unknown("Bybit's wallet could not be read", type(error).__name__) from None

    def clock_offset_ms(self) -> int:
        """Bybit's clock minus ours, by GET /v5/market/time, halfway through the round trip."""
        before = time.time()
        answer = self._call(self._http.get_server_time)
        after = time.time()
        server_ms = answer.get("time")
        if not isinstance(server_ms, int):
            raise Unknown("Bybit told no time", "unreadable")
        return server_ms - round((before + after) * 500)


def once(account: Account) -> Gateway:
    """A gateway for a question or two: the account may be a row that is not stored yet."""
    return Gateway(
        _Session(
            api_key=account.api_key,
            api_secret=account.secret().reveal(),
            testnet=account.environment == Account.Environment.TESTNET,
            demo=account.environment == Account.Environment.DEMO,
            base=account.base(),
        )
    )


_gateways: dict[str, tuple[tuple[Any, ...], Gateway]] = {}
_lock = threading.Lock()


def for_account(account: Account) -> Gateway:
    """The gateway of an account, one per process: its connections to Bybit stay warm between orders."""
    marks = (account.api_key, bytes(account.sealed_secret), account.environment, account.base())
    with _lock:
        known = _gateways.get(account.pk)
        if known and known[0] == marks:
            return known[1]
        gateway = once(account)
        _gateways[account.pk] = (marks, gateway)
        return gateway
