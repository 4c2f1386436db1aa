"""The account in the shape of V5: its totals, and a row for each of its coins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .engine.funds import Coin, coins_of
from .engine.ledger import Ledger
from .engine.margin import Holding, Margin
from .engine.model import Account
from .engine.numbers import CENT8, ZERO, plain
from .engine.specs import SETTLE_COIN, SETTLE_COINS

Row = dict[str, Any]


# What means nothing in isolated margin mode, where every position stands for itself.
_OF_THE_ACCOUNT = (
    "totalMarginBalance", "totalAvailableBalance", "totalInitialMargin", "totalInitialMarginByMp",
    "totalMaintenanceMargin", "totalMaintenanceMarginByMp", "accountIMRate", "accountIMRateByMp",
    "accountMMRate", "accountMMRateByMp",
)  # fmt: skip


def wallet_row(ledger: Ledger, account: str) -> Row:
    """The account as GET /v5/account/wallet-balance and the topic `wallet` show it. USD is taken as USDT and USDC,
    which alone are collateral."""
    margin, coins = ledger.margin(account), coins_of(ledger, account)
    holder = ledger.accounts[account]
    others = sum((coin.balance * coin.price for coin in coins if coin.name not in SETTLE_COINS), ZERO)
    initial = _money(margin.position_initial + margin.order_initial)
    maintenance, balance = _money(margin.maintenance), _money(margin.equity)
    initial_rate, maintenance_rate = _rate(initial, balance), _rate(maintenance, balance)
    row = {
        "accountType": "UNIFIED", "totalEquity": _money(margin.equity + others),
        "totalWalletBalance": _money(margin.wallet + others), "totalMarginBalance": balance,
        "totalAvailableBalance": _money(margin.available), "totalPerpUPL": _money(margin.unrealised),
        "totalInitialMargin": initial, "totalInitialMarginByMp": initial,
        "totalMaintenanceMargin": maintenance, "totalMaintenanceMarginByMp": maintenance,
        "accountIMRate": initial_rate, "accountIMRateByMp": initial_rate,
        "accountMMRate": maintenance_rate, "accountMMRateByMp": maintenance_rate, "accountLTV": "0",
    }  # fmt: skip
    if holder.margin_mode == "ISOLATED_MARGIN":
        row |= dict.fromkeys(_OF_THE_ACCOUNT, "")
    return {**row, "coin": _coin_rows(coins, margin, holder)}


def coin_row(coin: Coin) -> Row:
    """A coin of the wallet that positions have nothing to do with."""
    amount = plain(coin.balance)
    return {
        "coin": coin.name, "equity": amount, "usdValue": _money(coin.balance * coin.price),
        "walletBalance": amount, "locked": plain(coin.locked), "spotHedgingQty": "0",
        "borrowAmount": plain(max(-coin.balance, ZERO)),
        "spotBorrow": "0", "accruedInterest": "0", "totalOrderIM": "0", "totalPositionIM": "0",
        "totalPositionMM": "0", "unrealisedPnl": "0", "cumRealisedPnl": "0", "bonus": "0",
        "marginCollateral": True, "collateralSwitch": coin.name in SETTLE_COINS, "colRes": "0", "free": "",
        "availableToBorrow": "", "availableToWithdraw": "",
    }  # fmt: skip


def _coin_rows(coins: list[Coin], margin: Margin, holder: Account) -> list[Row]:
    """USDT always, USDC when there is something of it, then the coins that no contract is settled in."""
    rows: list[Row] = []
    for coin in coins:
        if coin.name not in SETTLE_COINS:
            rows.append(coin_row(coin))
            continue
        holdings = [each for each in margin.holdings if each.spec.settle_coin == coin.name]
        row = _settle_row(coin, holdings, holder)
        busy = coin.balance or any(each.position.size or each.order_margin for each in holdings)
        if coin.name == SETTLE_COIN or busy:
            rows.append(row)
    return rows


def _settle_row(coin: Coin, holdings: list[Holding], holder: Account) -> Row:
    """A coin that positions are settled in."""
    unrealised = sum((each.unrealised for each in holdings), ZERO)
    equity, purse = _money(coin.balance + unrealised), holder.purse(coin.name)
    margins = {
        "totalOrderIM": sum((each.order_margin for each in holdings), ZERO),
        "totalPositionIM": sum((each.initial for each in holdings), ZERO),
        "totalPositionMM": sum((each.maintenance for each in holdings), ZERO),
    }  # fmt: skip
    portfolio = holder.margin_mode == "PORTFOLIO_MARGIN"
    return {
        **coin_row(coin), "equity": equity, "usdValue": equity, "walletBalance": _money(coin.balance),
        "locked": _money(coin.locked),
        **{name: "" if portfolio else _money(amount) for name, amount in margins.items()},
        "unrealisedPnl": _money(unrealised),
        "cumRealisedPnl": _money(purse.realised - purse.fees - purse.funding),
    }  # fmt: skip


def _money(value: Decimal) -> str:
    return plain(value.quantize(CENT8))


def _rate(part: str, whole: str) -> str:
    """A share with four decimals, "0" when there is nothing to divide by."""
    base = Decimal(whole)
    return plain((Decimal(part) / base).quantize(Decimal("0.0001"))) if base > 0 else "0"
