"""Starting a practice account over: everything cancelled, everything closed, the first money back. All of it is done at
the paper exchange by orders and transfers like any others, so the record keeps them and nothing is ever deleted."""

import time
from dataclasses import dataclass
from uuid import UUID

from bybit import practice
from bybit.errors import BybitError, Refused
from bybit.models import Account
from orders import access, actions, services
from orders.cancelling import Result
from orders.errors import RuleBroken, TradeError
from orders.services import Asker

EVERYTHING = {"orders", "conditional", "protective"}
# So long the exchange is asked again while the last closes are still under way.
FLAT_SECONDS = 5.0
LOOK_SECONDS = 0.25


class Halfway(TradeError):
    """The paper exchange gave no answer on the way."""

    status = 502

    def __init__(self, error: BybitError) -> None:
        super().__init__(
            "bybit_unreachable",
            f"The paper exchange did not answer ({error.message}). What was cancelled or closed by then stays so. "
            "Look at what is open and at the balance, and start over again.",
        )


@dataclass(frozen=True, slots=True)
class StartedOver:
    """What was open: each order with what its cancel came to, each position with its close."""

    cancelled: list[Result]
    closed: list[actions.Closed]


def start_over(*, asker: Asker, account: Account, base_id: UUID) -> StartedOver:
    """Cancels every order, protective ones too, closes every position at the market, and has the balance set back to
    100,000 USDT. The ids of the closes follow from `base_id`: a repeat with it closes nothing twice. Raises RuleBroken
    (an account of another exchange; something that stays open: then the balance is as it was), Paused, Halfway."""
    if account.environment != Account.Environment.PAPER:
        raise RuleBroken(
            "not_paper",
            "Only an account of the paper exchange can start over. Nothing was changed. Close what you hold with Stop.",
        )
    by = asker.user.get_username()
    try:
        cancelled = services.cancel_all(
            account=account, category=None, symbol=None, include=EVERYTHING, source=asker.source, by=by
        )
        closed = actions.close_everything(asker=asker, account=account, base_id=base_id)
        _refill(account)
    except BybitError as error:
        raise Halfway(error) from error
    return StartedOver(cancelled, closed)


def _refill(account: Account) -> None:
    deadline = time.monotonic() + FLAT_SECONDS
    while True:
        try:
            practice.start_over(account)
            break
        except Refused:
            if time.monotonic() > deadline:
                raise RuleBroken(
                    "still_open",
                    "Not everything could be cancelled and closed, so the balance is as it was. Look at what is still "
                    "open, and start over again.",
                ) from None
            time.sleep(LOOK_SECONDS)
    try:
        gateway = access.informed(account, access.link_of(account))
        services.record(account.pk, wallet=gateway.wallet(), partial_wallet=False, source="rest")
    except BybitError:
        # The stream brings it.
        pass
