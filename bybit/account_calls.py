"""The gateway's calls about the account itself: its results, its settings, and what an order would do to it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bybit import answers, keycheck, outgoing, parse
from bybit.decimals import to_wire
from bybit.errors import Refused, Unknown
from bybit.types import AccountInfo, CashRow, ClosedRow, KeyInfo, Margins, NewOrder, Page

# Bybit's words for "it is so already": https://bybit-exchange.github.io/docs/v5/error
LEVERAGE_UNCHANGED, MODE_UNCHANGED = "110043", "110025"
ONE_WAY, HEDGE = 0, 3


class AccountCalls:
    """A part of bybit.gateway.Gateway, which gives it `_call` and the session."""

    _http: Any
    _call: Callable[..., dict[str, Any]]

    def closed_pnl(self, *, category: str, start_ms: int, end_ms: int, cursor: str = "") -> Page[ClosedRow]:
        """One page of GET /v5/position/closed-pnl, newest first (at most seven days).
        https://bybit-exchange.github.io/docs/v5/position/close-pnl
        """
        answer = self._call(
            self._http.get_closed_pnl,
            category=category,
            startTime=start_ms,
            endTime=end_ms,
            limit=100,
            cursor=cursor or None,
        )
        return answers.page(answer, parse.closed, category)

    def cash(self, *, start_ms: int, end_ms: int, cursor: str = "") -> Page[CashRow]:
        """One page of GET /v5/account/transaction-log, newest first (at most seven days; 25 requests a second).
        https://bybit-exchange.github.io/docs/v5/account/transaction-log
        """
        answer = self._call(
            self._http.get_transaction_log,
            accountType="UNIFIED",
            startTime=start_ms,
            endTime=end_ms,
            limit=50,
            cursor=cursor or None,
        )
        return answers.page(answer, parse.cash)

    def account_info(self) -> AccountInfo:
        """GET /v5/account/info: the margin mode.
        https://bybit-exchange.github.io/docs/v5/account/account-info
        """
        found = answers.result(self._call(self._http.get_account_info))
        mode = found.get("marginMode")
        if not isinstance(mode, str):
            raise Unknown("Bybit told no margin mode", "unreadable")
        return AccountInfo(margin_mode=mode)

    def key_info(self) -> KeyInfo:
        """GET /v5/user/query-api: what the key that asks may do, from where, and until when.
        https://bybit-exchange.github.io/docs/v5/user/apikey-info
        """
        try:
            return keycheck.read(answers.result(self._call(self._http.get_api_key_information)))
        except keycheck.Unreadable as error:
            raise Unknown("Bybit's word on the key could not be read", str(error)) from None

    def set_leverage(self, *, category: str, symbol: str, buy: Decimal, sell: Decimal) -> None:
        """POST /v5/position/set-leverage. Unchanged is taken for done.
        https://bybit-exchange.github.io/docs/v5/position/leverage
        """
        try:
            self._call(
                self._http.set_leverage,
                category=category,
                symbol=symbol,
                buyLeverage=to_wire(buy),
                sellLeverage=to_wire(sell),
            )
        except Refused as error:
            if error.code != LEVERAGE_UNCHANGED:
                raise

    def switch_mode(self, *, symbol: str | None, coin: str | None, hedge: bool) -> None:
        """POST /v5/position/switch-mode of one market, or of all that settle in a coin. Unchanged is taken for done.
        https://bybit-exchange.github.io/docs/v5/position/position-mode
        """
        try:
            self._call(
                self._http.switch_position_mode,
                category="linear",
                symbol=symbol,
                coin=coin,
                mode=HEDGE if hedge else ONE_WAY,
            )
        except Refused as error:
            if error.code != MODE_UNCHANGED:
                raise

    def pre_check(self, order: NewOrder) -> Margins:
        """POST /v5/order/pre-check: the account's margin rates before and after an order that is not placed. Only for
        linear orders without a trigger, in cross or portfolio margin; Bybit refuses it otherwise.
        https://bybit-exchange.github.io/docs/v5/order/pre-check-order
        """
        found = answers.result(self._call(self._http.pre_check_order, **outgoing.create(order)))
        names = ("preImrE4", "preMmrE4", "postImrE4", "postMmrE4")
        values = [found.get(name) for name in names]
        if not all(type(value) is int for value in values):
            raise Unknown("Bybit's pre-check could not be read", "unreadable")
        return Margins(*(Decimal(value) / 10_000 for value in values))  # type: ignore[arg-type]
