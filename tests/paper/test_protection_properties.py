"""Laws of protection and hedge mode, for any sequence of commands and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit.paper.engine import modes, trading
from bybit.paper.engine.book import Book
from bybit.paper.engine.brackets import LegChange
from bybit.paper.engine.checks import Ticket
from bybit.paper.engine.errors import Refusal
from bybit.paper.engine.ledger import Ledger
from bybit.paper.engine.liquidation import liquidate_fallen
from bybit.paper.engine.matching import move
from bybit.paper.engine.model import Brackets, Leg, Moment, Quote, Trigger
from bybit.paper.engine.specs import SPECS
from bybit.paper.engine.trading_stop import StopChange, set_trading_stop
from bybit.paper.engine.triggers import fire_due
from bybit.paper.market.ladder import ladder

SYMBOL = "BTCUSDT"
SPEC = SPECS[SYMBOL]
ACCOUNTS = ("one-way", "hedged")
CODES = {10001, 110001, 110003, 110007, 110009, 110017, 110061, 110064, 110090, 110092, 110093, 110094, 34040}

accounts = st.sampled_from(ACCOUNTS)
sides = st.sampled_from(["Buy", "Sell"])
quantities = st.integers(1, 900).map(lambda steps: steps * SPEC.step)
prices = st.integers(59_000, 61_000).map(Decimal)
maybe = st.one_of(st.just(Decimal(0)), prices)
modes_ = st.sampled_from(["Full", "Partial"])
indexes = st.sampled_from([1, 2])
commands = st.lists(
    st.one_of(
        st.tuples(
            st.just("place"), accounts, indexes, sides, quantities, maybe, maybe, maybe, modes_, st.booleans()
        ),
        st.tuples(
            st.just("place"), accounts, indexes, sides, quantities, maybe, maybe, maybe, modes_, st.booleans()
        ),
        st.tuples(st.just("conditional"), accounts, indexes, sides, quantities, prices, st.booleans()),
        st.tuples(st.just("stop"), accounts, indexes, maybe, maybe, st.integers(0, 900).map(Decimal), modes_),
        st.tuples(st.just("cancel"), st.integers(0, 30)),
        st.tuples(st.just("move"), prices),
        st.tuples(st.just("move"), prices),
    ),
    min_size=20,
    max_size=60,
)


class World:
    """An engine with an account in each mode."""

    def __init__(self) -> None:
        quote = Quote(Decimal(60_000), Decimal(60_000), Decimal(60_000))
        self.ledger = Ledger("test", {name: Book(spec, quote) for name, spec in SPECS.items()})
        self.time = 0
        for account in ACCOUNTS:
            self.ledger.open_account(account, Decimal(100_000), 0)
        modes.switch(self.ledger, "hedged", SYMBOL, 3)
        self.do("move", Decimal(60_000))

    def do(self, command: str, *args: Any) -> None:
        self.time += 1
        try:
            getattr(self, f"_{command}")(Moment(self.time, self.time), *args)
        except Refusal as refusal:
            assert refusal.code in CODES, refusal

    def _place(self, now: Moment, *a: Any) -> None:
        account, idx, side, qty, price, profit, loss, mode, reduce_only = a
        brackets = None if reduce_only else Brackets(mode, Leg(profit), Leg(loss))
        kind, tif = ("Limit", "GTC") if price else ("Market", "IOC")
        ticket = Ticket(account, SYMBOL, side, kind, qty, price, tif, reduce_only=reduce_only)
        place = ticket._replace(position_idx=idx if account == "hedged" else 0, brackets=brackets)
        trading.place(self.ledger, place, now)

    def _conditional(self, now: Moment, *a: Any) -> None:
        account, idx, side, qty, price, reduce_only = a
        last = self.ledger.books[SYMBOL].quote.last
        trigger = Trigger(price, 1 if price > last else 2, "LastPrice", "Stop")
        ticket = Ticket(account, SYMBOL, side, "Market", qty, Decimal(0), "IOC", reduce_only=reduce_only)
        place = ticket._replace(position_idx=idx if account == "hedged" else 0, trigger=trigger)
        trading.place(self.ledger, place, now)

    def _stop(self, now: Moment, *a: Any) -> None:
        account, idx, profit, loss, distance, mode = a
        change = StopChange(mode, LegChange(profit), LegChange(loss), None, distance)
        set_trading_stop(self.ledger, (account, SYMBOL, idx if account == "hedged" else 0), change, now)

    def _cancel(self, now: Moment, number: int) -> None:
        known = [order for order in self.ledger.orders.values() if order.is_open]
        trading.cancel(self.ledger, known[number % len(known)] if known else None, now)

    def _move(self, now: Moment, price: Decimal) -> None:
        move(
            self.ledger,
            SYMBOL,
            Quote(price, price, price),
            lambda: ladder(1, SPEC, now.ms, price),
            now,
            price,
        )
        fire_due(self.ledger, SYMBOL, now)
        liquidate_fallen(self.ledger, SYMBOL, now)


many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(commands)
def test_the_laws_hold_after_every_command(script: list[tuple[Any, ...]]) -> None:
    world = World()
    for command in script:
        world.do(*command)
        _legs_never_flip(world.ledger)
        _protection_belongs_to_a_position(world.ledger)
        _wallets_add_up(world.ledger)
        _nothing_due_is_left(world, command)


def _legs_never_flip(ledger: Ledger) -> None:
    assert ledger.position("hedged", SYMBOL, 1).size >= 0
    assert ledger.position("hedged", SYMBOL, 2).size <= 0
    assert ledger.position("hedged", SYMBOL, 0).size == 0


def _protection_belongs_to_a_position(ledger: Ledger) -> None:
    for place, orders in ledger.protections.items():
        size = ledger.position(*place).size
        kinds = [order.stop_type for order in orders.values()]
        for kind in ("TakeProfit", "StopLoss", "TrailingStop"):
            assert kinds.count(kind) <= 1
        for order in orders.values():
            assert size != 0 and order.is_waiting and order.reduce_only
            assert order.side == ("Sell" if size > 0 else "Buy")
            assert order.stop_type.startswith("Partial") or order.qty == abs(size)
            partner = ledger.orders.get(order.trigger.partner) if order.trigger else None
            assert partner is None or (partner.cum_qty == 0 and partner.status != "Triggered")


def _wallets_add_up(ledger: Ledger) -> None:
    for name in ACCOUNTS:
        fills = ledger.executions.get(name, [])
        paid = sum((row.pnl - row.fee for row in fills), Decimal(0))
        assert ledger.accounts[name].wallet == Decimal(100_000) + paid
        for held in ledger.positions_of.get(name, ()):
            mine = [row for row in fills if ledger.orders[row.order_id].position_idx == held.idx]
            assert held.size == sum((row.qty if row.side == "Buy" else -row.qty for row in mine), Decimal(0))


def _nothing_due_is_left(world: World, command: tuple[Any, ...]) -> None:
    """After the market has moved nothing waits that its price has reached, and no stop trails too far behind."""
    quote = world.ledger.books[SYMBOL].quote
    for order in world.ledger.waiting.get(SYMBOL, {}).values():
        trigger = order.trigger
        assert trigger is not None
        if command[0] == "move" and (trigger.running or not trigger.distance):
            away = quote.last - trigger.price
            assert away < 0 if trigger.direction == 1 else away > 0
            assert not trigger.distance or abs(away) <= trigger.distance
