"""The three spot pairs and their filters, close to Bybit's of mid 2026. Their price is the index of the contract of
the same name."""

from __future__ import annotations

from decimal import Decimal

from .specs import SPECS, Spec

SPOT_FEE = Decimal("0.001")


def _pair(number: int, twin: Spec, numbers: str, market: str) -> Spec:
    """`numbers`: tick, base precision, quote precision, min and max quantity; `market` the max of a market order."""
    tick, step, quote_step, low, high = (Decimal(text) for text in numbers.split())
    return Spec(
        symbol=twin.symbol, symbol_id=number, base_coin=twin.base_coin, tick=tick, step=step, min_qty=low,
        max_qty=high, max_market_qty=Decimal(market), max_leverage=Decimal(1), price_scale=twin.price_scale,
        min_price=tick, max_price=twin.max_price, ratio_x=twin.ratio_x, ratio_y=twin.ratio_y,
        launch_ms=twin.launch_ms, base_price=twin.base_price, volatility=twin.volatility, depth=twin.depth,
        tiers=(), category="spot", quote_step=quote_step,
    )  # fmt: skip


# By the name that the engine knows them by, which is not that of the contract.
SPOT: dict[str, Spec] = {
    spec.key: spec
    for spec in (
        _pair(1, SPECS["BTCUSDT"], "0.1 0.000001 0.0000001 0.000011 83", "41.5"),
        _pair(2, SPECS["ETHUSDT"], "0.01 0.00001 0.0000001 0.00032 2170", "1085"),
        _pair(32, SPECS["SOLUSDT"], "0.01 0.001 0.00001 0.001 22800", "11400"),
    )
}
MARKETS: dict[str, Spec] = {**SPECS, **SPOT}
