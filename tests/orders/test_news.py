"""The two doors, on a real PostgreSQL: idempotent, in any order, from several writers at once."""

import json
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bybit import rows
from bybit.models import Account
from bybit.stream import Message
from bybit.types import Execution, OrderReport, PositionReport
from orders import listener, selectors, sending, services
from orders.errors import TradeError
from orders.models import Event, Fill, Order, OrderEvent, Sequence
from orders.schemas import OrderOut
from positions.models import Position

D = Decimal
Report = Callable[..., OrderReport]
Exec = Callable[..., Execution]


def ours(account: Account, **changes: Any) -> Order:
    now = timezone.now()
    key = uuid4()
    values: dict[str, Any] = {
        "id": key,
        "account": account,
        "user": account.members.first(),
        "source": "api",
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "order_type": "Limit",
        "qty": D(1),
        "price": D(60000),
        "state": "sending",
        "order_link_id": str(key),
        "created_at": now,
        "sent_at": now,
        "updated_at": now,
    }
    return Order.objects.create(**values | changes)


def shown(order: Order) -> tuple[Any, ...]:
    order.refresh_from_db()
    return order.state, order.exchange_status, order.cum_exec_qty, order.fills_qty, order.fee, order.avg_price


def test_f21_any_order_of_the_same_news_ends_in_the_same_rows(
    account: Account, report: Report, execution: Exec
) -> None:
    rng = random.Random(20261123)
    ends = set()
    for _ in range(12):
        order = ours(account)
        link, exchange_id = order.order_link_id, f"ex-{uuid4()}"
        ids = {"order_id": exchange_id, "order_link_id": link}
        marks = [f"{uuid4().hex[:8]}-{n}" for n in (1, 2, 3)]
        news: list[tuple[str, Any]] = [
            ("report", report(**ids, updated_ms=11)),
            ("report", report(**ids, status="PartiallyFilled", cum_exec_qty=D("0.3"), updated_ms=12)),
            ("report", report(**ids, status="PartiallyFilled", cum_exec_qty=D("0.5"), updated_ms=12)),
            ("report", report(**ids, status="Filled", cum_exec_qty=D(1), avg_price=D(60000), updated_ms=13)),
            ("execution", execution(marks[0], "0.3", **ids)),
            ("execution", execution(marks[1], "0.2", **ids)),
            ("execution", execution(marks[2], "0.5", **ids)),
        ]
        news += rng.sample(news, 4)
        rng.shuffle(news)
        for kind, item in news:
            getattr(services, f"record_{kind}")(account.pk, item, "stream")
        ends.add(shown(order))
    assert ends == {("filled", "Filled", D(1), D(1), D("1.5"), D(60000))}
    position = Position.objects.get()
    assert (position.ours_size, position.ours_entry) == (D(12), D(60000))


def test_a_whole_batch_ends_like_its_parts(account: Account, report: Report, execution: Exec) -> None:
    order = ours(account)
    ids = {"order_id": "ex-9", "order_link_id": order.order_link_id}
    reports = [
        report(**ids),
        report(**ids, status="Filled", cum_exec_qty=D(1), avg_price=D(60000), updated_ms=9),
    ]
    executions = [execution(f"b-{n}", "0.25", **ids) for n in range(4)]
    services.record(account.pk, reports=reports, executions=executions, source="stream")
    services.record(account.pk, reports=reports, executions=executions, source="resolver")
    assert shown(order) == ("filled", "Filled", D(1), D(1), D("2.0"), D(60000))
    assert Fill.objects.count() == 4


def test_f22_f36_the_same_fill_from_many_writers_at_once_is_one_fill(
    account: Account, report: Report, execution: Exec
) -> None:
    order = ours(account)
    ids = {"order_id": "ex-1", "order_link_id": order.order_link_id}
    start = threading.Barrier(8)
    problems: list[BaseException] = []

    def write() -> None:
        try:
            start.wait(10)
            for n in range(5):
                services.record_execution(account.pk, execution(f"m-{n}", "0.2", **ids), "stream")
                services.record_report(
                    account.pk,
                    report(**ids, status="PartiallyFilled", cum_exec_qty=D("0.2") * (n + 1)),
                    "stream",
                )
        except BaseException as error:  # noqa: BLE001  # shown by the assertion below
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    assert Fill.objects.count() == 5
    assert shown(order)[2:4] == (D(1), D(1))
    seqs = list(Event.objects.filter(account=account).values_list("seq", flat=True).order_by("seq"))
    assert seqs == list(range(1, len(seqs) + 1))
    assert Sequence.objects.get(pk=account.pk).seq == len(seqs)


