"""The price path as a function of (seed, symbol, tick), computable for any tick, past (negative) ones too.

Thirteen octaves of lattice noise, each four times slower and twice as strong as the one before: over short
spans that looks like a random walk, in the long run it is bounded, so that the price never leaves the
neighbourhood of its base. Whole numbers throughout, so that every machine computes the same path.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

from ..engine.specs import SETTLE_COIN, Spec

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


class PricePath:
    """One symbol's path."""

    def __init__(self, seed: int, spec: Spec) -> None:
        self._seed, self._tick = seed, spec.tick
        self._base = int(spec.base_price / spec.tick)
        self._octaves: list[tuple[str, int, int, int]] = []
        for number in range(_OCTAVES):
            # One path for a coin, whatever its contract is settled in.
            stream, shift = f"{spec.base_coin}{SETTLE_COIN}.{number}", 2 * number
            # A phase of its own, so that the octaves do not all turn at the same tick.
            phase = noise(seed, f"{stream}.phase", 0) & ((1 << shift) - 1)
            self._octaves.append((stream, shift, phase, _FASTEST * spec.volatility << number))

    def price(self, tick: int) -> Decimal:
        """The price at a tick, in USDT, a whole number of price ticks."""
        deviation = 0
        for stream, shift, phase, weight in self._octaves:
            deviation += self._octave(stream, shift, tick + phase) * weight // _RESOLUTION
        # The first terms of the exponential: a fall by a part and a rise by the same part then cancel out.
        factor = _BILLION + deviation + deviation * deviation // (2 * _BILLION)
        return self._base * factor // _BILLION * self._tick

    def _octave(self, stream: str, shift: int, tick: int) -> int:
        """An octave, within +-_RESOLUTION: straight lines between random points 2^shift ticks apart."""
        index, rest = tick >> shift, tick & ((1 << shift) - 1)
        start = noise(self._seed, stream, index)
        if rest:
            start += (noise(self._seed, stream, index + 1) - start) * rest >> shift
        return (start >> 11) - _RESOLUTION
