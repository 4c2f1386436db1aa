"""Asks Bybit about one order in all three places: open and recent, history, executions. Writes nothing."""

from dataclasses import dataclass

from bybit.answers import every
from bybit.errors import BybitError
from bybit.gateway import Gateway
from bybit.types import Execution, OrderRef, OrderReport
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Findings:
    """`clean` is true only when every question was answered: a query that failed is not a query that found
    nothing. `asked` says, per source, what came back."""

    report: OrderReport | None
    executions: tuple[Execution, ...]
    clean: bool
    asked: dict[str, str]

    @property
    def nothing(self) -> bool:
        return self.clean and self.report is None and not self.executions


def ask(gateway: Gateway, order: Order) -> Findings:
    """Reads an order by Bybit's id where we know it, else by ours; its executions too."""
    ids = {"order_id": order.exchange_order_id, "order_link_id": order.order_link_id}
    asked: dict[str, str] = {}
    report = None
    for source, find in (("realtime", gateway.find_realtime), ("history", gateway.find_history)):
        try:
            report = find(category=order.category, **ids)
            asked[source] = "nothing" if report is None else report.status
        except BybitError as error:
            asked[source] = f"no answer ({error.code})"
        if report is not None:
            break
    executions = _executions(gateway, order, report, asked)
    clean = not any(answer.startswith("no answer") for answer in asked.values())
    return Findings(report, executions, clean, asked)


def _executions(
    gateway: Gateway, order: Order, report: OrderReport | None, asked: dict[str, str]
) -> tuple[Execution, ...]:
    order_id = order.exchange_order_id or (report.order_id if report else "")
    found: list[Execution] = []
    ids = {"order_id": order_id, "order_link_id": order.order_link_id}
    try:
        for items in every(gateway.executions, category=order.category, **ids):
            found.extend(items)
        asked["executions"] = f"{len(found)} found" if found else "nothing"
    except BybitError as error:
        asked["executions"] = f"no answer ({error.code})"
    return tuple(found)


def open_orders(
    gateway: Gateway, category: str, symbol: str | None = None, include: set[str] | None = None
) -> list[OrderReport]:
    """All open orders, every page of every settle coin. Raises BybitError when any page fails: half a list proves no
    absence. `include` keeps only the named kinds (orders, conditional, protective)."""
    found: list[OrderReport] = []
    for coin in gateway.coins(category):
        for items in every(gateway.open_orders, category=category, settle_coin=coin):
            found.extend(items)
    return [
        report
        for report in found
        if (symbol is None or report.symbol == symbol) and (include is None or kind(report) in include)
    ]


def kind(report: OrderReport) -> str:
    """Which sort of order this is: a plain one, a conditional entry, or one that protects a position. An entry that has
    triggered is a plain order from then on, for Bybit's cancel-all too."""
    return kind_by(report.stop_order_type, report.status)


def kind_by(stop_order_type: str, status: str) -> str:
    """The kind by Bybit's stopOrderType and orderStatus. A spot `tpslOrder` is an entry or exit of its own: spot has no
    position that it could protect."""
    if stop_order_type not in ("", "UNKNOWN", "Stop", "tpslOrder"):
        return "protective"
    waiting = stop_order_type in ("Stop", "tpslOrder") and status in ("Untriggered", "Triggered")
    return "conditional" if waiting else "orders"


def kind_of_row(order: Order) -> str:
    """The kind of an order as we know it: one that Bybit has not reported yet waits if it has a trigger."""
    stop = str(order.terms.get("stop_order_type", ""))
    if order.trigger_price is not None and not order.exchange_status:
        return "conditional"
    return kind_by(stop, order.exchange_status)


def reference(order: Order) -> OrderRef:
    """How a command names this order to Bybit."""
    return OrderRef(
        category=order.category,
        symbol=order.symbol,
        order_id=order.exchange_order_id,
        order_link_id=order.order_link_id,
        order_filter=order_filter(order),
    )


_SPOT_FILTERS = {"Stop": "StopOrder", "": "", "UNKNOWN": ""}


def order_filter(order: Order) -> str:
    """Spot finds its conditional and TP/SL orders only under their own filter."""
    asked = order.terms.get("order_filter")
    stop = order.terms.get("stop_order_type", "")
    return str(asked or _SPOT_FILTERS.get(stop, "tpslOrder"))