def test_versions_rise_by_one_with_each_told_change(
    account: Account, report: Report, execution: Exec
) -> None:
    order = ours(account)
    ids = {"order_id": "ex-1", "order_link_id": order.order_link_id}
    for source in ("stream", "resolver", "stream"):
        services.record_execution(account.pk, execution("v-1", "0.4", **ids), source)
    assert sorted(Event.objects.values_list("kind", flat=True)) == ["fill", "order", "position"]
    services.record_report(
        account.pk, report(**ids, status="PartiallyFilled", cum_exec_qty=D("0.4")), "stream"
    )
    services.record_report(
        account.pk, report(**ids, status="PartiallyFilled", cum_exec_qty=D("0.4")), "stream"
    )
    told = Event.objects.filter(kind="order").order_by("seq")
    assert [event.version for event in told] == [2, 3]
    assert json.loads(told[1].body)["filled_qty"] == "0.4"


def test_f23_an_execution_ahead_of_its_order_waits_and_is_attached(
    account: Account, report: Report, execution: Exec
) -> None:
    services.record_execution(account.pk, execution("w-1", "0.6", order_id="ex-7"), "stream")
    assert Fill.objects.get().order is None
    services.record_report(
        account.pk, report(order_id="ex-7", status="PartiallyFilled", cum_exec_qty=D("0.6")), "x"
    )
    order = Order.objects.get()
    assert (order.source, order.fills_qty, order.state) == ("external", D("0.6"), "working")
    assert Fill.objects.get().order == order


def test_f23_the_answer_of_the_post_only_fills_in_what_news_left_missing(
    account: Account, report: Report
) -> None:
    order = ours(account)
    services.record_report(
        account.pk, report(order_link_id=order.order_link_id, status="Filled", cum_exec_qty=D(1)), "stream"
    )
    after = sending.write_answer(order.pk, "ex-1")
    assert (after.state, after.exchange_order_id) == ("filled", "ex-1")
    assert after.acked_at is not None


@pytest.mark.parametrize("code", ["never_arrived", "never_sent", "clock"])
def test_f02_only_our_own_verdicts_are_reopened_by_later_evidence(
    account: Account, report: Report, execution: Exec, code: str
) -> None:
    by_report = ours(account, state="rejected", reject_code=code)
    services.record_report(account.pk, report(order_id="a", order_link_id=by_report.order_link_id), "stream")
    by_fill = ours(account, state="rejected", reject_code=code)
    ids = {"order_id": "b", "order_link_id": by_fill.order_link_id}
    services.record_execution(account.pk, execution("o-1", "0.1", **ids), "stream")
    by_report.refresh_from_db()
    by_fill.refresh_from_db()
    assert (by_report.state, by_report.reject_code) == ("working", "")
    assert (by_fill.state, by_fill.reject_code, by_fill.needs_read) == ("acked", "", True)


def test_an_order_ended_when_bybit_says_so_and_not_when_it_was_heard_of(
    account: Account, report: Report
) -> None:
    heard = report(
        order_id="ex-old", status="Cancelled", created_ms=1_700_000_000_000, updated_ms=1_700_000_050_000
    )
    services.record(account.pk, reports=[heard], source="backfill", quietly=True)
    order = Order.objects.get(exchange_order_id="ex-old")
    assert OrderOut.of(order).ended_at == datetime.fromtimestamp(1_700_000_050, UTC)
    assert order.updated_at > timezone.now() - timedelta(minutes=1)
    late = ours(account, state="rejected", reject_code="never_sent")
    assert OrderOut.of(late).ended_at == late.updated_at
    assert OrderOut.of(ours(account, state="working")).ended_at is None


