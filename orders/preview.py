"""What an order would do, before it is sent: value, margin, fees, liquidation before and after, loss at the stop, the
position after, and what the rules say. From Bybit's pre-check where it has one, else computed, else "not available".
Nothing is sent to be carried out, nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeVar

from django.contrib.auth.models import AbstractBaseUser

from bybit import instruments
from bybit.decimals import EXACT
from bybit.errors import BybitError
from bybit.gateway import Gateway
from bybit.market_types import RiskTierInfo, Ticker
from bybit.models import Account, Instrument
from bybit.types import Margins, NewOrder
from orders import access, services, sizing
from orders.errors import NotFound, PriceUnknown, RuleBroken, TradeError
from orders.risk import check
from orders.wishes import Wish
from positions.book import Book, Trade, step
from positions.models import Position, Wallet
from positions.services import ISOLATED, PORTFOLIO, position_id

T = TypeVar("T")
ZERO = Decimal(0)
Source = Literal["bybit", "computed", "not available"]
BYBIT: Source = "bybit"
COMPUTED: Source = "computed"
NOT_AVAILABLE: Source = "not available"
# What Bybit takes of everybody: sizes are reckoned with it where the account's own rate is not told, as on demo
# accounts. Nought would make them too large.
STANDARD_TAKER = {"linear": Decimal("0.00055"), "spot": Decimal("0.001")}
# A limit this far on the bad side of the market is pointed out, and this far is refused by the console.
FAR, TOO_FAR = Decimal("0.01"), Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure and where it is from: `bybit`, `computed` (an estimate) or `not available`."""

    value: Decimal | None
    source: Source

    @classmethod
    def computed(cls, value: Decimal | None) -> "Figure":
        return cls(value=value, source=NOT_AVAILABLE if value is None else COMPUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """A position as it would be: `side` is "" when flat."""

    side: str
    size: Decimal
    entry_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Amounts in the settle coin, rates as fractions. `rules` is what would refuse the order, `warnings` what a person
    should know first."""

    wish: Wish
    price: Decimal
    value: Decimal
    margin: Figure
    fee_maker: Figure
    fee_taker: Figure
    liq_before: Figure
    liq_after: Figure
    loss_at_stop: Figure
    profit_at_take: Figure
    im_before: Figure
    im_after: Figure
    mm_before: Figure
    mm_after: Figure
    position_after: After | None
    rules: list[TradeError]
    warnings: list[TradeError]


def preview(*, user: AbstractBaseUser, wish: Wish, size: tuple[sizing.By, Decimal] | None) -> Preview:
    """Looks at an order without placing it. `size` (how, how much) stands for `wish.qty`. Raises NotFound, PriceUnknown
    when Bybit does not tell the price, RuleBroken when the size cannot be reckoned."""
    account = access.account_of(user, wish.account_id)
    instrument = instruments.find(account.environment, wish.category, wish.symbol)
    if instrument is None:
        raise NotFound("market")
    return _Look(account, instrument, wish).taken(size)


class _Look:
    """What is known while one preview is made."""

    def __init__(self, account: Account, instrument: Instrument, wish: Wish) -> None:
        self.account = account
        self.instrument = instrument
        self.wish = wish
        self.gateway: Gateway = access.gateway_of(account)
        self.wallet = Wallet.objects.filter(pk=account.pk).first()
        self.position = self._position()
        if wish.category != "spot" and self._leverage() is None and not self._in_portfolio():
            # Nothing was ever held here: Bybit has a leverage for it all the same.
            services.read_position(account, self.gateway, wish.category, wish.symbol)
            self.position = self._position()
        self.ticker = self._ticker()
        self.price = self._price()
        rates = _or_none(lambda: self.gateway.fee_rate(category=wish.category, symbol=wish.symbol))
        self.maker: Decimal | None = rates[0] if rates else None
        self.taker: Decimal | None = rates[1] if rates else None

    def _position(self) -> Position | None:
        wish = self.wish
        key = position_id(self.account.pk, wish.category, wish.symbol, wish.position_idx)
        return Position.objects.filter(pk=key).first()

    def _in_portfolio(self) -> bool:
        return self.wallet is not None and self.wallet.margin_mode == PORTFOLIO

    def _ticker(self) -> Ticker:
        try:
            return self.gateway.ticker(category=self.wish.category, symbol=self.wish.symbol)
        except BybitError as error:
            raise PriceUnknown(error.message) from error

    def _price(self) -> Decimal:
        """At which it would trade: its own, its trigger's, or the other side of the book now."""
        wish, other = self.wish, self.ticker.ask if self.wish.side == "Buy" else self.ticker.bid
        price = wish.price or wish.trigger_price or other or self.ticker.last
        if price is None:
            raise PriceUnknown("Bybit told none")
        return price

    def taken(self, size: tuple[sizing.By, Decimal] | None) -> Preview:
        if size is not None:
            self.wish = replace(self.wish, qty=sizing.size(*size, self._basis()))
        wish = self.wish
        qty = EXACT.divide(wish.qty, self.price) if wish.in_quote else wish.qty
        value = EXACT.multiply(qty, self.price)
        after = self._after(qty)
        margins = self._margins(value)
        stop, take = (_at(price, self.price, qty, wish.side) for price in (wish.stop_loss, wish.take_profit))
        return Preview(
            wish=wish,
            price=self.price,
            value=value,
            margin=Figure.computed(self._margin(value)),
            fee_maker=Figure.computed(_times(value, self.maker)) if wish.price else Figure.computed(None),
            fee_taker=Figure.computed(_times(value, self.taker)),
            liq_before=self._liq_before(),
            liq_after=Figure.computed(self._liquidation(after)),
            loss_at_stop=Figure.computed(self._with_fees(stop, wish.stop_loss, qty, loss=True)),
            profit_at_take=Figure.computed(self._with_fees(take, wish.take_profit, qty, loss=False)),
            im_before=margins[0],
            im_after=margins[1],
            mm_before=margins[2],
            mm_after=margins[3],
            position_after=after,
            rules=self._rules(),
            warnings=self._warnings(after),
        )

    def _basis(self) -> sizing.Basis:
        wallet, spot = self.wallet, self.wish.category == "spot"
        return sizing.Basis(
            price=self.price,
            step=self.instrument.qty_step,
            fee_rate=self.taker if self.taker is not None else STANDARD_TAKER[self.wish.category],
            leverage=Decimal(1) if spot else self._leverage(),
            available=self._available(),
            equity=None if wallet is None else wallet.total_equity,
            stop_loss=self.wish.stop_loss,
            side=self.wish.side,
        )

    def _leverage(self) -> Decimal | None:
        return None if self.position is None else self.position.leverage

    def _available(self) -> Decimal | None:
        """What may be bound by a new order, in the coin that it binds."""
        wallet, wish = self.wallet, self.wish
        if wallet is None:
            return None
        spot = wish.category == "spot"
        if not spot and wallet.margin_mode != ISOLATED:
            whole: Decimal | None = wallet.available
            return whole
        coin = self.instrument.settle_coin or self.instrument.quote_coin
        if spot and wish.side == "Sell":
            coin = self.instrument.base_coin
        kept = next((row for row in wallet.coins if row["coin"] == coin), None)
        if kept is None or not kept.get("available"):
            return None
        found = Decimal(kept["available"])
        return EXACT.multiply(found, self.price) if spot and wish.side == "Sell" else found

    def _margin(self, value: Decimal) -> Decimal | None:
        leverage = self._leverage()
        if self.wish.category == "spot":
            return value
        if self.wish.reduce_only:
            return ZERO
        return EXACT.divide(value, leverage) if leverage else None

    def _after(self, qty: Decimal) -> After | None:
        if self.wish.category == "spot":
            return None
        row = self.position
        held = ZERO if row is None else (row.size if row.side == "Buy" else -row.size)
        entry = ZERO if row is None or row.entry_price is None else row.entry_price
        closing = held and (held > 0) == (self.wish.side == "Sell")
        if self.wish.reduce_only:
            qty = min(qty, abs(held)) if closing else ZERO
        book = Book(size=held, entry=entry)
        book = step(book, Trade(self.wish.side, qty, self.price)) if qty else book
        side = "" if book.size == 0 else "Buy" if book.size > 0 else "Sell"
        return After(side=side, size=abs(book.size), entry_price=book.entry if book.size else None)

    # ---- margin and liquidation

    def _liq_before(self) -> Figure:
        row = self.position
        if row is None or row.size == 0 or row.liq_price is None:
            return Figure(value=None, source=NOT_AVAILABLE)
        return Figure(value=row.liq_price, source=BYBIT)

    def _liquidation(self, after: After | None) -> Decimal | None:
        """Where the account's margin balance would meet its maintenance margin if this market alone moved. An estimate,
        in cross margin only; None where it is not known, or out of reach."""
        wallet, mark = self.wallet, self.ticker.mark
        if after is None or after.size == 0 or wallet is None or wallet.margin_mode != "REGULAR_MARGIN":
            return None
        balance, needed = wallet.margin_balance, wallet.maintenance_margin
        tier = _tier(self._tiers(), after.size * (mark or self.price))
        if balance is None or needed is None or mark is None or tier is None:
            return None
        mine = ZERO if self.position is None else (self.position.maintenance_margin or ZERO)
        others = max(needed - mine, ZERO)
        long = after.side == "Buy"
        # The new part is entered at its own price and marked at the mark at once.
        balance -= self._slip(mark)
        cushion = balance - others + (tier.mm_deduction or ZERO)
        worth = after.size * mark
        rate = tier.maintenance_margin
        bound = after.size * ((1 - rate) if long else (1 + rate))
        price = EXACT.divide(worth - cushion if long else worth + cushion, bound)
        return price.quantize(self.instrument.tick_size) if price > 0 else None

    def _slip(self, mark: Decimal) -> Decimal:
        wish = self.wish
        away = self.price - mark if wish.side == "Buy" else mark - self.price
        qty = wish.qty if not wish.in_quote else EXACT.divide(wish.qty, self.price)
        return qty * away + (_times(qty * self.price, self.taker) or ZERO)

    def _tiers(self) -> list[RiskTierInfo]:
        return instruments.tiers(self.account.environment, self.wish.category, self.wish.symbol)

    def _margins(self, value: Decimal) -> tuple[Figure, Figure, Figure, Figure]:
        """The account's margin rates before and after."""
        wallet = self.wallet
        told = self._pre_check()
        if told is not None:
            values = (told.im_before, told.im_after, told.mm_before, told.mm_after)
            first, second, third, fourth = (Figure(value=one, source=BYBIT) for one in values)
            return first, second, third, fourth
        none = Figure(value=None, source=NOT_AVAILABLE)
        if wallet is None or wallet.im_rate is None or wallet.mm_rate is None:
            return none, none, none, none
        before = Figure(value=wallet.im_rate, source=BYBIT), Figure(value=wallet.mm_rate, source=BYBIT)
        margin, balance = self._margin(value), wallet.margin_balance
        after = None
        if margin is not None and balance and not self.wish.reduce_only and wallet.initial_margin is not None:
            after = EXACT.divide(wallet.initial_margin + margin, balance).quantize(Decimal("1e-6"))
        return before[0], Figure.computed(after), before[1], none

    def _pre_check(self) -> Margins | None:
        wish = self.wish
        plain = wish.category == "linear" and wish.trigger_price is None
        if not plain or self.wallet is None or self.wallet.margin_mode == ISOLATED:
            return None
        order = NewOrder(
            category=wish.category,
            symbol=wish.symbol,
            side=wish.side,
            order_type=wish.order_type,
            qty=wish.qty,
            price=wish.price,
            time_in_force=wish.time_in_force,
            reduce_only=wish.reduce_only,
            position_idx=wish.position_idx,
            order_link_id=str(wish.id),
            take_profit=wish.take_profit,
            stop_loss=wish.stop_loss,
            terms=wish.terms,
        )
        return _or_none(lambda: self.gateway.pre_check(order))

    # ---- exits

    def _with_fees(
        self, gain: Decimal | None, exit_price: Decimal | None, qty: Decimal, *, loss: bool
    ) -> Decimal | None:
        """The result at an exit with the fees of both sides taken off; a loss is told as a positive amount."""
        if gain is None or exit_price is None or self.taker is None:
            return None
        entry_rate = self.taker
        net = gain - qty * self.price * entry_rate - qty * exit_price * self.taker
        return -net if loss else net

    # ---- what the rules say

    def _rules(self) -> list[TradeError]:
        hedge = self.account.position_mode == Account.PositionMode.HEDGE
        try:
            self._check(hedge)
            if not self.wish.reduce_only:
                access.check_reconciled(self.account, access.link_of(self.account))
        except TradeError as error:
            return [error]
        return []

    def _check(self, hedge: bool) -> None:
        try:
            check(self.wish, self.account, self.instrument, hedge=hedge)
        except RuleBroken as error:
            # The mode is Bybit's market by market: its own word decides, as it does when the order is placed.
            found = None if error.code != "position_idx" else _or_none(self._mode)
            if found is None or found == hedge:
                raise
            check(self.wish, self.account, self.instrument, hedge=found)

    def _mode(self) -> bool:
        return access.read_mode(self.account, self.gateway, self.wish.symbol)

    def _warnings(self, after: After | None) -> list[TradeError]:
        found: list[TradeError] = []
        last, wish = self.ticker.last, self.wish
        if wish.price is not None and last:
            worse = (wish.price - last if wish.side == "Buy" else last - wish.price) / last
            if worse > FAR and wish.trigger_price is None:
                code = "price_too_far" if worse > TOO_FAR else "price_far"
                percent = (worse * 100).quantize(Decimal("0.1"))
                found.append(
                    RuleBroken(
                        code, f"The price is {percent} % beyond the market, on the side that costs you."
                    )
                )
        liquidation = self._liquidation(after)
        if wish.stop_loss is not None and liquidation is not None:
            beyond = wish.stop_loss < liquidation if wish.side == "Buy" else wish.stop_loss > liquidation
            if beyond:
                found.append(
                    RuleBroken(
                        "stop_past_liquidation",
                        "The stop-loss lies beyond the estimated liquidation price: it would come too late.",
                    )
                )
        return found


def _at(exit_price: Decimal | None, entry: Decimal, qty: Decimal, side: str) -> Decimal | None:
    """What the new part brings at an exit, before fees."""
    if exit_price is None:
        return None
    return qty * (exit_price - entry if side == "Buy" else entry - exit_price)


def _times(value: Decimal, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else EXACT.multiply(value, rate)


def _tier(found: list[RiskTierInfo], value: Decimal) -> RiskTierInfo | None:
    """The risk tier of a position of this value."""
    return next((tier for tier in found if value <= tier.risk_limit), found[-1] if found else None)


def _or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except BybitError:
        return None
