"""An order that somebody wants, before anything is known of it: a checked body in the one form the services take."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from bybit.decimals import to_wire
from bybit.types import Terms
from orders.requests import TERMS, OrderIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order somebody wants. `request` is what repeats are compared with; `terms` are by the names of
    bybit.types.ORDER_TERMS."""

    id: UUID
    account_id: str
    category: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal | None
    time_in_force: str
    reduce_only: bool
    position_idx: int
    trigger_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    terms: Terms = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def in_quote(self) -> bool:
        """Whether the size is an amount of the quote coin."""
        return self.terms.get("market_unit") == "quoteCoin"


_ASKED = (
    "category",
    "symbol",
    "side",
    "order_type",
    "qty",
    "price",
    "time_in_force",
    "reduce_only",
    "position_idx",
    "trigger_price",
    "take_profit",
    "stop_loss",
)


def wish_of(body: OrderIn) -> Wish:
    """A body with its defaults written out, so that a repeat that names them is the same order."""
    terms = _terms(body)
    values: dict[str, Any] = {name: getattr(body, name) for name in _ASKED}
    values["time_in_force"] = body.time_in_force or ("IOC" if body.order_type == "Market" else "GTC")
    values["reduce_only"] = bool(body.reduce_only)
    values["position_idx"] = body.position_idx or 0
    request = request_of(values | terms | {"account": body.account})
    return Wish(id=UUID(body.id), account_id=body.account, terms=terms, request=request, **values)


def _terms(body: OrderIn) -> Terms:
    """The further terms that have a value, or whose default Bybit would apply: sent as they are shown."""
    terms: Terms = {}
    for name in TERMS:
        value = getattr(body, name)
        if value is not None and value is not False:
            terms[name] = to_wire(value) if isinstance(value, Decimal) else value
    spot = body.category == "spot"
    if body.trigger_price is not None:
        terms.setdefault(*(("order_filter", "StopOrder") if spot else ("trigger_by", "LastPrice")))
    if spot and body.order_type == "Market":
        terms.setdefault("market_unit", "quoteCoin" if body.side == "Buy" else "baseCoin")
    if terms.get("order_filter") == "Order":
        del terms["order_filter"]
    exits = [name for name, value in (("tp", body.take_profit), ("sl", body.stop_loss)) if value is not None]
    for name in exits:
        terms.setdefault(f"{name}_order_type", "Market")
        if not spot:
            terms.setdefault(f"{name}_trigger_by", "LastPrice")
    if exits and not spot:
        terms.setdefault("tpsl_mode", "Full")
    return terms


def request_of(values: dict[str, Any]) -> dict[str, Any]:
    """A body in the one form in which repeats are compared: numbers as plain text, nothing that is null."""
    return {
        name: to_wire(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
        if value is not None
    }
