"""People, scripts, Bybit's app and the wire against the real services, database and paper exchange, in any order that
Hypothesis can think of. After each step I2 to I6 hold; once the faults are over, both sides are the same."""

import time
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bybit import gateway as bybit
from bybit.errors import BybitError
from bybit.failpoints import NAMES, Crash, armed
from bybit.models import Account, Link
from orders import access, resolver, services, topics
from orders.errors import TradeError
from orders.models import Order
from orders.requests import OrderIn
from orders.services import Asker
from orders.wishes import wish_of
from tests.conftest import Paper
from tests.stateful.wire import Wire
from tests.truth import apart, broken
from tests.witness import Witness

CREATE, CANCEL, AMEND = "/v5/order/create", "/v5/order/cancel", "/v5/order/amend"
READS = ("/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list", "/v5/*")
LOST: tuple[dict[str, Any], ...] = (
    {"accept": "before", "reply": "drop"},
    {"accept": "before", "reply": "rst"},
    {"accept": "before", "reply": "html"},
    {"accept": "before", "reply": "ret", "code": 10016},
    {"accept": "before", "reply": "ret", "code": 110072},
    {"accept": "never", "reply": "rst"},
    {"accept": "never", "reply": "status", "code": 502},
    {"accept": "never", "reply": "ret", "code": 10006},
    {"accept": "never", "reply": "ret", "code": 110007},
)
SENDING = (
    "after_intent_commit",
    "after_claim",
    "after_answer",
    "before_answer_commit",
    "after_answer_commit",
)
RESOLVING = tuple(sorted(name for name in NAMES if name.startswith("resolve")))
TAKING = ("news_locked", "news_before_commit", "news_after_commit", "stream_taken")
STEP = "0.001"
places = st.sampled_from(["market", "rests", "crosses", "post_only", "ioc"])
sides = st.sampled_from(["Buy", "Sell"])
faults = st.sampled_from([None, None, None, *LOST])
numbers = st.integers(0, 10_000)


