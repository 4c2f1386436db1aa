"""A key that Bybit takes no more is left alone, and a new one takes over without a gap."""

import threading
from typing import Any
from uuid import uuid4

import pytest

from bybit.errors import Refused
from bybit.models import Account, Link
from orders import access, backfill, resolver
from orders.management.commands.runstream import _stand_in
from orders.models import Order
from tests.conftest import Paper, wait_for
from tests.orders.test_f16_election import listening, stream
from webapp import accounts

SIGNED = ("/v5/order/", "/v5/execution/", "/v5/position/", "/v5/account/", "/v5/user/")


def _end_key(paper: Paper, account: Account) -> None:
    """At Bybit the key has expired: 33004 from now on."""
    ended = {"key": account.api_key, "secret": "secret", "account": account.label, "expiredAt": 1_000}
    paper.control("key", ended)


def _asked(paper: Paper) -> int:
    """How many signed requests the exchange has received so far."""
    items = paper.control("journal", method="GET")["items"]
    return sum(item["path"].startswith(SIGNED) for item in items)


def _sockets(paper: Paper) -> dict[str, Any]:
    found: dict[str, Any] = paper.control("sockets", method="GET")
    return found


def _now(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def test_f59_a_refused_key_is_left_alone_until_it_is_taken_again(on_paper: Account, paper: Paper) -> None:
    with listening(on_paper):
        wait_for(lambda: stream(on_paper) == "live", 20)
        _end_key(paper, on_paper)
        assert resolver.resolve(_now(on_paper)) is not None
        assert _now(on_paper).key_refused_at is not None
        assert "no more" in _now(on_paper).why_read_only()
        wait_for(lambda: stream(on_paper) == "down", 5, "a socket that is closed")
        asked, signed_in = _asked(paper), _sockets(paper)["sign_ins"]
        for _ in range(3):
            assert resolver.resolve(_now(on_paper), full=True).complete is False  # type: ignore[union-attr]
            assert backfill.advance(_now(on_paper), 1) is False
            _stand_in(_now(on_paper))
        # As long as three tries of a listener that does not know better.
        tries = threading.Timer(2.5, lambda: None)
        tries.start()
        wait_for(lambda: not tries.is_alive(), 5)
        assert _asked(paper) == asked, "nobody asks with it"
        assert [found.pk for found in accounts.suspects()] == [on_paper.pk]
        accounts.check(_now(on_paper))
        assert _asked(paper) == asked + 1, "but the one look"
        assert _sockets(paper)["sign_ins"] == signed_in
        paper.control("key", {"key": on_paper.api_key, "secret": "secret", "account": on_paper.label})
        accounts.check(_now(on_paper))
        assert (_now(on_paper).key_refused_at, _now(on_paper).read_only) == (None, False)
        assert accounts.suspects() == []
        wait_for(lambda: stream(on_paper) == "live", 10, "all going on")
        assert resolver.resolve(_now(on_paper)).complete  # type: ignore[union-attr]


@pytest.mark.parametrize("by", ["resolver", "backfill"])
def test_f59_whoever_is_refused_first_marks_the_key(on_paper: Account, paper: Paper, by: str) -> None:
    _end_key(paper, on_paper)
    asked = _asked(paper)
    if by == "resolver":
        resolver.resolve(on_paper)
    else:
        backfill.advance(on_paper, 5)
    assert _now(on_paper).key_refused_at is not None
    assert _asked(paper) == asked + 1, "one refusal is enough"


def test_f59_a_late_refusal_of_the_old_key_is_not_the_new_one_s(account: Account) -> None:
    old = _now(account)
    account.api_key = "another"
    account.save()
    for code, marked in (("33004", False), ("10004", False)):
        assert access.note_refused_key(old, Refused("no", code)) is marked
    assert _now(account).key_refused_at is None
    assert access.note_refused_key(_now(account), Refused("no", "10003")) is True
    assert _now(account).read_only is True


def test_f59_a_new_key_takes_over_and_misses_nothing(on_paper: Account, paper: Paper) -> None:
    """Nobody else runs the resolver here: what is known was caught up with before `live`, or came by the socket."""
    old, new = on_paper.api_key, f"key-{uuid4().hex[:12]}"
    resting = {
        "account": on_paper.label,
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.01",
    }
    with listening(on_paper):
        wait_for(lambda: stream(on_paper) == "live", 20)
        began = Link.objects.get(pk=on_paper.pk).reconnects
        paper.control("key", {"key": new, "secret": "secret", "account": on_paper.label})
        # Until the new socket may be opened, an order is made that no socket can tell of.
        paper.fault(stream="private", do="auth_fail")
        row = _now(on_paper)
        row.api_key = new
        row.set_secret("secret")
        row.save()
        wait_for(lambda: not _of(paper, on_paper.label), 5, "the old key's socket to close")
        unseen = paper.control("external", {**resting, "price": "30000", "positionIdx": 0})
        paper.clear()
        wait_for(
            lambda: Link.objects.get(pk=on_paper.pk).reconnects > began and stream(on_paper) == "live", 10
        )
        assert Order.objects.filter(exchange_order_id=unseen["orderId"]).exists(), "known before it said live"
        assert _of(paper, on_paper.label) == [new]
        paper.control("key", {"key": old, "secret": "secret", "account": on_paper.label, "expiredAt": 1_000})
        seen = paper.control("external", {**resting, "price": "30001", "positionIdx": 0})
        wait_for(
            lambda: Order.objects.filter(exchange_order_id=seen["orderId"]).exists(), 5, "the next by socket"
        )
        assert stream(on_paper) == "live"


def _of(paper: Paper, account: str) -> list[str]:
    return [one["key"] for one in _sockets(paper)["items"] if one["account"] == account]
