"""The price path as a function of (seed, symbol, tick), computable for any tick, past ones (negative) too.

Thirteen octaves of lattice noise, each four times slower and twice as strong as the one before: over short spans
that looks like a random walk, in the long run it is bounded, so the price never leaves the neighbourhood of its base.
Whole numbers throughout, so that every machine computes the same path.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

from ..engine.specs import Spec

_OCTAVES = 13
_RESOLUTION = 1 << 20
_BILLION = 1_000_000_000
# Parts in 10^9 by which the fastest octave may move the price, per unit of a symbol's volatility.
_FASTEST = 2_000


@lru_cache(maxsize=300_000)
def noise(seed: int, stream: str, index: int) -> int:
    """A whole number in [0, 2^32) that depends on nothing but its arguments."""
    digest = blake2b(f"{seed}:{stream}:{index}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _octave(seed: int, symbol: str, number: int, tick: int) -> int:
    """One octave at one tick, in [-_RESOLUTION, _RESOLUTION]: straight lines between random lattice points."""
    period = 1 << 2 * number
    stream = f"{symbol}.{number}"
    # A phase of its own, so that the octaves do not all turn at the same tick.
    shifted = tick + noise(seed, stream, -(1 << 40)) % period
    index, rest = divmod(shifted, period)
    start = (noise(seed, stream, index) >> 11) - _RESOLUTION
    end = (noise(seed, stream, index + 1) >> 11) - _RESOLUTION
    return start + (end - start) * rest // period


def price_at(seed: int, spec: Spec, tick: int) -> Decimal:
    """The price of a symbol at a tick, in USDT, a whole number of its price ticks."""
    deviation = 0
    for number in range(_OCTAVES):
        weight = _FASTEST * spec.volatility << number
        deviation += _octave(seed, spec.symbol, number, tick) * weight // _RESOLUTION
    # The first terms of the exponential: a fall by a part and a rise by the same part then cancel out.
    factor = _BILLION + deviation + deviation * deviation // (2 * _BILLION)
    steps = int(spec.base_price / spec.tick) * factor // _BILLION
    return steps * spec.tick
