"""One-way and hedge mode of an account's symbols."""

from __future__ import annotations

from .checks import Ticket
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .specs import SETTLE_COIN, SPECS

ONE_WAY, HEDGE = 0, 3


def check_idx(ledger: Ledger, account: str, symbol: str, idx: int) -> None:
    """Refuses with 10001 a positionIdx that the symbol's mode does not have."""
    if (idx in (1, 2)) != ledger.is_hedged(account, symbol) or idx not in (0, 1, 2):
        raise bad_parameter("position idx not match position mode")


def fitted(ledger: Ledger, ticket: Ticket) -> Ticket:
    """The ticket in its position mode: in hedge mode an order against its leg only closes, and so does one that
    closes on its trigger."""
    check_idx(ledger, ticket.account, ticket.symbol, ticket.position_idx)
    closing = {1: "Sell", 2: "Buy"}.get(ticket.position_idx) == ticket.side
    if closing or (ticket.trigger is not None and ticket.close_on_trigger):
        return ticket._replace(reduce_only=True)
    return ticket


def switch(ledger: Ledger, account: str, symbol: str, mode: int) -> None:
    """Sets the mode of one symbol. Refuses with 110029 a contract in USDC, which has no hedge mode, with 110025
    unchanged, 110024 with a position, 110028 with orders."""
    if ledger.symbol_book(symbol).spec.settle_coin != SETTLE_COIN and mode == HEDGE:
        raise Refusal(110029, "Hedge mode is not supported for this symbol")
    if ledger.is_hedged(account, symbol) == (mode == HEDGE):
        raise Refusal(110025, "Position mode is not modified")
    _check_free(ledger, account, {symbol})
    _set(ledger, account, symbol, mode)


def switch_coin(ledger: Ledger, account: str, coin: str, mode: int) -> None:
    """Sets the mode of all symbols of a settle coin that have no setting of their own. Refuses as `switch`."""
    if coin != SETTLE_COIN:
        raise Refusal(110029, "Hedge mode is not supported for this symbol")
    modes = ledger.accounts[account].modes
    symbols = {name for name, spec in SPECS.items() if spec.settle_coin == coin and name not in modes}
    if modes.get(coin, ONE_WAY) == mode:
        raise Refusal(110025, "Position mode is not modified")
    _check_free(ledger, account, symbols)
    _set(ledger, account, coin, mode)


def _check_free(ledger: Ledger, account: str, symbols: set[str]) -> None:
    if any(held.size and held.symbol in symbols for held in ledger.positions_of.get(account, ())):
        raise Refusal(110024, "You have an existing position, so position mode cannot be switched")
    if any(order.symbol in symbols for order in ledger.open_orders.get(account, {}).values()):
        raise Refusal(110028, "You have existing open orders, so position mode cannot be switched")


def _set(ledger: Ledger, account: str, name: str, mode: int) -> None:
    ledger.accounts[account].modes[name] = mode
    ledger.events.accounts[account] = None