class Trading(RuleBasedStateMachine):
    """One account at the exchange for each run; who runs it gives the exchange and makes the account."""

    paper: Paper
    fresh: Any
    witness_of: Any

    @initialize()
    def begin(self) -> None:
        self.account: Account = self.fresh()
        self.witness: Witness = self.witness_of(self.account)
        self.user = self.account.members.get()
        self.asker = Asker(user=self.user, source="api")
        self.last = float(self.paper.last("BTCUSDT"))
        self.wire = Wire(self.account)
        self.mine: list[dict[str, Any]] = []
        self.elsewhere: list[str] = []
        resolver.resolve(self.account, full=True)

    # ---- people

    def _body(self, kind: str, side: str, number: int) -> dict[str, Any]:
        qty = f"0.00{1 + number % 5}"
        body: dict[str, Any] = {
            "id": str(uuid4()),
            "account": self.account.pk,
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": side,
            "qty": qty,
            "order_type": "Market" if kind == "market" else "Limit",
        }
        if kind != "market":
            away = 0.02 if kind == "rests" else -0.005
            sign = -1 if side == "Buy" else 1
            body["price"] = f"{self.last * (1 + sign * away):.1f}".removesuffix(".0")
        if kind in ("post_only", "ioc"):
            body["time_in_force"] = {"post_only": "PostOnly", "ioc": "IOC"}[kind]
        return body

    def _place(self, body: dict[str, Any]) -> None:
        try:
            services.place(asker=self.asker, wish=wish_of(OrderIn(**body)))
        except TradeError:
            # Refused before it was sent: not reconciled, or a rule.
            return

    @rule(kind=places, side=sides, number=numbers, fault=faults)
    def place(self, kind: str, side: str, number: int, fault: dict[str, Any] | None) -> None:
        body = self._body(kind, side, number)
        self.mine.append(body)
        if fault is not None:
            self.paper.fault(endpoint=CREATE, count=1, **fault)
        self._place(body)

    @rule(side=sides, number=numbers, point=st.sampled_from(SENDING))
    def place_and_crash(self, side: str, number: int, point: str) -> None:
        body = self._body("rests", side, number)
        self.mine.append(body)
        try:
            with armed(f"{point}=raise"):
                self._place(body)
        except Crash:
            self._forget()

    @precondition(lambda self: self.mine)
    @rule(number=numbers)
    def tap_again(self, number: int) -> None:
        self._place(self.mine[number % len(self.mine)])

    def _order(self, number: int) -> Order | None:
        known = list(Order.objects.filter(account=self.account).order_by("created_at", "id"))
        return known[number % len(known)] if known else None

    @rule(number=numbers, fault=faults)
    def cancel(self, number: int, fault: dict[str, Any] | None) -> None:
        order = self._order(number)
        if order is not None:
            if fault is not None and fault.get("code") not in (110072, 110007):
                self.paper.fault(endpoint=CANCEL, count=1, **fault)
            services.cancel(user=self.user, order=order, source="api")

    @rule(number=numbers, fault=faults)
    def amend(self, number: int, fault: dict[str, Any] | None) -> None:
        order = self._order(number)
        if order is None or order.price is None:
            return
        if fault is not None and fault.get("code") not in (110072, 110007):
            self.paper.fault(endpoint=AMEND, count=1, **fault)
        changes = {"qty": order.qty + 1 if number % 2 else order.qty * 2}
        try:
            services.amend(user=self.user, order=order, changes=changes, version=None, source="api")
        except TradeError:
            return

    # ---- at the exchange

    @rule(kind=st.sampled_from(["market", "rests"]), side=sides, number=numbers)
    def place_elsewhere(self, kind: str, side: str, number: int) -> None:
        body = self._body(kind, side, number)
        made = self.paper.control(
            "external",
            {
                "account": self.witness.venue_account,
                "symbol": "BTCUSDT",
                "side": side,
                "orderType": body["order_type"],
                "qty": body["qty"],
                "positionIdx": 0,
                **({"price": body["price"]} if "price" in body else {}),
            },
        )
        self.elsewhere.append(made["orderId"])

    @rule(number=numbers, whole=st.booleans())
    def fill(self, number: int, whole: bool) -> None:
        resting = [row for row in self._truth()["orders"] if row["orderStatus"] in ("New", "PartiallyFilled")]
        if resting:
            row = resting[number % len(resting)]
            more = {} if whole else {"qty": STEP}
            self.paper.control(
                "fill", {"account": self.witness.venue_account, "orderId": row["orderId"], **more}
            )

    @precondition(lambda self: self.elsewhere)
    @rule(number=numbers)
    def cancel_elsewhere(self, number: int) -> None:
        from bybit.types import OrderRef

        name = self.elsewhere[number % len(self.elsewhere)]
        try:
            bybit.for_account(self.account).cancel(
                OrderRef(category="linear", symbol="BTCUSDT", order_id=name, order_link_id="")
            )
        except BybitError:
            return

    def _truth(self) -> dict[str, Any]:
        return self.paper.truth(self.witness.venue_account)

    # ---- the wire

    @rule(count=st.integers(1, 6))
    def deliver(self, count: int) -> None:
        self.wire.gather()
        self.wire.deliver([self.wire.waiting.pop(0) for _ in range(min(count, len(self.wire.waiting)))])

    @rule(number=numbers)
    def deliver_out_of_turn(self, number: int) -> None:
        self.wire.gather()
        if self.wire.waiting:
            self.wire.deliver([self.wire.waiting.pop(number % len(self.wire.waiting))])

    @rule(number=numbers)
    def deliver_twice(self, number: int) -> None:
        self.wire.gather()
        if self.wire.waiting:
            message = self.wire.waiting[number % len(self.wire.waiting)]
            self.wire.deliver([message])
            self.wire.deliver([message])

    @rule()
    def drop(self) -> None:
        self.wire.gather()
        del self.wire.waiting[:1]

    @rule(point=st.sampled_from(TAKING))
    def crash_over_news(self, point: str) -> None:
        self.wire.gather()
        part, self.wire.waiting = self.wire.waiting[:4], self.wire.waiting[4:]
        try:
            with armed(f"{point}=raise"):
                self.wire.deliver(part)
        except Crash:
            self._forget()

    @rule(path=st.sampled_from(READS), fault=st.sampled_from(LOST[:4]), count=st.integers(1, 4))
    def reads_fail(self, path: str, fault: dict[str, Any], count: int) -> None:
        self.paper.fault(endpoint=path, count=count, **{**fault, "accept": "before"})

    @rule(ms=st.sampled_from([60, 200]))
    def reads_lag(self, ms: int) -> None:
        self.paper.fault(lag={"realtime": ms, "history": ms, "executions": ms})

    @rule(ms=st.sampled_from([-7000, -900, 900, 4000, 3_600_000]))
    def clock_steps(self, ms: int) -> None:
        """Ours, as an NTP jump would: what was measured before is wrong by as much, until it is measured again. (That
        Bybit's own clock never goes backwards, the law of merging takes for granted.)"""
        Link.objects.filter(pk=self.account.pk).update(clock_offset_ms=ms)
        access.gateway_of(self.account)

    @rule()
    def faults_end(self) -> None:
        self.paper.clear()

    # ---- the house

    @rule(full=st.booleans())
    def resolve(self, full: bool) -> None:
        resolver.resolve(self.account, full=full)

    @rule(point=st.sampled_from(RESOLVING))
    def resolve_and_crash(self, point: str) -> None:
        try:
            with armed(f"{point}=raise"):
                resolver.resolve(self.account)
        except Crash:
            self._forget()

    @rule()
    def restart(self) -> None:
        """The stream's frames are gone, nothing is remembered, and a full pass comes before anything is trusted."""
        self._forget()
        self.wire.waiting.clear()
        resolver.resolve(self.account, full=True)

    @rule()
    def time_passes(self) -> None:
        """What was put off is due."""
        time.sleep(0.1)
        Order.objects.filter(account=self.account).update(next_check_at=None)

    @staticmethod
    def _forget() -> None:
        bybit._gateways.clear()
        resolver._clock_read.clear()

    @invariant()
    def nothing_is_broken(self) -> None:
        found = broken(self.witness.story())
        assert not found, found

    def teardown(self) -> None:
        if not hasattr(self, "wire"):
            return
        self.paper.clear()
        self.wire.close()
        deadline = time.monotonic() + 15
        while True:
            self.time_passes()
            resolver.resolve(self.account, full=True)
            differences = apart(self.witness.story())
            if not differences:
                break
            assert time.monotonic() < deadline, differences
        self.nothing_is_broken()
        assert topics.publisher.rest(10)