def test_orders_that_are_over_are_listed_by_when_they_ended_page_by_page(account: Account) -> None:
    now = timezone.now()
    reader = account.members.get().pk

    def closed(
        ended_ms: int, status: str, placed_days_ago: int, heard_days_ago: int, state: str = "cancelled"
    ) -> UUID:
        return ours(
            account,
            state=state,
            exchange_status=status,
            exchange_ms=ended_ms,
            created_at=now - timedelta(days=placed_days_ago),
            updated_at=now - timedelta(days=heard_days_ago),
        ).pk

    today, week = int(now.timestamp() * 1000), 7 * 86_400_000
    ours(account, state="working", exchange_status="New", exchange_ms=today)
    expected = [
        # A stop of a month ago that was cancelled this minute is the newest.
        closed(today, "Deactivated", 30, 3),
        # Bybit told no end: it was over when we concluded it.
        closed(0, "", 1, 1, "rejected"),
        closed(today, "New", 1, 2, "rejected"),
        closed(today - week + 1, "Filled", 9, 0, "filled"),
        closed(today - week, "Filled", 8, 0, "filled"),
        closed(today - 2 * week, "Cancelled", 0, 0),
        # Of one moment, on two pages.
        *sorted((closed(today - 3 * week, "Cancelled", 0, 0) for _ in range(3)), reverse=True),
    ]
    pages, cursor = [], None
    while True:
        found = selectors.orders(reader, state="closed", symbol=None, account=None, limit=2, cursor=cursor)
        pages.append(list(found.rows))
        if (cursor := found.next) is None:
            break
    assert [[row.pk for row in found] for found in pages] == [expected[at : at + 2] for at in range(0, 9, 2)]
    assert all(row.moment == row.ended_at for found in pages for row in found)
    for one, other in (("all", "closed"), ("closed", "all")):
        cursor = selectors.orders(reader, state=one, symbol=None, account=None, limit=2, cursor=None).next
        with pytest.raises(TradeError, match="Start from the first page"):
            selectors.orders(reader, state=other, symbol=None, account=None, limit=2, cursor=cursor)


def test_f09_news_of_another_market_under_our_id_is_not_adopted(account: Account, report: Report) -> None:
    order = ours(account)
    services.record_report(account.pk, report(order_link_id=order.order_link_id, symbol="ETHUSDT"), "stream")
    assert shown(order)[:2] == ("sending", "")


def test_a_claim_is_won_once(account: Account) -> None:
    order = ours(account, state="new", sent_at=None)
    assert sending.claim(order)
    again = Order.objects.get(pk=order.pk)
    again.state = "new"
    assert not sending.claim(again)


def test_the_resolver_s_verdicts_need_the_state_they_are_about(account: Account, report: Report) -> None:
    new = ours(account, state="new", created_at=timezone.now() - timedelta(minutes=1))
    services.close_never_sent(new.pk)
    sending = ours(account)
    services.give_up_sending(sending.pk)
    for _ in range(2):
        services.note_negative(sending.pk, {"realtime": "nothing"}, verdict=None)
    services.note_negative(sending.pk, {"realtime": "nothing"}, verdict="never_arrived")
    working = ours(account)
    services.record_report(account.pk, report(order_link_id=working.order_link_id), "stream")
    services.note_negative(working.pk, {}, verdict="never_arrived")
    services.close_never_sent(working.pk)
    rows_now = {row.pk: (row.state, row.reject_code) for row in Order.objects.all()}
    assert rows_now == {
        new.pk: ("rejected", "never_sent"),
        sending.pk: ("rejected", "never_arrived"),
        working.pk: ("working", ""),
    }
    proof = OrderEvent.objects.get(order=sending, kind="verdict", body__code="never_arrived").body
    assert proof["negatives"] == 3


def test_a_position_moves_forward_only(account: Account, position: Callable[..., PositionReport]) -> None:
    services.record(account.pk, reported=[position(seq=5, updated_ms=50, size=D(2))], source="stream")
    services.record(account.pk, reported=[position(seq=4, updated_ms=90, size=D(9))], source="resolver")
    services.record(account.pk, reported=[position(seq=5, updated_ms=49, size=D(8))], source="resolver")
    assert Position.objects.get().size == D(2)
    services.record(
        account.pk, reported=[position(seq=6, updated_ms=60, size=D(0), side="")], source="stream"
    )
    row = Position.objects.get()
    assert (row.size, row.side, row.entry_price) == (D(0), "", None)
    assert json.loads(Event.objects.filter(kind="position").latest("seq").body)["size"] == "0"


