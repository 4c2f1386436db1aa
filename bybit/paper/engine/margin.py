"""Cross margin: what positions and orders bind, what is available, where liquidation lies.

Initial margin is value / leverage plus the fee of closing at the bankruptcy price, maintenance margin is
value x rate - deduction of the risk tier plus the fee of closing; values are taken at the mark price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from .model import Account, Position, PositionKey
from .numbers import CENT8, ZERO, down, up
from .specs import TAKER_FEE, Spec


@dataclass(slots=True)
class OpenSums:
    """Running totals of one side's open orders of one account and symbol that may add to a position."""

    qty: Decimal = ZERO
    value: Decimal = ZERO


@dataclass(slots=True)
class Holding:
    """A position with everything that its margin depends on."""

    position: Position
    spec: Spec
    mark: Decimal
    buys: OpenSums
    sells: OpenSums

    @property
    def place(self) -> PositionKey:
        """Which position it is."""
        return self.position.account, self.position.symbol, self.position.idx

    @property
    def unrealised(self) -> Decimal:
        """Unrealised result in the settle coin at the mark price."""
        return self.position.size * self.mark - self.position.cost

    @property
    def initial(self) -> Decimal:
        """Initial margin of the position, in the settle coin."""
        value = abs(self.position.size) * self.mark
        share = value / self.position.leverage
        return (share + (value - share) * TAKER_FEE).quantize(CENT8)

    @property
    def maintenance(self) -> Decimal:
        """Maintenance margin of the position, in the settle coin."""
        value = abs(self.position.size) * self.mark
        if value == 0:
            return ZERO
        tier = self.spec.tier(value)
        return (value * tier.maintenance - tier.deduction + value * TAKER_FEE).quantize(CENT8)

    @property
    def order_margin(self) -> Decimal:
        """Margin bound by open orders: the part that would add to the position, on either side."""
        return self._bound(self.buys, max(-self.position.size, ZERO)) + self._bound(
            self.sells, max(self.position.size, ZERO)
        )

    def _bound(self, sums: OpenSums, closing: Decimal) -> Decimal:
        if sums.qty <= closing:
            return ZERO
        value = sums.value * (sums.qty - closing) / sums.qty if closing else sums.value
        return (value / self.position.leverage + value * TAKER_FEE).quantize(CENT8)


@dataclass(slots=True)
class Margin:
    """An account's totals in USD: USDT and USDC at one dollar each; other coins are no collateral here."""

    wallet: Decimal
    unrealised: Decimal
    position_initial: Decimal
    order_initial: Decimal
    maintenance: Decimal
    holdings: list[Holding]
    locked: Decimal
    is_portfolio: bool = False

    @property
    def equity(self) -> Decimal:
        """Wallet and unrealised results: the margin balance."""
        return self.wallet + self.unrealised

    @property
    def available(self) -> Decimal:
        """What new orders may bind; never below zero."""
        return max(self.equity - self.position_initial - self.order_initial - self.locked, ZERO)


def margin_of(account: Account, holdings: Iterable[Holding], locked: Decimal = ZERO) -> Margin:
    """Adds an account's holdings up; `locked` are the USDT of its spot orders."""
    total = Margin(account.wallet + account.usdc.wallet, ZERO, ZERO, ZERO, ZERO, [], locked)
    total.is_portfolio = account.margin_mode == "PORTFOLIO_MARGIN"
    for holding in holdings:
        total.holdings.append(holding)
        total.unrealised += holding.unrealised
        total.position_initial += holding.initial
        total.order_initial += holding.order_margin
        total.maintenance += holding.maintenance
    return total


def liquidation_price(margin: Margin, holding: Holding) -> Decimal | None:
    """The mark price at which the account's equity meets its maintenance margin, the other prices unchanged.

    Both legs of hedge mode count. None when the position is flat, when that price lies outside of what the
    symbol can reach, or when it is the other leg that falls.
    """
    size = holding.position.size
    if size == 0:
        return None
    cushion, cost, slope = margin.equity - margin.maintenance, ZERO, ZERO
    for leg in (each for each in margin.holdings if each.spec is holding.spec and each.position.size):
        held = leg.position.size
        tier = leg.spec.tier(abs(held) * leg.mark)
        cushion += leg.maintenance + tier.deduction - leg.unrealised
        cost += leg.position.cost
        slope += held - abs(held) * (tier.maintenance + TAKER_FEE)
    if slope == 0 or (slope > 0) != (size > 0):
        return None
    return _within(holding.spec, size, (cost - cushion) / slope)


def bankruptcy_price(margin: Margin, holding: Holding) -> Decimal:
    """The price at which closing the position, taker fee included, leaves the account with nothing."""
    size = holding.position.size
    cushion = margin.equity - holding.unrealised
    price = (holding.position.cost - cushion) / (size - abs(size) * TAKER_FEE)
    rounded = _towards_safety(holding.spec)(size, price)
    return max(rounded, holding.spec.tick)


def _towards_safety(spec: Spec) -> Callable[[Decimal, Decimal], Decimal]:
    """Rounds so that the account loses no more than it has: up for a long, down for a short."""
    return lambda size, price: up(price, spec.tick) if size > 0 else down(price, spec.tick)


def _within(spec: Spec, size: Decimal, price: Decimal) -> Decimal | None:
    rounded = _towards_safety(spec)(size, price)
    return rounded if spec.min_price <= rounded <= spec.max_price else None
