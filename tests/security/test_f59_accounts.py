"""Accounts and keys: checked with the exchange before anything is stored, sealed, never shown, changed in one step."""

import time
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bybit import gateway, keycheck
from bybit.models import Account, KeyCheck
from bybit.regions import REGIONS
from bybit.secrets import Secret, Unsealable, is_current, seal, unseal
from bybit.types import KeyInfo
from tests.conftest import Paper
from tests.security.people import Page, code_of, person
from webapp import accounts
from webapp.security.models import AuditEntry

SECRET = "canary-secret-4711"
pytestmark = pytest.mark.django_db


def new_key(paper: Paper, **extra: Any) -> dict[str, str]:
    pair = {"key": f"key-{time.monotonic_ns()}", "secret": SECRET}
    paper.control("key", {**pair, **extra})
    return pair


@pytest.fixture
def owner(paper: Paper, settings: Any) -> Page:
    settings.PAPER_URL = paper.url
    person()
    page = Page()
    page.sign_in()
    return page


def add(page: Page, pair: dict[str, str], name: str = "mine", **extra: Any) -> Any:
    return page.call(
        "POST", "/accounts", {"id": name, "label": "Mine", "environment": "paper", **pair, **extra}
    )


def test_an_account_comes_in_sealed_and_checked(owner: Page, paper: Paper) -> None:
    pair = new_key(paper)
    made = add(owner, pair)
    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["read_only"], shown["live"]) == (False, False)
    assert shown["permissions"]["ContractTrade"] == ["Order", "Position"]
    row = Account.objects.get(pk="mine")
    assert SECRET.encode() not in bytes(row.sealed_secret)
    assert gateway.for_account(row).wallet().total_equity
    assert code_of(add(owner, pair)) == (409, "account_exists")
    entry = AuditEntry.objects.get(kind="account_added")
    assert entry.detail["key"] == f"…{pair['key'][-4:]}"
    said = (
        made.content.decode()
        + str(list(AuditEntry.objects.values()))
        + repr(row.__dict__)
        + repr(row.secret())
    )
    for text in (SECRET, pair["key"]):
        assert text not in said.replace(repr(row.api_key), "")
    assert [item["id"] for item in owner.call("GET", "/accounts").json()["items"]] == ["mine"]


@pytest.mark.parametrize(
    "rights",
    [
        {"Wallet": ["Withdraw"]},
        {"Wallet": ["AccountTransfer"], "ContractTrade": ["Order"]},
        {"FiatP2P": ["FiatP2POrder"], "ContractTrade": ["Order"]},
        {"FiatBitPay": ["FaitPayOrder"], "ContractTrade": ["Order"]},
        {"FiatConvertBroker": ["FiatConvertBrokerOrder"], "ContractTrade": ["Order"]},
        {"BitCard": ["BitCard"], "ContractTrade": ["Order"]},
    ],
)
def test_f59_a_key_that_may_move_money_is_not_held(owner: Page, paper: Paper, rights: dict[str, Any]) -> None:
    answer = add(owner, new_key(paper, permissions=rights))
    assert code_of(answer) == (422, "wallet_right")
    assert next(iter(rights.values()))[0] in answer.json()["error"]["message"]
    assert "Nothing was stored" in answer.json()["error"]["message"]
    assert not Account.objects.exists()


def test_f59_wrong_and_dead_keys_and_silence_store_nothing(owner: Page, paper: Paper) -> None:
    wrong = add(owner, {"key": "nobody-knows", "secret": SECRET})
    assert code_of(wrong) == (422, "key_refused")
    assert SECRET not in wrong.content.decode()
    assert code_of(add(owner, new_key(paper, expiredAt=1_000))) == (422, "key_refused")
    paper.fault(endpoint="/v5/user/query-api", accept="never", reply="rst")
    assert code_of(add(owner, new_key(paper))) == (503, "key_not_checked")
    assert not Account.objects.exists()


def test_f59_what_a_key_lacks_is_said(owner: Page, paper: Paper) -> None:
    reader = add(owner, new_key(paper, readOnly=1), "reader").json()
    assert reader["read_only"] is True
    assert [one["code"] for one in reader["findings"]] == ["read_only"]
    soon = int(time.time() * 1000) + 5 * 86_400_000
    ends = add(owner, new_key(paper, expiredAt=soon), "ends").json()
    assert [one["code"] for one in ends["findings"]] == ["expires_7"]
    assert ends["expires_at"]
    nothing = add(owner, new_key(paper, permissions={"Exchange": ["ExchangeHistory"]}), "nothing").json()
    assert (nothing["read_only"], nothing["findings"][0]["code"]) == (True, "no_trade_right")


