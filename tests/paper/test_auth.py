"""Who may ask: signatures over raw bytes, time, keys, rights. Bybit's own codes."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest

from .exchange import Exchange, Trader

WALLET = "/v5/account/wallet-balance"
QUERY = "accountType=UNIFIED"


def code(trader: Trader, query: str = QUERY, **changes: str) -> int:
    reply = trader.get_raw(WALLET, query, **changes)
    assert reply.status_code == 200
    assert set(reply.json()) == {"retCode", "retMsg", "result", "retExtInfo", "time"}
    return int(reply.json()["retCode"])


def test_the_documented_vectors() -> None:
    text = "1700000000000DemoKey015000category=linear&symbol=BTCUSDT"
    digest = hmac.new(b"DemoSecret01", text.encode(), hashlib.sha256).hexdigest()
    assert digest == "cc08e6f840964a58a1e89b50642e5b61908ee0ceccd95ef4239d71dbb3011b79"


@pytest.mark.parametrize("missing", ["X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-SIGN"])
def test_a_missing_header_is_10001(trader: Trader, missing: str) -> None:
    if missing == "X-BAPI-TIMESTAMP":
        reply = trader.exchange.web.get(f"{trader.exchange.base}{WALLET}?{QUERY}", timeout=5)
        assert reply.json()["retCode"] == 10001
        return
    assert code(trader, **{missing: ""}) == 10001


def test_an_unknown_key_is_10003(trader: Trader) -> None:
    assert code(trader, **{"X-BAPI-API-KEY": "nobody"}) == 10003


def test_a_wrong_signature_is_10004(trader: Trader) -> None:
    assert code(trader, **{"X-BAPI-SIGN": "0" * 64}) == 10004
    assert code(trader, **{"X-BAPI-SIGN": "not even hex é".encode().decode("latin-1")}) == 10004


def test_upper_case_hex_is_not_a_signature(trader: Trader) -> None:
    stamp = str(int(time.time() * 1000))
    upper = trader.sign(QUERY, stamp).upper()
    assert code(trader, **{"X-BAPI-TIMESTAMP": stamp, "X-BAPI-SIGN": upper}) == 10004


@pytest.mark.parametrize(
    ("ahead_ms", "window", "expected"),
    [
        (-4_000, "5000", 0),
        (-6_000, "5000", 10002),
        (-6_000, "20000", 0),
        (500, "5000", 0),
        (2_000, "5000", 10002),
        (2_000, "60000", 10002),
    ],
)
def test_the_time_rule(trader: Trader, ahead_ms: int, window: str, expected: int) -> None:
    stamp = str(int(time.time() * 1000) + ahead_ms)
    assert code(trader, **{"X-BAPI-TIMESTAMP": stamp, "X-BAPI-RECV-WINDOW": window}) == expected


def test_a_time_that_is_no_number_is_10001(trader: Trader) -> None:
    assert code(trader, **{"X-BAPI-TIMESTAMP": "yesterday"}) == 10001


def test_header_names_are_read_in_any_case(trader: Trader) -> None:
    headers = {name.lower(): value for name, value in trader.headers(QUERY).items()}
    reply = trader.exchange.web.get(f"{trader.exchange.base}{WALLET}?{QUERY}", headers=headers, timeout=5)
    assert reply.json()["retCode"] == 0


def test_no_recv_window_means_five_seconds(trader: Trader) -> None:
    stamp = str(int(time.time() * 1000))
    signature = trader.sign(QUERY, stamp, "")
    headers = {"X-BAPI-API-KEY": trader.key, "X-BAPI-TIMESTAMP": stamp, "X-BAPI-SIGN": signature}
    reply = trader.exchange.web.get(f"{trader.exchange.base}{WALLET}?{QUERY}", headers=headers, timeout=5)
    assert reply.json()["retCode"] == 0


def test_the_bytes_are_signed_not_their_meaning(trader: Trader) -> None:
    """Percent signs, spaces in JSON and escapes count as they were sent."""
    assert code(trader, "accountType=UNIFIED&coin=USDT%2CBTC") == 0
    body = '{ "category" : "linear",  "symbol":"BTCUSDT", "orderLinkId":"\\u0061bc" }'
    assert trader.post_raw("/v5/order/cancel", body).json()["retCode"] == 110001


def test_a_changed_body_is_10004(trader: Trader) -> None:
    headers = trader.headers('{"category":"linear"}')
    url = trader.exchange.base + "/v5/order/cancel"
    reply = trader.exchange.web.post(url, data=b'{"category":"linear" }', headers=headers, timeout=5)
    assert reply.json()["retCode"] == 10004


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '"text"', "{" * 5_000, '{"qty":NaN'])
def test_a_malformed_body_is_10001(trader: Trader, body: str) -> None:
    assert trader.post_raw("/v5/order/create", body).json()["retCode"] == 10001


def test_strange_bytes_are_refused_not_fatal(trader: Trader) -> None:
    """Lone surrogates, digits of other scripts, bytes that are no UTF-8: a code each, never a 500."""
    headers = trader.headers(QUERY)
    for name, value in (
        ("X-BAPI-SIGN", b"\xff\xfe"),
        ("X-BAPI-TIMESTAMP", "²".encode()),
        ("X-BAPI-API-KEY", b"\xff"),
    ):
        reply = trader.exchange.web.get(
            f"{trader.exchange.base}{WALLET}?{QUERY}", headers={**headers, name: value}, timeout=5
        )
        assert reply.status_code == 200 and reply.json()["retCode"] in (10001, 10003, 10004)
    body = '{"category":"linear","symbol":"\\ud800","side":"Buy","orderType":"Market","qty":"1"}'
    assert trader.post_raw("/v5/order/create", body).json()["retCode"] == 10001
    assert (
        trader.get("/v5/order/realtime", category="linear", symbol="BTCUSDT", cursor="a:%C2%B2")["retCode"]
        == 10001
    )


def test_a_read_only_key_reads_but_does_not_trade(exchange: Exchange) -> None:
    reader = exchange.open_trader(readOnly=True)
    assert code(reader) == 0
    assert reader.order(price="50000")["retCode"] == 10005
    assert reader.get("/v5/user/query-api")["result"]["readOnly"] == 1


def test_a_key_without_the_right_is_10005(exchange: Exchange) -> None:
    limited = exchange.open_trader(permissions={"ContractTrade": ["Position"]})
    assert limited.order(price="50000")["retCode"] == 10005
    leverage = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "7", "sellLeverage": "7"}
    assert limited.post("/v5/position/set-leverage", **leverage)["retCode"] == 0


def test_an_expired_key_is_33004(exchange: Exchange) -> None:
    assert code(exchange.open_trader(expiredAt=1_000)) == 33004
    assert code(exchange.open_trader(expiredAt="2099-01-01T00:00:00Z")) == 0


def test_two_keys_of_one_account_see_the_same(exchange: Exchange, trader: Trader) -> None:
    other = exchange.open_trader(account=trader.account)
    order_id = trader.placed(price="50000")
    assert other.row(order_id)["orderId"] == order_id


def test_a_replayed_create_places_nothing_twice(trader: Trader) -> None:
    body = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01"}
    for link, expected in (({}, 10014), ({"orderLinkId": "replayed"}, 110072)):
        text = json.dumps({**body, "price": "50000", **link})
        stamp = str(int(time.time() * 1000))
        first = trader.post_raw("/v5/order/create", text, **{"X-BAPI-TIMESTAMP": stamp})
        again = trader.post_raw("/v5/order/create", text, **{"X-BAPI-TIMESTAMP": stamp})
        assert (first.json()["retCode"], again.json()["retCode"]) == (0, expected)
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT")) == 2


def test_unknown_paths_and_methods(exchange: Exchange) -> None:
    for method, path, status in (
        ("GET", "/v5/no/such", 404),
        ("GET", "/v5/order/create", 404),
        ("POST", "/v5/market/time", 404),
        ("GET", "/", 404),
        ("PUT", "/v5/order/create", 400),
    ):
        reply = exchange.web.request(method, exchange.base + path, timeout=5)
        assert (reply.status_code, reply.json()["retCode"]) == (status, 10017), path
