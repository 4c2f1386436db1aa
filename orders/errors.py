"""Refusals of our own, each with its place in the API's error shape. Nothing was written or sent."""

from datetime import datetime
from typing import Any

from bybit.forms import time_text


def sentence(text: str) -> str:
    """Words that are not ours as one sentence, whatever stops they end in."""
    return f"{text.rstrip(' .')}."


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


class DatabaseAway(TradeError):
    """The database did not answer before anything was written or sent."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "database_away",
            "Tradepost's database does not answer just now. This changed nothing and sent nothing; your orders "
            "and stops at Bybit stay as they are. Ask again in a moment; an order goes out once, whatever you repeat.",
        )


class NotWritten(TradeError):
    """The database took no order: and so not a byte of it was sent."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "not_written",
            "Tradepost cannot write orders down just now. Nothing was sent. Your orders and stops at Bybit stay as "
            "they are; cancels still go.",
        )


class Conflict(TradeError):
    status = 409


class PriceUnknown(TradeError):
    """The price now is needed to know from which side a trigger is reached, and Bybit did not tell it."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            "price_unknown",
            f"The price now could not be read ({reason}), so it is not known from which side the trigger would be "
            "reached. Nothing was sent. Try again, or give trigger_direction yourself.",
        )


class Paused(TradeError):
    """Bybit has banned this server's address."""

    status = 503

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "paused",
            f"Bybit refuses every request of this server until {until:%H:%M:%S} UTC. Nothing was sent. Orders that "
            "stand at Bybit stay as they are; in an emergency use Bybit's own app.",
            until=time_text(until),
        )


class TooMany(TradeError):
    """More new orders than Bybit takes in a second."""

    status = 429

    def __init__(self) -> None:
        super().__init__(
            "too_many_orders",
            "Bybit takes no more new orders of this account just now. Nothing was sent. Try again in a second.",
        )


class NotReconciled(TradeError):
    status = 503

    def __init__(self, why: str = "") -> None:
        super().__init__(
            "not_reconciled",
            f"{why} Nothing was sent."
            if why
            else "Tradepost is catching up with Bybit, so it takes no order that adds risk. Nothing was sent. "
            "Cancelling and closing still work; try again in a few seconds.",
        )
