"""The log of what changed an account's balances: a reading of its fills and transfers, kept up with them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from heapq import merge
from typing import Any, NamedTuple

from .engine.ledger import Ledger
from .engine.model import Account, Execution, Transfer
from .engine.numbers import CENT10, ZERO, fixed, plain
from .engine.specs import SETTLE_COIN, SPECS
from .engine.spot_specs import MARKETS

_TYPES = {
    "Trade": "TRADE", "Funding": "SETTLEMENT", "BustTrade": "LIQUIDATION", "AdlTrade": "ADL",
    "Settle": "DELIVERY",
}  # fmt: skip


class Transaction(NamedTuple):
    """One entry: when (ms), its number in the account's log, the coin of its symbol, and the row of V5."""

    at_ms: int
    number: int
    base_coin: str
    row: dict[str, Any]


@dataclass(slots=True)
class _State:
    """How far an account's log is: its entries, the balances by coin and the signed positions after the last."""

    entries: list[Transaction]
    balances: dict[str, Decimal]
    sizes: dict[tuple[str, int], Decimal]
    fills_read: int = 0
    transfers_read: int = 0


class Transactions:
    """The logs of all accounts."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._states: dict[str, _State] = {}

    def of(self, account: str) -> list[Transaction]:
        """An account's entries, oldest first."""
        holder = self._ledger.accounts[account]
        fills = self._ledger.executions.get(account, [])
        transfers = self._ledger.transfers.get(account, [])
        state = self._states.get(account)
        if state is None:
            moved = sum((each.amount for each in transfers if each.coin == SETTLE_COIN), ZERO)
            opening = holder.deposits - moved
            first = Transaction(holder.created_ms, 0, "", _opening(holder, opening))
            state = self._states[account] = _State([first], {SETTLE_COIN: opening}, {})
        news: list[list[Execution | Transfer]] = [
            [*fills[state.fills_read :]],
            [*transfers[state.transfers_read :]],
        ]
        for each in merge(*news, key=_by_seq):
            if isinstance(each, Transfer):
                _append_transfer(state, each)
            else:
                (_append_spot if each.category == "spot" else _append)(state, each)
        state.fills_read, state.transfers_read = len(fills), len(transfers)
        return state.entries


def _by_seq(item: Execution | Transfer) -> int:
    return item.seq


def _append_transfer(state: _State, transfer: Transfer) -> None:
    """Coins that came or went."""
    coin, amount = transfer.coin, plain(transfer.amount)
    balance = state.balances[coin] = state.balances.get(coin, ZERO) + transfer.amount
    kind = "TRANSFER_IN" if transfer.amount > 0 else "TRANSFER_OUT"
    row = _row(transfer.transfer_id, transfer.at_ms, kind)
    row |= {"qty": amount, "currency": coin, "cashFlow": amount, "change": amount}
    row["cashBalance"] = plain(balance.quantize(CENT10))
    state.entries.append(Transaction(transfer.at_ms, len(state.entries), "", row))


def _append(state: _State, execution: Execution) -> None:
    """A fill or funding of a contract."""
    place = execution.symbol, execution.position_idx
    funding = execution.exec_type == "Funding"
    if not funding:
        signed = execution.qty if execution.side == "Buy" else -execution.qty
        state.sizes[place] = state.sizes.get(place, ZERO) + signed
    size, fee = state.sizes.get(place, ZERO), execution.fee
    amounts = {"size": fixed(size, SPECS[execution.symbol].step)}
    amounts |= {"funding": plain(-fee), "fee": "0"} if funding else {"funding": "", "fee": plain(fee)}
    _file(state, execution, execution.fee_coin, execution.pnl, execution.pnl - fee, amounts)


def _append_spot(state: _State, execution: Execution) -> None:
    """A spot fill: one entry for each of its two coins."""
    buys, base = execution.side == "Buy", MARKETS[execution.symbol].base_coin
    flows = {base: execution.qty if buys else -execution.qty}
    flows[SETTLE_COIN] = -execution.value if buys else execution.value
    for coin, flow in flows.items():
        fee = execution.fee if coin == execution.fee_coin else ZERO
        _file(state, execution, coin, flow, flow - fee, {"size": "", "funding": "", "fee": plain(fee)})


def _file(
    state: _State, execution: Execution, coin: str, flow: Decimal, change: Decimal, amounts: dict[str, str]
) -> None:
    """Files an entry of a coin, with its balance afterwards."""
    spec = MARKETS[execution.symbol]
    balance = state.balances[coin] = state.balances.get(coin, ZERO) + change
    name = f"{execution.exec_id}-{coin}" if coin == spec.base_coin else execution.exec_id
    row = {
        **_row(name, execution.at_ms, _TYPES[execution.exec_type]), "symbol": spec.symbol,
        "category": execution.category, "side": execution.side, "qty": fixed(execution.qty, spec.step),
        "currency": coin, "tradePrice": fixed(execution.price, spec.tick), **amounts,
        "cashFlow": plain(flow.quantize(CENT10)), "change": plain(change.quantize(CENT10)),
        "cashBalance": plain(balance.quantize(CENT10)), "feeRate": plain(execution.fee_rate),
        "tradeId": execution.exec_id, "orderId": execution.order_id, "orderLinkId": execution.link_id,
    }  # fmt: skip
    state.entries.append(Transaction(execution.at_ms, len(state.entries), spec.base_coin, row))


def _opening(account: Account, deposit: Decimal) -> dict[str, Any]:
    """What the account began with (USDT)."""
    amount = plain(deposit)
    row = _row(f"deposit-{account.uid}", account.created_ms, "TRANSFER_IN")
    return {**row, "qty": amount, "cashFlow": amount, "change": amount, "cashBalance": amount}


def _row(name: str, at_ms: int, kind: str) -> dict[str, Any]:
    """A row in which nothing but its name, time and type is said."""
    return {
        "id": name, "symbol": "", "category": "", "side": "None", "transactionTime": str(at_ms), "type": kind,
        "transSubType": "", "qty": "", "size": "", "currency": SETTLE_COIN, "tradePrice": "", "funding": "",
        "fee": "", "cashFlow": "", "change": "", "cashBalance": "", "feeRate": "", "bonusChange": "",
        "tradeId": "", "orderId": "", "orderLinkId": "", "extraFees": "",
    }  # fmt: skip
