"""What the exchange refuses before it takes an order, in Bybit's words and codes."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .book import Book, opposite
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .margin import OpenSums
from .model import Brackets, PositionKey, Quote, Trigger
from .numbers import ZERO, down, on_step, up
from .specs import Spec

MAX_OPEN_ORDERS = 500
_SLIPPAGE_TICKS = (Decimal(1), Decimal(10_000))
_SLIPPAGE_PERCENT = (Decimal("0.01"), Decimal(10))


class Ticket(NamedTuple):
    """A new order as asked for. qty 0 with reduce_only and close_on_trigger means all of the position."""

    account: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal
    tif: str
    link_id: str = ""
    reduce_only: bool = False
    close_on_trigger: bool = False
    smp_type: str = "None"
    slippage_type: str = "UNKNOWN"
    slippage: str = "0"
    create_type: str = "CreateByUser"
    position_idx: int = 0
    trigger: Trigger | None = None
    brackets: Brackets | None = None
    category: str = "linear"
    market_unit: str = ""

    @property
    def place(self) -> PositionKey:
        """The position that it is about."""
        return self.account, self.symbol, self.position_idx

    @property
    def is_market(self) -> bool:
        """Whether it is a market order."""
        return self.order_type == "Market"


class Band(NamedTuple):
    """The highest price for buys and the lowest for sells."""

    buy: Decimal
    sell: Decimal


def band(spec: Spec, quote: Quote) -> Band:
    """The price band around mark and index (the premium term of Bybit's formula is taken as zero)."""
    buy = min(quote.mark * (1 + spec.ratio_y), max(quote.index, quote.mark * (1 + spec.ratio_x)))
    sell = max(quote.mark * (1 - spec.ratio_y), min(quote.index, quote.mark * (1 - spec.ratio_x)))
    return Band(down(buy, spec.tick), max(up(sell, spec.tick), spec.tick))


def check_live(spec: Spec, reduce_only: bool) -> None:
    """Refuses with 110074 orders in a contract that has ended, with 110023 new exposure in one that is ending."""
    if spec.status == "Trading":
        return
    if spec.status == "Closed":
        raise Refusal(110074, "This contract is not live")
    if not reduce_only:
        raise Refusal(110023, "Currently you can only reduce your positions on this contract")


def check_qty(spec: Spec, qty: Decimal, market: bool) -> None:
    """Lot filters. Refuses with 10001."""
    most = spec.max_market_qty if market else spec.max_qty
    if qty < spec.min_qty:
        raise bad_parameter("The number of contracts exceeds minimum limit allowed")
    if qty > most:
        raise bad_parameter("The number of contracts exceeds maximum limit allowed: too large")
    if not on_step(qty, spec.step):
        raise bad_parameter("Qty invalid")


def check_price(spec: Spec, price: Decimal) -> None:
    """Price filters. Refuses with 110003 outside of the contract's range and 10001 off its tick."""
    if not spec.min_price <= price <= spec.max_price:
        raise Refusal(110003, "Order price exceeds the allowable range.")
    if not on_step(price, spec.tick):
        raise bad_parameter("Price invalid")


def within_band(book: Book, side: str, price: Decimal, refuse: bool) -> Decimal:
    """A limit price held inside the band: moved to its edge, or refused (110003) if the account asked so."""
    limits = band(book.spec, book.quote)
    bounded = min(price, limits.buy) if side == "Buy" else max(price, limits.sell)
    if bounded != price and refuse:
        raise Refusal(110003, "Order price exceeds the allowable range.")
    return bounded


def market_limit(book: Book, side: str, slippage_type: str, slippage: str) -> Decimal:
    """The protective limit of a market order: the edge of the band, or the slippage that was asked for."""
    limits = band(book.spec, book.quote)
    edge = limits.buy if side == "Buy" else limits.sell
    offer = book.best(opposite(side))
    if slippage_type == "UNKNOWN" or offer is None:
        return edge
    amount = Decimal(slippage)
    slack = amount * book.spec.tick if slippage_type == "TickSize" else offer.price * amount / 100
    if side == "Buy":
        return min(edge, down(offer.price + slack, book.spec.tick))
    return max(edge, up(offer.price - slack, book.spec.tick))


def check_slippage(kind: str, amount: Decimal) -> None:
    """Refuses with 110108 or 110109 when the tolerance is outside of what its type allows."""
    low, high = _SLIPPAGE_TICKS if kind == "TickSize" else _SLIPPAGE_PERCENT
    step = Decimal(1) if kind == "TickSize" else Decimal("0.01")
    if not low <= amount <= high or not on_step(amount, step):
        code = 110109 if kind == "TickSize" else 110108
        raise Refusal(code, f"slippageTolerance should be between {low} and {high}")


def held_against(ledger: Ledger, place: PositionKey, side: str, qty: Decimal) -> Decimal:
    """A reduce-only quantity cut to what is held (0: all of it). Refuses with 110017 when that is nothing."""
    size = ledger.position(*place).size
    if size == 0:
        raise Refusal(110017, "current position is zero, cannot fix reduce-only order qty")
    held = -size if side == "Buy" else size
    if held < 0:
        raise Refusal(110017, "Reduce-only rule not satisfied: the order has the side of the position")
    return held if qty == 0 else min(qty, held)


def check_notional(spec: Spec, qty: Decimal, price: Decimal) -> None:
    """Refuses with 110094 when the order is worth less than the contract's minimum."""
    if qty * price < spec.min_notional:
        raise Refusal(
            110094, f"Order does not meet minimum order value {spec.min_notional}{spec.settle_coin}"
        )


def check_open_count(ledger: Ledger, account: str, symbol: str) -> None:
    """Refuses with 110020 above 500 active orders in a symbol."""
    open_orders = ledger.open_orders.get(account, {})
    if len(open_orders) < MAX_OPEN_ORDERS:
        return
    active = (order.symbol == symbol and not order.is_waiting for order in open_orders.values())
    if sum(active) >= MAX_OPEN_ORDERS:
        raise Refusal(110020, "Not allowed to have more than 500 active orders")


def reference_price(book: Book, side: str, price: Decimal, market: bool) -> Decimal:
    """The price at which an order's margin is counted: a market order's is the best it can get, a limit
    order's its own, but a sell below the bids will trade at them."""
    offer = book.best(opposite(side))
    best = offer.price if offer is not None else book.quote.mark
    if market:
        return best
    return price if side == "Buy" else max(price, best)


def check_margin(ledger: Ledger, place: PositionKey, side: str, qty: Decimal, price: Decimal) -> None:
    """Refuses with 110007 what the account cannot carry on that side, with 110090 what is beyond its tier."""
    holding = ledger.holding(*place)
    margin = ledger.margin(place[0])
    before = holding.order_margin
    sums = holding.buys if side == "Buy" else holding.sells
    grown = OpenSums(sums.qty + qty, sums.value + qty * price)
    holding.buys, holding.sells = (grown, holding.sells) if side == "Buy" else (holding.buys, grown)
    cost = holding.order_margin - before
    if cost > ZERO and cost > margin.available:
        raise Refusal(110007, "ab not enough for new order")
    exposed = (holding.position.size if side == "Buy" else -holding.position.size) + grown.qty
    _check_tier(holding.spec, holding.position.leverage, max(exposed, ZERO) * price)


def _check_tier(spec: Spec, leverage: Decimal, value: Decimal) -> None:
    tier = spec.tier(value)
    if leverage > tier.max_leverage or value > spec.tiers[-1].limit:
        raise Refusal(
            110090, "The position would exceed the risk limit tier of its leverage, lower the leverage"
        )
