"""Refusals of our own, each with its place in the API's error shape. Nothing was written or sent."""

from typing import Any


class TradeError(Exception):
    """An order that Tradepost does not carry out. `status` is the HTTP status; the text tells the person what
    happened, what state the money is in, and what to do next."""

    status = 422

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class RuleBroken(TradeError):
    """Refused by a rule of the market or of the owner; `detail.rule` names it."""

    def __init__(self, rule: str, message: str, **detail: Any) -> None:
        super().__init__(rule, message, rule=rule, **detail)


class NotFound(TradeError):
    status = 404

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"There is no such {what}, or it is not yours.")


class Conflict(TradeError):
    status = 409


class NotReconciled(TradeError):
    status = 503

    def __init__(self) -> None:
        super().__init__(
            "not_reconciled",
            "Tradepost is catching up with Bybit, so it takes no order that adds risk. Nothing was sent. "
            "Cancelling and closing still work; try again in a few seconds.",
        )