def test_a_live_account_needs_real_servers_and_its_own_switch(owner: Page, settings: Any) -> None:
    pair = {"key": "live-key-1", "secret": SECRET}
    assert code_of(add(owner, pair, environment="live")) == (422, "embedded")
    row = Account(pk="real", label="Real", environment="live", region="eu", api_key="live-key-1")
    row.set_secret(SECRET)
    settings.REAL_SERVERS = True
    row.save()
    info = KeyInfo(False, {"ContractTrade": ("Order",)}, ("198.51.100.1",), None, "1", "0")
    accounts._note(row, info)
    assert (row.read_only, row.why_read_only()) == (True, "This live account is not switched on yet.")
    assert row.base() == "https://api.bybit.eu"
    assert row.base(stream=True) == "wss://stream.bybit.eu"


def test_f59_a_new_key_takes_over_and_must_be_of_the_same_account(owner: Page, paper: Paper) -> None:
    first = new_key(paper, account="second")
    add(owner, first)
    old = gateway.for_account(Account.objects.get(pk="mine"))
    other = owner.call("PUT", "/accounts/mine/key", new_key(paper, account="third"))
    assert code_of(other) == (422, "other_account")
    assert Account.objects.get(pk="mine").api_key == first["key"]
    assert owner.call("PUT", "/accounts/mine/key", new_key(paper, account="second")).status_code == 200
    assert old.wallet().total_equity, "who still holds the old key goes on"
    fresh = gateway.for_account(Account.objects.get(pk="mine"))
    assert fresh is not old
    assert fresh.wallet().total_equity
    assert AuditEntry.objects.filter(kind="key_changed", account="mine").exists()


def test_f59_a_key_that_bybit_no_longer_takes_stops_trading_and_a_new_one_starts_it(
    owner: Page, paper: Paper
) -> None:
    add(owner, new_key(paper, account="fourth"))
    row = Account.objects.get(pk="mine")
    paper.fault(endpoint="/v5/user/query-api", accept="never", reply="ret", code=10003)
    for _ in range(2):
        accounts.check(row)
    assert row.read_only
    assert "no more" in row.why_read_only()
    assert AuditEntry.objects.filter(kind="key_dead").count() == 1
    assert [found.pk for found in accounts.suspects()] == ["mine"], "it is looked at once a minute"
    assert KeyCheck.objects.get().findings[0]["code"] == "key_dead"
    paper.clear()
    owner.call("PUT", "/accounts/mine/key", new_key(paper, account="fourth"))
    assert Account.objects.get(pk="mine").read_only is False
    assert accounts.suspects() == []


def test_nobody_names_the_address_of_an_account(owner: Page) -> None:
    for extra in (
        {"paper_url": "http://169.254.169.254"},
        {"region": "evil"},
        {"region": "https://evil.example"},
    ):
        assert code_of(add(owner, {"key": "somekey1", "secret": SECRET}, **extra)) == (422, "invalid")
    sites = owner.call("GET", "/sites").json()
    assert [site["id"] for site in sites["items"]] == list(REGIONS)
    assert "United States" in sites["notice"]


# ---- the pure part, and sealing


@given(st.integers(min_value=0, max_value=40))
def test_a_key_s_end_is_said_at_fourteen_seven_and_one_day(days: int) -> None:
    info = KeyInfo(False, {"Spot": ("SpotTrade",)}, ("1.1.1.1",), days * 86_400_000 + 1_000_000, "1", "0")
    codes = [one.code for one in keycheck.findings(info, now_ms=500, address="", paper=False)]
    expected = next((f"expires_{step}" for step in (1, 7, 14) if days <= step), None)
    assert codes == ([expected] if expected else [])


def test_a_missing_address_is_warned_of_with_the_server_s_own() -> None:
    info = KeyInfo(False, {"Spot": ("SpotTrade",)}, (), None, "1", "0")
    (found,) = keycheck.findings(info, now_ms=0, address="203.0.113.9", paper=False)
    assert (found.code, "203.0.113.9" in found.text) == ("no_ip", True)


