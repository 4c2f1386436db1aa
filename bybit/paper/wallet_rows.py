"""The account in the shape of V5: its totals, and a row for each of its coins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .engine.funds import Coin, coins_of
from .engine.ledger import Ledger
from .engine.margin import Margin
from .engine.numbers import CENT8, ZERO, plain
from .engine.specs import SETTLE_COIN

Row = dict[str, Any]


def wallet_row(ledger: Ledger, account: str) -> Row:
    """The account as GET /v5/account/wallet-balance and the topic `wallet` show it. USD is taken as USDT; only
    USDT is collateral."""
    margin, coins = ledger.margin(account), coins_of(ledger, account)
    holder = ledger.accounts[account]
    others = sum((coin.balance * coin.price for coin in coins[1:]), ZERO)
    initial = _money(margin.position_initial + margin.order_initial)
    maintenance, balance = _money(margin.maintenance), _money(margin.equity)
    initial_rate, maintenance_rate = _rate(initial, balance), _rate(maintenance, balance)
    return {
        "accountType": "UNIFIED", "totalEquity": _money(margin.equity + others),
        "totalWalletBalance": _money(margin.wallet + others), "totalMarginBalance": balance,
        "totalAvailableBalance": _money(margin.available), "totalPerpUPL": _money(margin.unrealised),
        "totalInitialMargin": initial, "totalInitialMarginByMp": initial,
        "totalMaintenanceMargin": maintenance, "totalMaintenanceMarginByMp": maintenance,
        "accountIMRate": initial_rate, "accountIMRateByMp": initial_rate,
        "accountMMRate": maintenance_rate, "accountMMRateByMp": maintenance_rate, "accountLTV": "0",
        "coin": [
            _settle_row(coins[0], margin, holder.realised - holder.fees),
            *(coin_row(coin) for coin in coins[1:]),
        ],
    }  # fmt: skip


def coin_row(coin: Coin) -> Row:
    """A coin of the wallet that positions have nothing to do with."""
    amount = plain(coin.balance)
    return {
        "coin": coin.name, "equity": amount, "usdValue": _money(coin.balance * coin.price),
        "walletBalance": amount, "locked": plain(coin.locked), "spotHedgingQty": "0", "borrowAmount": "0",
        "spotBorrow": "0", "accruedInterest": "0", "totalOrderIM": "0", "totalPositionIM": "0",
        "totalPositionMM": "0", "unrealisedPnl": "0", "cumRealisedPnl": "0", "bonus": "0",
        "marginCollateral": True, "collateralSwitch": coin.name == SETTLE_COIN, "colRes": "0", "free": "",
        "availableToBorrow": "", "availableToWithdraw": "",
    }  # fmt: skip


def _settle_row(coin: Coin, margin: Margin, realised: Decimal) -> Row:
    """USDT, the coin that positions are settled in."""
    equity = _money(margin.equity)
    return {
        **coin_row(coin), "equity": equity, "usdValue": equity, "walletBalance": _money(coin.balance),
        "locked": _money(coin.locked), "totalOrderIM": _money(margin.order_initial),
        "totalPositionIM": _money(margin.position_initial), "totalPositionMM": _money(margin.maintenance),
        "unrealisedPnl": _money(margin.unrealised), "cumRealisedPnl": _money(realised),
    }  # fmt: skip


def _money(value: Decimal) -> str:
    return plain(value.quantize(CENT8))


def _rate(part: str, whole: str) -> str:
    """A share with four decimals, "0" when there is nothing to divide by."""
    base = Decimal(whole)
    return plain((Decimal(part) / base).quantize(Decimal("0.0001"))) if base > 0 else "0"
