"""The laws of the books, for any history: one-way and hedge legs, two settle coins, flips, partial closes, funding,
deleveraging, transfers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bybit.paper.engine import forced, funds, modes, trading
from bybit.paper.engine.book import Book
from bybit.paper.engine.checks import Ticket
from bybit.paper.engine.errors import Refusal
from bybit.paper.engine.ledger import Ledger
from bybit.paper.engine.matching import fill_resting
from bybit.paper.engine.model import Moment, Quote
from bybit.paper.engine.spot_specs import MARKETS

from .oracle import Books, rounded

BASES = {"BTCUSDT": 60_000, "XRPUSDT": 2, "BTCPERP": 60_000, "SOLUSDT": 150}
DEPOSIT = Decimal(100_000)
places = st.sampled_from([("BTCUSDT", 0), ("XRPUSDT", 0), ("BTCPERP", 0), ("SOLUSDT", 1), ("SOLUSDT", 2)])
trades = st.tuples(
    st.just("trade"), places, st.sampled_from(["Buy", "Sell"]), st.integers(1, 60), st.integers(-80, 80)
)
events = st.one_of(
    trades,
    trades,
    trades,
    trades,
    st.tuples(st.just("fund"), places, st.integers(-30, 30)),
    st.tuples(st.just("adl"), places, st.integers(1, 60)),
    st.tuples(st.just("transfer"), st.sampled_from(["USDT", "USDC"]), st.integers(-(10**10), 10**10)),
)


class World:
    """An engine without a server and without a market: every fill is at the limit of a resting order."""

    def __init__(self) -> None:
        books = {}
        for name, spec in MARKETS.items():
            price = Decimal(BASES.get(spec.symbol, 100))
            books[name] = Book(spec, Quote(price, price, price))
        self.ledger = Ledger("test", books)
        self.ledger.open_account("a", DEPOSIT, 0)
        modes.switch(self.ledger, "a", "SOLUSDT", 3)
        self.now = Moment(0, 0)
        self.moved = {"USDT": DEPOSIT, "USDC": Decimal(0)}

    def do(self, name: str, *args: Any) -> None:
        self.now = Moment(self.now.ms + 1, self.now.ns + 1)
        getattr(self, f"_{name}")(*args)

    def _trade(self, place: tuple[str, int], side: str, steps: int, ticks: int) -> None:
        spec = self.ledger.books[place[0]].spec
        price, qty = BASES[place[0]] + ticks * spec.tick, steps * 5 * spec.step
        ticket = Ticket("a", place[0], side, "Limit", qty, price, "GTC", position_idx=place[1])
        try:
            order = trading.place(self.ledger, ticket, self.now)
        except Refusal as refusal:
            assert refusal.code in (110017, 110094)
            return
        # In two parts, so that an order closes with one and enters with the other.
        for part in (max(steps // 2, 1) * 5 * spec.step, order.leaves):
            if order.is_open and order.leaves:
                fill_resting(self.ledger, order, min(part, order.leaves), self.ledger.next_seq(), self.now)

    def _fund(self, place: tuple[str, int], rate: int) -> None:
        forced.fund_all(self.ledger, place[0], Decimal(rate) / 100_000, self.now)

    def _adl(self, place: tuple[str, int], steps: int) -> None:
        position, spec = self.ledger.position("a", *place), self.ledger.books[place[0]].spec
        qty = min(steps * spec.step, abs(position.size))
        if qty:
            forced.deleverage(self.ledger, position, qty, BASES[place[0]] + spec.tick, self.now)

    def _transfer(self, coin: str, units: int) -> None:
        amount = Decimal(units) / 10**8
        try:
            funds.transfer(self.ledger, "a", coin, amount, self.now)
        except Refusal as refusal:
            assert refusal.code in (10001, 131212)
        else:
            self.moved[coin] += amount


@settings(max_examples=80, deadline=None)
@given(st.lists(events, min_size=5, max_size=60))
def test_every_coin_is_what_its_executions_make_of_it(script: list[tuple[Any, ...]]) -> None:
    world = World()
    for event in script:
        world.do(*event)
    ledger, account = world.ledger, world.ledger.accounts["a"]
    books: dict[tuple[str, int], Books] = {}
    results = {"USDT": Decimal(0), "USDC": Decimal(0)}
    fees, funding, exact = dict(results), dict(results), {name: Fraction(0) for name in results}
    for row in ledger.executions.get("a", []):
        if row.exec_type == "Funding":
            funding[row.fee_coin] += row.fee
            continue
        book = books.setdefault((row.symbol, row.position_idx), Books())
        assert (row.closed, row.pnl) == book.trade(row.side, row.qty, row.price)
        results[row.fee_coin] += row.pnl
        fees[row.fee_coin] += row.fee
        exact[row.fee_coin] += Fraction(row.value if row.side == "Sell" else -row.value)
    for coin in results:
        purse = account.purse(coin)
        assert (purse.realised, purse.fees, purse.funding) == (results[coin], fees[coin], funding[coin])
        assert purse.wallet == world.moved[coin] + results[coin] - fees[coin] - funding[coin]
        # What was paid is either in a position or was realised; at most half a digit of each position apart.
        held = [book for place, book in books.items() if ledger.books[place[0]].spec.settle_coin == coin]
        apart = abs(Fraction(results[coin]) - exact[coin] - sum((book.exact for book in held), Fraction(0)))
        assert apart <= len(held) * Fraction(1, 2 * 10**8)
    for (symbol, idx), book in books.items():
        position = ledger.position("a", symbol, idx)
        assert (position.size, position.cost) == (book.size, book.booked)
        assert rounded(Fraction(position.exact)) == rounded(book.exact)
    closings = ledger.closed_pnl.get("a", {}).values()
    gross = sum((each.pnl + each.open_fee + each.close_fee for each in closings), Decimal(0))
    assert gross == sum(results.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(trades, min_size=5, max_size=40))
def test_results_of_positions_add_up_to_the_account(script: list[tuple[Any, ...]]) -> None:
    world = World()
    for event in script:
        world.do(*event)
    account, positions = world.ledger.accounts["a"], world.ledger.positions_of.get("a", [])
    total = sum((position.total_pnl for position in positions), Decimal(0))
    assert total == sum(account.purse(coin).wallet - world.moved[coin] for coin in ("USDT", "USDC"))
    for position in positions:
        if not position.size:
            assert (position.cost, position.exact, position.open_fees) == (0, 0, 0)
