"""The perpetuals, five in USDT and two in USDC, and their filters, close to Bybit's of mid 2026."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

MAKER_FEE = Decimal("0.0002")
TAKER_FEE = Decimal("0.00055")
SETTLE_COIN = "USDT"
# The coins that contracts are settled in; both are collateral, at one dollar.
SETTLE_COINS = ("USDT", "USDC")


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the risk limit: up to `limit` (USDT of position value) these rates and this leverage hold."""

    id: int
    limit: Decimal
    maintenance: Decimal
    initial: Decimal
    max_leverage: Decimal
    deduction: Decimal


@dataclass(frozen=True, slots=True)
class Spec:
    """A contract or spot pair. Prices in its settle coin (USDT, of two contracts USDC), quantities in the base coin;
    `depth` scales the synthetic book. `status` is Trading, Delivering (positions may only shrink) or Closed;
    `quote_step` is the precision of spot orders whose size is in USDT."""

    symbol: str
    symbol_id: int
    base_coin: str
    tick: Decimal
    step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    max_market_qty: Decimal
    max_leverage: Decimal
    price_scale: int
    min_price: Decimal
    max_price: Decimal
    ratio_x: Decimal
    ratio_y: Decimal
    launch_ms: int
    base_price: Decimal
    volatility: int
    depth: Decimal
    tiers: tuple[Tier, ...]
    min_notional: Decimal = Decimal(5)
    status: str = "Trading"
    category: str = "linear"
    quote_step: Decimal = Decimal("0.01")
    settle_coin: str = SETTLE_COIN

    @property
    def is_spot(self) -> bool:
        """Whether it is a spot pair."""
        return self.category == "spot"

    @property
    def key(self) -> str:
        """The name that the engine knows it by: spot pairs share their symbol with a contract."""
        return f"{self.symbol}.spot" if self.is_spot else self.symbol

    def tier(self, value: Decimal) -> Tier:
        """The tier a position of this value (USDT) falls into; the last one when it is beyond all."""
        return next((tier for tier in self.tiers if value <= tier.limit), self.tiers[-1])


def _tiers(first_limit: int, rates: tuple[tuple[str, str], ...]) -> tuple[Tier, ...]:
    """Tiers of equal width from (maintenance rate, leverage) pairs; the deduction keeps margin continuous."""
    tiers: list[Tier] = []
    deduction, previous = Decimal(0), Decimal(0)
    for number, (rate, leverage) in enumerate(rates, start=1):
        maintenance, width = Decimal(rate), Decimal(first_limit)
        deduction += width * (number - 1) * (maintenance - previous) if tiers else Decimal(0)
        tiers.append(Tier(number, width * number, maintenance, maintenance * 2, Decimal(leverage), deduction))
        previous = maintenance
    return tuple(tiers)


_MAJOR = (("0.005", "100"), ("0.0065", "75"), ("0.01", "50"), ("0.015", "33"), ("0.02", "25"), ("0.05", "10"))
_MINOR = (("0.0067", "75"), ("0.01", "50"), ("0.02", "25"), ("0.04", "12"), ("0.1", "5"))


def _spec(symbol: str, number: int, numbers: str, launch_ms: int, volatility: int, major: bool) -> Spec:
    """`numbers`: tick, step, min, max and market max quantity, price scale, min and max price, base price,
    size of the synthetic book, width of a risk tier."""
    tick, step, low, high, market, scale, floor, ceiling, base, depth, width = numbers.split()
    return Spec(
        symbol=symbol,
        symbol_id=number,
        base_coin=symbol.removesuffix("PERP").removesuffix(SETTLE_COIN),
        tick=Decimal(tick),
        step=Decimal(step),
        min_qty=Decimal(low),
        max_qty=Decimal(high),
        max_market_qty=Decimal(market),
        max_leverage=Decimal("100.00" if major else "75.00"),
        price_scale=int(scale),
        min_price=Decimal(floor),
        max_price=Decimal(ceiling),
        ratio_x=Decimal("0.01" if major else "0.03"),
        ratio_y=Decimal("0.02" if major else "0.06"),
        launch_ms=launch_ms,
        base_price=Decimal(base),
        volatility=volatility,
        depth=Decimal(depth),
        tiers=_tiers(int(width), _MAJOR if major else _MINOR),
        settle_coin="USDC" if symbol.endswith("PERP") else SETTLE_COIN,
    )


SPECS: dict[str, Spec] = {
    spec.symbol: spec
    for spec in (
        _spec(
            "BTCUSDT", 5, "0.10 0.001 0.001 1190.000 500.000 2 0.10 1999999.80 64000 0.4 2000000",
            1585526400000, 10, True,
        ),
        _spec(
            "ETHUSDT", 6, "0.01 0.01 0.01 7240.00 3000.00 2 0.01 199999.98 3100 6 2000000",
            1615766400000, 12, True,
        ),
        _spec(
            "SOLUSDT", 42, "0.010 0.1 0.1 79770.0 16000.0 3 0.010 19999.980 148 120 1000000",
            1634256000000, 15, True,
        ),
        _spec(
            "XRPUSDT", 9, "0.0001 0.1 0.1 3500000.0 700000.0 4 0.0001 1999.9998 2.1 8000 500000",
            1620950400000, 14, False,
        ),
        _spec(
            "DOGEUSDT", 31, "0.00001 1 1 18000000 3600000 5 0.00001 199.99998 0.19 90000 500000",
            1622592000000, 18, False,
        ),
        _spec(
            "BTCPERP", 101, "0.10 0.001 0.001 595.000 250.000 2 0.10 1999999.80 64000 0.2 1000000",
            1647216000000, 10, True,
        ),
        _spec(
            "ETHPERP", 102, "0.01 0.01 0.01 3620.00 1500.00 2 0.01 199999.98 3100 3 1000000",
            1647216000000, 12, True,
        ),
    )
}  # fmt: skip
