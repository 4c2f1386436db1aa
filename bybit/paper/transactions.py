"""The log of what changed an account's balance: a reading of its fills, kept up with them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from .engine.ledger import Ledger
from .engine.model import Account, Execution
from .engine.numbers import CENT8, ZERO, fixed, plain
from .engine.specs import SETTLE_COIN, SPECS

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
    """How far an account's log is: its entries, the balance (USDT) and the signed positions after the last one."""

    entries: list[Transaction]
    balance: Decimal
    sizes: dict[tuple[str, int], Decimal]
    read: int = 0


class Transactions:
    """The logs of all accounts."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._states: dict[str, _State] = {}

    def of(self, account: str) -> list[Transaction]:
        """An account's entries, oldest first."""
        holder = self._ledger.accounts[account]
        state = self._states.get(account)
        if state is None:
            first = Transaction(holder.created_ms, 0, "", _deposit(holder))
            state = self._states[account] = _State([first], holder.deposits, {})
        fills = self._ledger.executions.get(account, [])
        for execution in fills[state.read :]:
            self._append(state, execution)
        state.read = len(fills)
        return state.entries

    def _append(self, state: _State, execution: Execution) -> None:
        place = execution.symbol, execution.position_idx
        funding = execution.exec_type == "Funding"
        if not funding:
            signed = execution.qty if execution.side == "Buy" else -execution.qty
            state.sizes[place] = state.sizes.get(place, ZERO) + signed
        change = execution.pnl - execution.fee
        state.balance += change
        size, spec = state.sizes.get(place, ZERO), SPECS[execution.symbol]
        fees = {"funding": plain(-execution.fee), "fee": "0"} if funding else {
            "funding": "", "fee": plain(execution.fee),
        }  # fmt: skip
        row = {
            **_row(f"{execution.exec_id}", execution.at_ms, _TYPES[execution.exec_type]),
            "symbol": execution.symbol, "category": "linear", "side": execution.side,
            "qty": fixed(execution.qty, spec.step), "size": fixed(size, spec.step),
            "tradePrice": fixed(execution.price, spec.tick), **fees,
            "cashFlow": plain(execution.pnl.quantize(CENT8)), "change": plain(change.quantize(CENT8)),
            "cashBalance": plain(state.balance.quantize(CENT8)), "feeRate": plain(execution.fee_rate),
            "tradeId": execution.exec_id, "orderId": execution.order_id, "orderLinkId": execution.link_id,
        }  # fmt: skip
        state.entries.append(Transaction(execution.at_ms, len(state.entries), spec.base_coin, row))


def _deposit(account: Account) -> dict[str, Any]:
    """What the account began with."""
    amount = plain(account.deposits)
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
