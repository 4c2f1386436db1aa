"""Laws of spot in the pure engine: coins are neither made nor lost, nothing is spent that is not there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit.paper.engine import funds, spot, trading
from bybit.paper.engine.book import Book
from bybit.paper.engine.checks import Ticket
from bybit.paper.engine.errors import Refusal
from bybit.paper.engine.ledger import Ledger
from bybit.paper.engine.matching import move
from bybit.paper.engine.model import Moment, Order, Quote, Trigger
from bybit.paper.engine.spot_specs import MARKETS, SPOT
from bybit.paper.engine.triggers import fire_due
from bybit.paper.market.ladder import ladder

KEY = "BTCUSDT.spot"
SPEC = SPOT[KEY]
ACCOUNTS = ("a", "b")
DEPOSIT = Decimal(100_000)

accounts = st.sampled_from(ACCOUNTS)
sides = st.sampled_from(["Buy", "Sell"])
prices = st.integers(599_000, 601_000).map(lambda tenths: Decimal(tenths) / 10)
sizes = st.integers(100, 1_500_000).map(lambda steps: steps * SPEC.step)
amounts = st.integers(50_000_000, 800_000_000_000).map(lambda steps: steps * SPEC.quote_step)
waits = st.sampled_from(["", "", "", "Stop", "tpslOrder"])
smp = st.sampled_from(["None", "None", "CancelMaker", "CancelTaker", "CancelBoth"])
tifs = st.sampled_from(["GTC", "GTC", "IOC", "FOK", "PostOnly"])
commands = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), accounts, sides, sizes, prices, tifs, smp, waits, prices),
        st.tuples(st.just("limit"), accounts, sides, sizes, prices, tifs, smp, waits, prices),
        st.tuples(st.just("market"), accounts, sides, sizes, st.just("baseCoin"), smp, waits, prices),
        st.tuples(st.just("market"), accounts, sides, amounts, st.just("quoteCoin"), smp, waits, prices),
        st.tuples(st.just("cancel"), st.integers(0, 20)),
        st.tuples(st.just("amend"), st.integers(0, 20), sizes, prices),
        st.tuples(st.just("move"), prices),
    ),
    min_size=15,
    max_size=50,
)


class World:
    """An engine with two accounts that hold both coins."""

    def __init__(self) -> None:
        quote = Quote(Decimal(60_000), Decimal(60_000), Decimal(60_000))
        self.ledger = Ledger("test", {name: Book(spec, quote) for name, spec in MARKETS.items()})
        self.time = 0
        for account in ACCOUNTS:
            self.ledger.open_account(account, DEPOSIT, 0).coins["BTC"] = Decimal(1)
        self.do("move", Decimal(60_000))

    def do(self, command: str, *args: Any) -> None:
        self.time += 1
        try:
            getattr(self, f"_{command}")(Moment(self.time, self.time), *args)
        except Refusal as refusal:
            assert refusal.code == 10001 or 170_000 < refusal.code < 171_000, refusal

    def _limit(self, now: Moment, *a: Any) -> None:
        account, side, qty, price, tif, kind, wait, at = a
        ticket = Ticket(account, KEY, side, "Limit", qty, price, tif, smp_type=kind, category="spot")
        spot.place(self.ledger, ticket._replace(trigger=_trigger(wait, at)), now)

    def _market(self, now: Moment, *a: Any) -> None:
        account, side, size, unit, kind, wait, at = a
        ticket = Ticket(account, KEY, side, "Market", size, Decimal(0), "IOC", smp_type=kind, category="spot")
        spot.place(self.ledger, ticket._replace(market_unit=unit, trigger=_trigger(wait, at)), now)

    def _picked(self, number: int) -> Order | None:
        known = [order for order in self.ledger.orders.values() if order.is_open]
        return known[number % len(known)] if known else None

    def _cancel(self, now: Moment, number: int) -> None:
        order = self._picked(number)
        spot.cancel(self.ledger, order, spot.filter_of(order) if order is not None else "Order", now)

    def _amend(self, now: Moment, number: int, qty: Decimal, price: Decimal) -> None:
        order = self._picked(number)
        amount = Decimal(500) if order is not None and order.budget else qty
        spot.amend(self.ledger, order, trading.Change(amount, price), now)

    def _move(self, now: Moment, price: Decimal) -> None:
        move(self.ledger, KEY, Quote(price, price, price), lambda: ladder(1, SPEC, now.ms, price), now, price)
        fire_due(self.ledger, KEY, now)


def _trigger(kind: str, price: Decimal) -> Trigger | None:
    return Trigger(price, 0, "LastPrice", kind) if kind else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands)
def test_the_laws_of_coins(script: list[tuple[Any, ...]]) -> None:
    world = World()
    for command in script:
        world.do(*command)
        for account in ACCOUNTS:
            _coins_add_up(world.ledger, account)
            _locks_are_those_of_the_open_orders(world.ledger, account)
        for order in world.ledger.orders.values():
            _the_order_is_right(world.ledger, order)


def _coins_add_up(ledger: Ledger, account: str) -> None:
    usdt, btc = DEPOSIT, Decimal(1)
    for row in ledger.executions.get(account, []):
        if row.side == "Buy":
            usdt, btc = usdt - row.value, btc + row.qty - row.fee
        else:
            usdt, btc = usdt + row.value - row.fee, btc - row.qty
    holder = ledger.accounts[account]
    assert (holder.wallet, holder.coins["BTC"]) == (usdt, btc)
    assert usdt >= 0 and btc >= 0
    assert all(funds.available(ledger, account, coin) >= 0 for coin in ("USDT", "BTC"))
    assert not ledger.positions_of.get(account)


def _locks_are_those_of_the_open_orders(ledger: Ledger, account: str) -> None:
    due = {"USDT": Decimal(0), "BTC": Decimal(0)}
    for order in ledger.open_orders.get(account, {}).values():
        if not order.is_waiting or order.stop_type == "tpslOrder":
            coin, amount = order.spot_need("BTC")
            due[coin] += amount
    for coin, amount in due.items():
        assert ledger.locked(account, coin) == amount
        assert amount <= (
            ledger.accounts[account].wallet if coin == "USDT" else ledger.accounts[account].coins[coin]
        )


def _the_order_is_right(ledger: Ledger, order: Order) -> None:
    fills = ledger.order_executions.get(order.order_id, [])
    assert order.cum_qty == sum(row.qty for row in fills) <= order.qty
    assert order.cum_value == sum(row.value for row in fills)
    assert not order.budget or order.cum_value <= order.budget
    assert order.status != "Cancelled" or not order.cum_qty
    assert (order.order_id in ledger.open_orders.get(order.account, {})) == order.is_open
