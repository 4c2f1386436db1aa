"""Laws of the pure engine, for any sequence of commands: nothing is made, nothing is lost, order is kept."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit.paper.engine import trading
from bybit.paper.engine.book import Book
from bybit.paper.engine.checks import Ticket
from bybit.paper.engine.errors import Refusal
from bybit.paper.engine.ledger import Ledger
from bybit.paper.engine.liquidation import liquidate_fallen
from bybit.paper.engine.matching import move
from bybit.paper.engine.model import Moment, Order, Quote
from bybit.paper.engine.specs import SPECS
from bybit.paper.market.ladder import ladder

SYMBOL = "BTCUSDT"
SPEC = SPECS[SYMBOL]
ACCOUNTS = ("a", "b", "c")
DEPOSIT = Decimal(100_000)

sides = st.sampled_from(["Buy", "Sell"])
accounts = st.sampled_from(ACCOUNTS)
prices = st.integers(59_950, 60_050).map(Decimal)
quantities = st.one_of(st.integers(1, 900), st.integers(5_000, 20_000)).map(lambda steps: steps * SPEC.step)
rarely = st.sampled_from([False, False, False, True])
orders = st.tuples(
    st.just("place"),
    accounts,
    sides,
    st.sampled_from(["Limit", "Limit", "Limit", "Market"]),
    quantities,
    prices,
    st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK", "PostOnly"]),
    rarely,
    st.sampled_from(["None", "None", "None", "CancelMaker", "CancelTaker", "CancelBoth"]),
)
picks = st.integers(0, 30)
near = st.integers(59_940, 60_060).map(Decimal)
commands = st.lists(
    st.one_of(
        orders,
        orders,
        orders,
        st.tuples(st.just("cancel"), picks),
        st.tuples(st.just("amend"), picks, quantities, prices),
        st.tuples(st.just("move"), near, st.booleans()),
        st.tuples(st.just("move"), st.integers(52_000, 68_000).map(Decimal), st.booleans()),
        st.tuples(st.just("leverage"), accounts, st.sampled_from([Decimal(5), Decimal(50), Decimal(100)])),
    ),
    min_size=25,
    max_size=70,
)


class World:
    """An engine without a server."""

    def __init__(self) -> None:
        quote = Quote(Decimal(60_000), Decimal(60_000), Decimal(60_000))
        self.ledger = Ledger("test", {name: Book(spec, quote) for name, spec in SPECS.items()})
        self.time = 0
        for account in ACCOUNTS:
            self.ledger.open_account(account, DEPOSIT, 0)
        self.do("move", Decimal(60_000), False)

    def do(self, command: str, *args: Any) -> None:
        self.time += 1
        now = Moment(self.time, self.time)
        actions: dict[str, Callable[..., Any]] = {
            "place": self._place, "cancel": self._cancel, "amend": self._amend, "move": self._move,
            "leverage": lambda now, who, value: trading.set_leverage(self.ledger, who, SYMBOL, value, now),
        }  # fmt: skip
        try:
            actions[command](now, *args)
        except Refusal as refusal:
            assert refusal.code in {
                10001,
                110001,
                110003,
                110007,
                110013,
                110017,
                110043,
                110064,
                110090,
                110094,
            }

    def _place(self, now: Moment, *a: Any) -> None:
        account, side, kind, qty, price, tif, reduce_only, smp = a
        tif = "IOC" if kind == "Market" else tif
        ticket = Ticket(account, SYMBOL, side, kind, qty, price, tif, reduce_only=reduce_only, smp_type=smp)
        trading.place(self.ledger, ticket, now)

    def _picked(self, number: int) -> Order | None:
        known = [order for order in self.ledger.orders.values() if order.is_open]
        return known[number % len(known)] if known else None

    def _cancel(self, now: Moment, number: int) -> None:
        trading.cancel(self.ledger, self._picked(number), now)

    def _amend(self, now: Moment, number: int, qty: Decimal, price: Decimal) -> None:
        trading.amend(self.ledger, self._picked(number), trading.Change(qty, price), now)

    def _move(self, now: Moment, price: Decimal, through: bool) -> None:
        def levels() -> Any:
            return ladder(1, SPEC, now.ms, price)

        move(self.ledger, SYMBOL, Quote(price, price, price), levels, now, price if through else None)
        liquidate_fallen(self.ledger, SYMBOL, now)


def run(script: list[tuple[Any, ...]]) -> World:
    world = World()
    for command in script:
        world.do(*command)
    return world


many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(commands)
def test_money_is_conserved(script: list[tuple[Any, ...]]) -> None:
    ledger = run(script).ledger
    for name, account in ledger.accounts.items():
        fills = ledger.executions.get(name, [])
        assert account.deposits == DEPOSIT
        assert account.fees == sum(row.fee for row in fills)
        assert account.realised == sum(row.pnl for row in fills)
        assert account.wallet == DEPOSIT + account.realised - account.fees
        signed = sum((row.qty if row.side == "Buy" else -row.qty) for row in fills)
        paid = sum((row.value if row.side == "Buy" else -row.value) for row in fills)
        position = ledger.position(name, SYMBOL)
        assert position.size == signed
        # What was paid is either still in the position or was realised: not a fraction of a cent is missing.
        assert position.cost - account.realised == paid


@many
@given(commands)
def test_orders_are_what_their_fills_make_of_them(script: list[tuple[Any, ...]]) -> None:
    ledger = run(script).ledger
    for order in ledger.orders.values():
        fills = ledger.order_executions.get(order.order_id, [])
        assert order.cum_qty == sum(row.qty for row in fills) <= order.qty
        assert order.cum_value == sum(row.value for row in fills)
        assert order.cum_fee == sum(row.fee for row in fills)
        assert (order.status == "Filled") == (order.cum_qty == order.qty)
        for row in fills:
            if row.exec_type == "Trade":
                limit = row.order_price
                assert row.price <= limit if order.side == "Buy" else row.price >= limit
        book = ledger.books[SYMBOL].orders
        assert (
            (order.order_id in book)
            == order.is_open
            == (order.order_id in ledger.open_orders.get(order.account, {}))
        )


@many
@given(commands)
def test_margin_totals_match_the_open_orders(script: list[tuple[Any, ...]]) -> None:
    ledger = run(script).ledger
    for account in ACCOUNTS:
        for side in ("Buy", "Sell"):
            mine = [
                order
                for order in ledger.books[SYMBOL].resting(side)
                if order.account == account and not order.reduce_only
            ]
            sums = ledger.open_sums((account, SYMBOL, 0), side)
            assert sums.qty == sum(order.leaves for order in mine)
            assert sums.value == sum(order.leaves * order.price for order in mine)


@many
@given(commands)
def test_the_book_is_sorted_and_never_crossed(script: list[tuple[Any, ...]]) -> None:
    book = run(script).ledger.books[SYMBOL]
    bids, asks = list(book.resting("Buy")), list(book.resting("Sell"))
    assert [(-order.price, order.rank) for order in bids] == sorted(
        (-order.price, order.rank) for order in bids
    )
    assert [(order.price, order.rank) for order in asks] == sorted(
        (order.price, order.rank) for order in asks
    )
    if bids and asks:
        assert bids[0].price < asks[0].price


@many
@given(
    st.lists(
        st.tuples(st.sampled_from(["reduce", "Sell", "Buy", "rally"]), quantities), min_size=5, max_size=25
    )
)
def test_reduce_only_never_exceeds_the_position(script: list[tuple[str, Decimal]]) -> None:
    world = World()
    world.do("place", "a", "Buy", "Market", Decimal("0.5"), Decimal(0), "IOC", False, "None")
    for what, qty in script:
        if what == "rally":
            world.do("move", Decimal(60_300), True)
            world.do("move", Decimal(60_000), False)
        elif what == "reduce":
            world.do("place", "a", "Sell", "Limit", qty, Decimal(60_300), "GTC", True, "None")
        else:
            world.do("place", "a", what, "Market", qty, Decimal(0), "IOC", False, "None")
        size = world.ledger.position("a", SYMBOL).size
        reducing = [order for order in world.ledger.books[SYMBOL].orders.values() if order.reduce_only]
        for order in reducing:
            assert 0 < order.leaves <= (-size if order.side == "Buy" else size)
        shown = world.ledger.reducing.get(("a", SYMBOL, 0), {})
        assert {order.order_id for order in reducing} == set(shown)


@many
@given(commands)
def test_no_account_falls_below_zero_by_liquidation(script: list[tuple[Any, ...]]) -> None:
    ledger = run(script).ledger
    for account in ACCOUNTS:
        bust = [row for row in ledger.executions.get(account, []) if row.exec_type == "BustTrade"]
        if bust and bust[-1] is ledger.executions[account][-1]:
            assert ledger.accounts[account].wallet >= 0


@many
@given(commands)
def test_the_same_commands_give_the_same_ledger(script: list[tuple[Any, ...]]) -> None:
    one, two = run(script).ledger, run(script).ledger
    assert (one.orders, one.executions, one.positions) == (two.orders, two.executions, two.positions)
    assert (one.events, one.serial, one.seq) == (two.events, two.serial, two.seq)


@given(st.lists(st.tuples(accounts, prices, quantities), min_size=2, max_size=12), quantities)
def test_price_time_priority(makers: list[tuple[str, Decimal, Decimal]], taken: Decimal) -> None:
    """Users' asks below every synthetic one are taken best price first, and first come first served."""
    world = World()
    placed = []
    world.do("move", Decimal(64_000), False)
    for account, price, qty in makers:
        world.do("place", account, "Sell", "Limit", qty, price + 3_990, "PostOnly", False, "None")
        last = list(world.ledger.orders.values())[-1] if world.ledger.orders else None
        if last is not None and last.is_open and last not in placed:
            placed.append(last)
    world.ledger.open_account("taker", DEPOSIT * 1_000, 0)
    asks = sorted(placed, key=lambda order: (order.price, order.rank))
    world.do("place", "taker", "Buy", "Market", taken, Decimal(0), "IOC", False, "None")
    filled = [order.cum_qty == order.qty for order in asks]
    touched = [order.cum_qty > 0 for order in asks]
    assert filled == sorted(filled, reverse=True) and touched == sorted(touched, reverse=True)
    assert sum(touched) - sum(filled) <= 1


def test_the_margin_example_of_the_documentation() -> None:
    """61,200.5 x 0.004 at 10x: about 24.61 initial and 1.36 maintenance margin, as Bybit's sample shows."""
    world = World()
    world.do("move", Decimal("61200.5"), False)
    position = world.ledger.position("a", SYMBOL)
    position.size, position.cost = Decimal("0.004"), Decimal("244.802")
    holding = world.ledger.holding("a", SYMBOL)
    assert holding.initial == pytest.approx(Decimal("24.61"), abs=Decimal("0.02"))
    assert holding.maintenance == pytest.approx(Decimal("1.36"), abs=Decimal("0.01"))
