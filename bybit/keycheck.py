"""What Bybit says of an API key, read, and what we think of it. Pure.
https://bybit-exchange.github.io/docs/v5/user/apikey-info"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bybit.types import KeyInfo

DAY_MS = 86_400_000
# Bybit's "not applicable" is the first second of 1970.
WARN_DAYS = (14, 7, 1)
# Where money leaves the trading account by: withdrawals and transfers, selling to people, paying, the card, fiat.
MONEY_RIGHTS = ("Wallet", "FiatP2P", "FiatBitPay", "FiatConvertBroker", "BitCard")
TRADE_RIGHTS = {("ContractTrade", "Order"), ("Derivatives", "DerivativesTrade"), ("Spot", "SpotTrade")}


class Unreadable(Exception):
    """The answer is not what Bybit documents."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`refuse`: Tradepost does not hold such a key. `warn`: it should be put right. `note`: good to know."""

    level: Literal["refuse", "warn", "note"]
    code: str
    text: str


def read(row: dict[str, Any]) -> KeyInfo:
    """The result of GET /v5/user/query-api. Raises Unreadable."""
    try:
        permissions = {
            str(name): tuple(map(str, rights)) for name, rights in row["permissions"].items() if rights
        }
        ips = tuple(str(ip) for ip in row.get("ips") or () if ip != "*")
        expires = round(datetime.fromisoformat(row["expiredAt"]).timestamp() * 1000)
        read_only = int(row["readOnly"]) == 1
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(type(error).__name__) from error
    return KeyInfo(
        read_only=read_only,
        permissions=permissions,
        ips=ips,
        expires_at_ms=expires if expires > 0 else None,
        user_id=str(row.get("userID", "")),
        parent_id=str(row.get("parentUid", "")),
    )


def days_left(info: KeyInfo, now_ms: int) -> int | None:
    """Whole days until the key ends; None when it does not."""
    return None if info.expires_at_ms is None else max(0, (info.expires_at_ms - now_ms) // DAY_MS)


def may_trade(info: KeyInfo) -> bool:
    """Whether the key may place orders of any kind."""
    held = {(name, right) for name, rights in info.permissions.items() for right in rights}
    return not info.read_only and bool(held & TRADE_RIGHTS)


def findings(info: KeyInfo, *, now_ms: int, address: str, paper: bool) -> list[Finding]:
    """What is wrong with the key, worst first. `address` is this server's own as others see it, "" when unknown."""
    found = []
    moving = [right for name in MONEY_RIGHTS for right in info.permissions.get(name, ())]
    if moving:
        named = ", ".join(moving)
        found.append(
            Finding(
                "refuse",
                "wallet_right",
                f"This key may move money ({named}). Tradepost never needs that and does not take such a key: take the "
                "right away at Bybit, or make a key without it.",
            )
        )
    if not info.ips and not paper:
        where = f"this server's own address, {address}" if address else "this server's address"
        found.append(
            Finding(
                "warn",
                "no_ip",
                f"This key works from anywhere, and Bybit lets it end after 90 days. Bind it at Bybit to {where}: "
                "stolen, it is then of no use.",
            )
        )
    left = days_left(info, now_ms)
    if left is not None and left < WARN_DAYS[0] + 1:
        at = next(step for step in reversed(WARN_DAYS) if left <= step)
        text = f"This key ends in {left} {'day' if left == 1 else 'days'}. Extend it at Bybit, or bring in a new one."
        found.append(Finding("warn", f"expires_{at}", text))
    if info.read_only:
        found.append(
            Finding("note", "read_only", "This key may only read: orders are shown, none can be placed.")
        )
    elif not may_trade(info):
        found.append(
            Finding(
                "warn",
                "no_trade_right",
                "This key may place no orders: it has neither the contract nor the spot right.",
            )
        )
    return found
