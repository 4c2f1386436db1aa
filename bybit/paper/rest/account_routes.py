"""The routes about executions, positions, the wallet and the key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .. import rows
from ..engine.errors import Refusal, bad_parameter
from ..engine.funds import Coin
from ..engine.model import Execution
from ..engine.numbers import ZERO, plain
from ..engine.specs import MAKER_FEE, SETTLE_COINS, TAKER_FEE
from ..engine.spot_specs import MARKETS, SPOT, SPOT_FEE
from ..wallet_rows import coin_row, wallet_row
from . import tickets
from .call import Context, Route
from .order_routes import require_category, selected_symbols
from .pages import Place, page
from .retention import kept
from .windows import window


def executions(context: Context) -> dict[str, Any]:
    """GET /v5/execution/list."""
    require_category(context)
    limit, kind = context.whole("limit", 50, 1, 100), context.text("execType")
    found = [row for row in _selected(context) if kind in ("", row.exec_type)]
    seen = context.venue.view.executions(found, context.now.ns)
    chosen, cursor = page(seen, _place, limit, context.text("cursor"))
    return {
        "category": context.text("category"),
        "nextPageCursor": cursor,
        "list": [rows.execution_row(execution) for execution in chosen],
    }


def _selected(context: Context) -> list[Execution]:
    ledger, category = context.venue.ledger, context.text("category")
    order_id, link = context.text("orderId"), context.text("orderLinkId")
    if order_id or link:
        name = order_id or ledger.links.get((context.account, link), "")
        found = ledger.order_executions.get(name, [])
        return [
            row for row in found
            if (row.account, row.category) == (context.account, category)
            and kept(row.at_ms, context.now.ms, context.venue.faults)
        ]  # fmt: skip
    span = window(context)
    symbols = selected_symbols(context, required=False)
    mine = ledger.executions.get(context.account, [])
    return [row for row in mine if row.symbol in symbols and span.holds(row.at_ms)]


def _place(execution: Execution) -> Place:
    return execution.at_ms * 1_000_000 + execution.seq % 1_000_000, execution.exec_id


def wallet_balance(context: Context) -> dict[str, Any]:
    """GET /v5/account/wallet-balance: the coins asked for, or those that are there."""
    if context.text("accountType") != "UNIFIED":
        raise bad_parameter("accountType only support UNIFIED.")
    row = wallet_row(context.venue.ledger, context.account)
    names = [name for name in context.text("coin").split(",") if name]
    if names:
        there = {coin["coin"]: coin for coin in row["coin"]}
        known = {spec.base_coin for spec in SPOT.values()} | set(SETTLE_COINS)
        row["coin"] = [
            there.get(name) or coin_row(Coin(name, ZERO, ZERO, ZERO)) for name in names if name in known
        ]
    return {"list": [row]}


def account_info(context: Context) -> dict[str, Any]:
    """GET /v5/account/info: a unified account 2.0."""
    account = context.venue.ledger.accounts[context.account]
    return {
        "marginMode": account.margin_mode, "unifiedMarginStatus": 6,
        "updatedTime": str(account.changed_ms or account.created_ms),
        "dcpStatus": "OFF", "timeWindow": 0, "smpGroup": 0, "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }  # fmt: skip


def fee_rate(context: Context) -> dict[str, Any]:
    """GET /v5/account/fee-rate."""
    require_category(context)
    symbols, category = selected_symbols(context, required=False), context.text("category")
    taker, maker = (SPOT_FEE, SPOT_FEE) if category == "spot" else (TAKER_FEE, MAKER_FEE)
    fees = {"takerFeeRate": plain(taker), "makerFeeRate": plain(maker)}
    shown = [{"symbol": spec.symbol, **fees} for key, spec in MARKETS.items() if key in symbols]
    return {"category": category, "list": shown} if category == "spot" else {"list": shown}


def query_api(context: Context) -> dict[str, Any]:
    """GET /v5/user/query-api: what the key that asks may do."""
    key, account = context.venue.keys[context.key], context.venue.ledger.accounts[context.account]
    return {
        "id": str(key.number), "note": "paper", "apiKey": key.key, "readOnly": int(key.read_only),
        "secret": "", "permissions": key.permissions, "ips": ["*"], "type": 1,
        "deadlineDay": max((key.expires_ms - context.now.ms) // 86_400_000, 0) if key.expires_ms else -2,
        "expiredAt": iso(key.expires_ms), "createdAt": iso(key.created_ms), "unified": 0, "uta": 1,
        "userID": account.uid, "inviterID": 0, "vipLevel": "No VIP", "mktMakerLevel": "0", "affiliateID": 0,
        "rsaPublicKey": "", "isMaster": True, "parentUid": "0", "kycLevel": "LEVEL_DEFAULT", "kycRegion": "",
        "userIDInt64": str(account.uid), "inviterIDInt64": "0", "affiliateIDInt64": "0",
    }  # fmt: skip


def iso(at_ms: int) -> str:
    """A moment as 2026-05-01T10:00:00Z; 0 is Bybit's "not applicable", the first second of 1970."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user_settings(context: Context) -> dict[str, Any]:
    """GET /v5/account/user-setting-config."""
    account = context.venue.ledger.accounts[context.account]
    return {
        "lpaSpot": account.moves_spot_prices, "lpaPerp": account.reject_beyond_band, "deltaEnable": False,
        "smsef": False, "fmsef": False,
    }  # fmt: skip


def limit_price_action(context: Context) -> dict[str, Any]:
    """POST /v5/account/set-limit-px-action: modifyEnable false makes prices beyond the band an error."""
    spot = tickets.category(context, spot=True) == "spot"
    wanted = context.params.get("modifyEnable")
    if not isinstance(wanted, bool):
        raise Refusal(10001, "params error: modifyEnable invalid")
    account = context.venue.ledger.accounts[context.account]
    if spot:
        account.moves_spot_prices = wanted
    else:
        account.reject_beyond_band = not wanted
    context.venue.ledger.events.accounts[context.account] = None
    return {}


def coin_info(context: Context) -> dict[str, Any]:
    """GET /v5/asset/coin/query-info: the settle coins; nothing can be moved in or out."""
    chain = {
        "chain": "ETH", "chainType": "Ethereum (ERC20)", "confirmation": "6", "withdrawFee": "",
        "depositMin": "0", "withdrawMin": "0", "minAccuracy": "6", "chainDeposit": "0", "chainWithdraw": "0",
        "withdrawPercentageFee": "0", "contractAddress": "", "safeConfirmNumber": "6",
    }  # fmt: skip
    rows = [
        {"name": name, "coin": name, "remainAmount": "0", "chains": [chain]}
        for name in SETTLE_COINS if context.text("coin") in ("", name)
    ]  # fmt: skip
    return {"rows": rows}


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v5/execution/list"): Route(executions),
    ("GET", "/v5/account/wallet-balance"): Route(wallet_balance),
    ("GET", "/v5/account/info"): Route(account_info),
    ("GET", "/v5/account/fee-rate"): Route(fee_rate, limit=5),
    ("GET", "/v5/account/user-setting-config"): Route(user_settings),
    ("POST", "/v5/account/set-limit-px-action"): Route(limit_price_action, limit=10, right="Position"),
    ("GET", "/v5/user/query-api"): Route(query_api, limit=10, success=""),
    ("GET", "/v5/asset/coin/query-info"): Route(coin_info, limit=5, success=""),
}