@pytest.mark.parametrize(
    "row", [{}, {"permissions": []}, {"permissions": {}, "expiredAt": "soon", "readOnly": 0}]
)
def test_an_unreadable_word_on_a_key_is_no_word(row: dict[str, Any]) -> None:
    with pytest.raises(keycheck.Unreadable):
        keycheck.read(row)


def test_f60_what_is_sealed_opens_for_its_record_alone_and_survives_a_change_of_keys(settings: Any) -> None:
    settings.CREDENTIALS_KEY, settings.CREDENTIALS_KEY_OLD = "one", ""
    sealed = seal(SECRET, "account a")
    assert unseal(sealed, "account a").reveal() == SECRET
    for wrong, about in ((sealed, "account b"), (sealed[:-1] + b"x", "account a"), (b"", "account a")):
        with pytest.raises(Unsealable):
            unseal(wrong, about)
    settings.CREDENTIALS_KEY = "two"
    with pytest.raises(Unsealable, match="not here"):
        unseal(sealed, "account a")
    settings.CREDENTIALS_KEY_OLD = "one"
    assert unseal(sealed, "account a").reveal() == SECRET
    assert not is_current(sealed)
    row = Account(pk="a", label="A", environment="paper", api_key="k")
    row.sealed_secret = sealed
    row.save()
    call_command("resealkeys", verbosity=0)
    settings.CREDENTIALS_KEY_OLD = ""
    assert Account.objects.get(pk="a").secret().reveal() == SECRET


def test_f60_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(SECRET)
    assert SECRET not in f"{secret} {secret!r} {secret!s} {secret:>40} {[secret]} %s" % secret
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def test_a_look_at_the_key_that_began_before_the_switch_went_off_does_not_undo_it(
    owner: Page, paper: Paper, settings: Any
) -> None:
    add(owner, new_key(paper))
    settings.REAL_SERVERS = True
    early = Account.objects.get(pk="mine")
    early.live_since = timezone.now()
    Account.objects.filter(pk="mine").update(environment="live", live_since=None, read_only=True)
    # The look itself goes to the paper exchange, as the row it holds says.
    accounts.check(early)
    row = Account.objects.get(pk="mine")
    assert (row.live_since, row.read_only) == (None, True)
    assert row.why_read_only() == "This live account is not switched on yet."


def test_a_new_key_does_not_switch_on_what_was_switched_off_meanwhile(
    owner: Page, paper: Paper, settings: Any
) -> None:
    add(owner, new_key(paper, account="second"))
    settings.REAL_SERVERS = True
    early = Account.objects.get(pk="mine")
    Account.objects.filter(pk="mine").update(environment="live", live_since=None, read_only=True)
    pair = new_key(paper, account="second")
    accounts.change_key(request=None, account=early, key=pair["key"], secret=pair["secret"])
    row = Account.objects.get(pk="mine")
    assert (row.api_key, row.read_only) == (pair["key"], True)
    assert row.why_read_only() == "This live account is not switched on yet."


def test_a_look_at_a_key_that_was_changed_meanwhile_says_nothing_of_the_new_one(
    owner: Page, paper: Paper
) -> None:
    add(owner, new_key(paper))
    early = Account.objects.get(pk="mine")
    Account.objects.filter(pk="mine").update(
        api_key="another", read_only=True, read_only_reason="It may only read."
    )
    accounts.check(early)
    assert Account.objects.get(pk="mine").why_read_only() == "It may only read."


def test_a_pause_is_written_down_once_with_whoever_wanted_it(owner: Page, paper: Paper) -> None:
    add(owner, new_key(paper))
    looks, bob = Page(), person("bob", "viewer")
    looks.sign_in("bob")
    Account.objects.get(pk="mine").members.add(bob)
    assert code_of(looks.call("PUT", "/accounts/mine/pause", {"on": True})) == (403, "forbidden")
    assert owner.call("GET", "/accounts").json()["items"][0]["paused"] is None
    for on in (True, True, False, False):
        answer = owner.call("PUT", "/accounts/mine/pause", {"on": on})
        assert (answer.status_code, answer.json()["paused"] is not None) == (200, on)
        assert (Account.objects.get(pk="mine").paused_by == "ann") == on
    kinds = AuditEntry.objects.filter(account="mine", kind__startswith="trading_").order_by("number")
    assert list(kinds.values_list("kind", "who")) == [("trading_paused", "ann"), ("trading_resumed", "ann")]
    assert Account.objects.get(pk="mine").why_paused().startswith("Trading on Mine is paused by")
