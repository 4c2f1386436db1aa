"""Which coins a market is made of, by its name alone: for what Bybit no longer lists."""

import pytest

from bybit.instruments import coins_by_name


@pytest.mark.parametrize(
    ("category", "symbol", "coins"),
    [
        ("linear", "BTCUSDT", ("BTC", "USDT")),
        ("linear", "1000PEPEUSDT", ("1000PEPE", "USDT")),
        ("linear", "BTCPERP", ("BTC", "USDC")),
        ("linear", "BTC-27NOV26", ("BTC", "USDC")),
        ("linear", "BTCUSDT-27NOV26", ("BTC", "USDT")),
        ("inverse", "BTCUSD", ("BTC", "BTC")),
        ("inverse", "ETHUSDZ26", ("ETH", "ETH")),
        ("spot", "BTCUSDT", ("BTC", "USDT")),
        ("spot", "ETHBTC", ("ETH", "BTC")),
        ("spot", "BTCEUR", ("BTC", "EUR")),
        ("spot", "USDCUSDT", ("USDC", "USDT")),
        ("spot", "USDTUSDC", ("USDT", "USDC")),
    ],
)
def test_by_name(category: str, symbol: str, coins: tuple[str, str]) -> None:
    assert coins_by_name(category, symbol) == coins
