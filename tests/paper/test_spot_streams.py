"""The sockets of spot: its public topics, its rows on the private ones."""

from __future__ import annotations

from .exchange import Exchange, Trader
from .test_sockets import Plain

BTC = {"category": "spot", "symbol": "BTCUSDT"}


def test_public_topics(exchange: Exchange) -> None:
    plain = Plain(exchange, "/v5/public/spot")
    plain.say(op="subscribe", args=["allLiquidation.BTCUSDT"])
    assert plain.hear()["success"] is False
    plain.say(op="subscribe", args=[f"orderbook.1.{name}" for name in "ABCDEFGHIJK"])
    assert plain.hear()["ret_msg"] == "args size >10"
    topics = ["tickers.BTCUSDT", "orderbook.50.BTCUSDT", "publicTrade.BTCUSDT", "kline.1.BTCUSDT"]
    plain.say(op="subscribe", args=topics, req_id="s")
    assert plain.hear()["ret_msg"] == "subscribe"
    frames = [plain.hear() for _ in range(3)]
    assert [frame["topic"] for frame in frames] == [topics[0], topics[1], topics[3]]
    assert {frame["type"] for frame in frames} == {"snapshot"}
    ticker = frames[0]["data"]
    assert ticker["symbol"] == "BTCUSDT" and "bid1Price" not in ticker and "usdIndexPrice" in ticker
    exchange.control("step", ticks=1)
    heard = {}
    while set(heard) != set(topics):
        frame = plain.hear()
        heard[frame["topic"]] = frame
    assert heard["tickers.BTCUSDT"]["type"] == "snapshot"
    assert heard["publicTrade.BTCUSDT"]["data"][0]["s"] == "BTCUSDT"
    plain.say(op="ping")
    while (pong := plain.hear()).get("op") != "ping":
        pass
    assert pong["ret_msg"] == "pong" and "req_id" not in pong
    plain.close()


def test_the_price_moves_on_both_sockets(exchange: Exchange) -> None:
    spot, linear = Plain(exchange, "/v5/public/spot"), Plain(exchange, "/v5/public/linear")
    for plain in (spot, linear):
        plain.say(op="subscribe", args=["tickers.ETHUSDT"])
        plain.hear()
        plain.hear()
    exchange.control("price", symbol="ETHUSDT", price="3123.5")
    assert spot.hear()["data"]["lastPrice"] == "3123.50"
    assert linear.hear()["data"]["lastPrice"] == "3123.50"
    spot.close()
    linear.close()


def test_private_rows(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen(
        "order", "execution", "order.spot", "order.linear", "execution.fast", "wallet", "position"
    )
    order_id = trader.post("/v5/order/create", **BTC, side="Buy", orderType="Market", qty="60")["result"][
        "orderId"
    ]
    for topic in ("order", "order.spot"):
        row = inbox.next(topic)["data"][0]
        assert (row["category"], row["orderId"], row["symbol"]) == ("spot", order_id, "BTCUSDT")
        assert "createType" not in row
    fill = inbox.next("execution")["data"][0]
    assert (fill["category"], fill["feeCurrency"], fill["orderId"]) == ("spot", "BTC", order_id)
    assert inbox.next("execution.fast")["data"][0]["category"] == "spot"
    assert {coin["coin"] for coin in inbox.next("wallet")["data"][0]["coin"]} == {"USDT", "BTC"}
    contract = trader.placed("Buy", "0.010", "59000")
    assert inbox.next("order.linear")["data"][0]["orderId"] == contract
    assert inbox.next("position")["data"][0]["category"] == "linear"
    exchange.control("step", ticks=1)
