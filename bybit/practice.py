"""The one thing that is asked of the paper exchange and of no other: a practice account's first money back."""

import requests

from bybit.errors import NotSent, Refused, Unknown
from bybit.models import Account

SECONDS = 8


def start_over(account: Account) -> None:
    """Asks for 100,000 USDT and nothing else in an account with nothing open, by transfers that its books show. Raises
    Refused (something is open there), NotSent, Unknown, and ValueError for an account of any other exchange."""
    if account.environment != Account.Environment.PAPER:
        raise ValueError("only an account of the paper exchange can start over")
    web = requests.Session()
    web.trust_env = False
    try:
        answer = web.post(
            f"{account.base()}/_paper/act", json={"do": "start_over", "key": account.api_key}, timeout=SECONDS
        )
    except requests.ConnectionError as error:
        raise NotSent("The paper exchange does not answer", type(error).__name__) from None
    except requests.RequestException as error:
        raise Unknown("The paper exchange gave no answer in time", type(error).__name__) from None
    if answer.status_code == 422:
        raise Refused("The paper exchange refused", answer.text[:200])
    if not answer.ok:
        raise Unknown("The paper exchange answered with an error", str(answer.status_code))