def test_a_late_fill_folds_the_position_anew(account: Account, execution: Exec) -> None:
    """Buy 1 at 100, sell 2 at 110, but the first arrives last."""
    sell = execution("l-20", "2", side="Sell", price=D(110), order_id="s")
    buy = execution("l-10", "1", price=D(100), order_id="b")
    services.record_execution(account.pk, sell, "stream")
    services.record_execution(account.pk, buy, "resolver")
    row = Position.objects.get()
    assert (row.ours_size, row.ours_entry) == (D(-1), D(110))


def test_gathered_writes_keep_their_order_and_fail_whole(account: Account) -> None:
    order = ours(account)
    with transaction.atomic(), rows.gathered():
        for number in (1, 2, 3):
            order.checks = number
            rows.update(order, ("checks",))
        (seen,) = rows.find(Order, "id = %s", [order.pk])
        assert seen.checks == 3
        order.checks = 4
        rows.update(order, ("checks",))
    order.refresh_from_db()
    assert order.checks == 4
    with pytest.raises(Exception, match="bybit_account"), transaction.atomic(), rows.gathered():
        order.checks = 5
        rows.update(order, ("checks",))
        rows.write("INSERT INTO bybit_account (id) VALUES (%s)", ["acc"])
    order.refresh_from_db()
    assert order.checks == 4


def test_f32_a_hedge_legs_fill_in_one_batch_with_its_order_is_folded_once(
    account: Account, report: Report, execution: Exec
) -> None:
    """ADL and liquidation: the fill and the first report of its order come together, the fill first."""
    services.record(
        account.pk,
        reports=[report(order_id="leg", position_idx=1, side="Buy", status="Filled", cum_exec_qty=D(3))],
        executions=[execution("a-1", "3", order_id="leg")],
        source="stream",
    )
    services.record(
        account.pk,
        reports=[report(order_id="adl", position_idx=1, side="Sell", status="Filled", cum_exec_qty=D(1))],
        executions=[execution("a-2", "1", order_id="adl", side="Sell", exec_type="AdlTrade")],
        source="stream",
    )
    sums = {row.position_idx: row.ours_size for row in Position.objects.all()}
    assert {index: size for index, size in sums.items() if size} == {1: D(2)}


def test_a_batch_tells_each_position_once_and_ends_with_the_last_report(
    account: Account, execution: Exec, position: Callable[..., PositionReport]
) -> None:
    told = [position(seq=n, updated_ms=n, size=D(n), side="Buy") for n in range(1, 6)]
    fills = [execution(f"b-{n}", "1", order_id="b") for n in range(1, 6)]
    services.record(account.pk, executions=fills, reported=told, source="stream")
    row = Position.objects.get()
    assert (row.version, row.size, row.ours_size, row.exchange_seq) == (1, D(5), D(5), 5)
    (event,) = Event.objects.filter(kind="position")
    body = json.loads(event.body)
    assert (body["size"], body["ours"]["size"], body["version"]) == ("5", "5", 1)


def test_news_inside_a_transaction_is_committed_with_it_and_not_before(
    account: Account, execution: Exec
) -> None:
    with CaptureQueriesContext(connection) as caught, transaction.atomic():
        services.record_execution(account.pk, execution("n-1", "1"), "stream")
        transaction.set_rollback(True)
    assert not any("COMMIT" in query["sql"] for query in caught if query["sql"] != "COMMIT")
    assert not Fill.objects.exists()
    with CaptureQueriesContext(connection) as caught:
        services.record_execution(account.pk, execution("n-1", "1"), "stream")
    assert any(query["sql"].endswith(";COMMIT") for query in caught)
    assert Fill.objects.count() == 1


def test_wallet_news_of_several_coins_in_one_batch_loses_none() -> None:
    def told(equity: str, **coins: str) -> Message:
        rows_ = [
            {"coin": name, "equity": value, "walletBalance": value, "usdValue": value, "unrealisedPnl": ""}
            for name, value in coins.items()
        ]
        data = {"accountType": "UNIFIED", "totalEquity": equity, "totalAvailableBalance": "", "coin": rows_}
        return Message("wallet", "", 1, [data])

    news, bad = listener._sort([told("1", BTC="1", USDT="5"), told("2", USDT="7")])
    assert not bad
    assert news["wallet"].total_equity == 2
    assert {coin.coin: coin.equity for coin in news["wallet"].coins} == {"BTC": 1, "USDT": 7}
