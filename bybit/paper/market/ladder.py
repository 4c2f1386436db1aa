"""The synthetic side of the book: sixty levels each way around the last price, new at every tick."""

from __future__ import annotations

from decimal import Decimal

from ..engine.book import Levels
from ..engine.specs import Spec
from .path import noise

LEVELS = 60
_MASK = (1 << 64) - 1


def ladder(seed: int, spec: Spec, tick: int, last: Decimal) -> tuple[Levels, Levels]:
    """Bids from the highest down and asks from the lowest up, around `last`; sizes grow with distance."""
    return _side(seed, spec, tick, last, -1), _side(seed, spec, tick, last, 1)


def _side(seed: int, spec: Spec, tick: int, last: Decimal, sign: int) -> Levels:
    """One side; sign -1 for bids. Levels that would fall to zero or below are left out."""
    draw = noise(seed, f"{spec.symbol}.{'bid' if sign < 0 else 'ask'}", tick)
    reach = max(1, int(last / spec.tick) // 40_000)
    lots = int(spec.depth / spec.step)
    levels: Levels = []
    price = last
    for number in range(LEVELS):
        draw = (draw * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & _MASK
        gap = 1 + (draw >> 40) % (3 if number == 0 else 2 + reach * (1 + number // 20))
        price += sign * gap * spec.tick
        steps = lots * (20 + (draw >> 20) % 180) * (8 + number) // 800
        if price > 0:
            levels.append((price, max(steps, 1) * spec.step))
    return levels
