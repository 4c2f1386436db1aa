"""The markets' rules and risk tiers: fetched from Bybit, kept in the database, held for a minute in each process."""

import logging
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone

from bybit.answers import every
from bybit.errors import BybitError
from bybit.gateway import Gateway
from bybit.market_types import InstrumentInfo, RiskTierInfo
from bybit.models import Account, Instrument, RiskTier
from bybit.types import CATEGORIES

log = logging.getLogger("tradepost.markets")

HOLD_SECONDS = 60
FRESH = timedelta(minutes=10)
# Beat refreshes the tiers daily; whoever finds them older than this stands in for it.
TIERS_FRESH = timedelta(hours=26)
ASK_AGAIN_SECONDS = 10
# Bybit lists by status, and without one only what is trading. Spot knows no other.
STATUSES: dict[str, tuple[str | None, ...]] = {"linear": (None, "PreLaunch", "Delivering"), "spot": (None,)}
# Spot has no risk tiers.
TIERED = ("linear",)
Key = tuple[str, str, str]
_asked: dict[Key, float] = {}
_held: dict[Key, tuple[float, Instrument]] = {}
_held_tiers: dict[Key, tuple[float, list[RiskTierInfo]]] = {}


def find(environment: str, category: str, symbol: str) -> Instrument | None:
    """The rules of a market, at most a minute older than the database's; None for a market we do not know."""
    key = (environment, category, symbol)
    held = _held.get(key)
    if held and time.monotonic() - held[0] < HOLD_SECONDS:
        return held[1]
    row = Instrument.objects.filter(environment=environment, category=category, symbol=symbol).first()
    if row is not None:
        _held[key] = (time.monotonic(), row)
    return row


def tiers(environment: str, category: str, symbol: str) -> list[RiskTierInfo]:
    """The risk tiers of a market, lowest limit first, at most a minute older than the database's. Empty where none are
    known: spot has none, and of a market that is new they may not have been read yet."""
    key = (environment, category, symbol)
    held = _held_tiers.get(key)
    if held and time.monotonic() - held[0] < HOLD_SECONDS:
        return held[1]
    rows = RiskTier.objects.filter(environment=environment, category=category, symbol=symbol)
    names = RiskTierInfo.__dataclass_fields__
    found = [
        RiskTierInfo(**{name: getattr(row, name) for name in names})
        for row in rows.order_by("risk_limit", "tier")
    ]
    if found:
        _held_tiers[key] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Makes this process read the rules anew, after Bybit refused an order for its filters."""
    _held.clear()
    _held_tiers.clear()


def refresh(account: Account, gateway: Gateway, *, only_if_older: timedelta = timedelta(0)) -> int:
    """Fetches all markets and stores them; those that Bybit no longer lists become GONE. Returns how many; 0 when what
    we have is young enough. Raises BybitError: then nothing has changed."""
    now = timezone.now()
    if not _is_older(Instrument, account.environment, now, only_if_older):
        return 0
    found: dict[str, list[InstrumentInfo]] = {}
    for category in CATEGORIES:
        found[category] = [
            info
            for status in STATUSES[category]
            for items in every(gateway.instruments, category=category, status=status)
            for info in items
        ]
    for name, listed in found.items():
        _store(account.environment, listed, now)
        _mark_gone(account.environment, name, listed)
    forget()
    return sum(map(len, found.values()))


def refresh_tiers(account: Account, gateway: Gateway, *, only_if_older: timedelta = timedelta(0)) -> int:
    """Fetches the risk tiers of all contracts, 15 markets to a request. Returns how many; 0 when what we have is young
    enough. Raises BybitError: then nothing has changed."""
    now, environment = timezone.now(), account.environment
    if not _is_older(RiskTier, environment, now, only_if_older):
        return 0
    if not Instrument.objects.filter(environment=environment, category__in=TIERED).exists():
        return 0
    found = [
        tier
        for category in TIERED
        for items in every(gateway.risk_tiers, category=category)
        for tier in items
    ]
    _store_tiers(account.environment, found, now)
    forget()
    return len(found)


def _is_older(model: type[Model], environment: str, now: datetime, limit: timedelta) -> bool:
    newest = model._default_manager.filter(environment=environment).aggregate(at=Max("refreshed_at"))["at"]
    return newest is None or now - newest >= limit


def refresh_one(account: Account, gateway: Gateway, *, category: str, symbol: str) -> Instrument | None:
    """Fetches the rules and risk tiers of one market now, in whatever status it is; None when Bybit does not know it,
    or was asked a moment ago. Raises BybitError."""
    key = (account.environment, category, symbol)
    if time.monotonic() - _asked.get(key, float("-inf")) < ASK_AGAIN_SECONDS:
        return None
    _asked[key] = time.monotonic()
    found = gateway.instruments(category=category, symbol=symbol).items
    now = timezone.now()
    _store(account.environment, found, now)
    if not found:
        Instrument.objects.filter(environment=account.environment, category=category, symbol=symbol).update(
            status=Instrument.GONE
        )
    elif category in TIERED:
        # The rules are what an order waits for; tiers that cannot be read now stay as they are.
        with suppress(BybitError):
            _store_tiers(account.environment, gateway.risk_tiers(category=category, symbol=symbol).items, now)
    forget()
    return find(account.environment, category, symbol) if found else None


def _mark_gone(environment: str, category: str, listed: Sequence[InstrumentInfo]) -> None:
    """Keeps what Bybit no longer lists, under a status with which no order is taken. An empty list is no proof that
    everything is gone."""
    if not listed:
        return
    rows = Instrument.objects.filter(environment=environment, category=category)
    gone = rows.exclude(symbol__in=[info.symbol for info in listed]).exclude(status=Instrument.GONE)
    count = gone.update(status=Instrument.GONE)
    if count:
        log.warning("%s: %d %s markets are no longer listed", environment, count, category)


def _store(environment: str, found: Sequence[InstrumentInfo], now: datetime) -> None:
    names = [field for field in InstrumentInfo.__dataclass_fields__ if field not in ("category", "symbol")]
    # A market that changed its status between two lists stands in both: the later one counts.
    rows = {
        (info.category, info.symbol): _row(Instrument, environment, info, [*names, "category", "symbol"], now)
        for info in found
    }
    with transaction.atomic():
        Instrument.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["environment", "category", "symbol"],
            update_fields=[*names, "refreshed_at"],
        )


def _store_tiers(environment: str, found: Sequence[RiskTierInfo], now: datetime) -> None:
    """Replaces the tiers of the markets that are named in the answer; of others nothing is known."""
    names = list(RiskTierInfo.__dataclass_fields__)
    rows = {(tier.category, tier.symbol, tier.tier): tier for tier in found}
    with transaction.atomic():
        for category in {tier.category for tier in found}:
            symbols = {tier.symbol for tier in found if tier.category == category}
            RiskTier.objects.filter(environment=environment, category=category, symbol__in=symbols).delete()
        RiskTier.objects.bulk_create(
            [_row(RiskTier, environment, tier, names, now) for tier in rows.values()]
        )


def _row(model: type[Any], environment: str, info: Any, names: Sequence[str], now: datetime) -> Any:
    values = {name: getattr(info, name) for name in names}
    return model(environment=environment, refreshed_at=now, **values)


# How Bybit names what it no longer lists (https://bybit-exchange.github.io/docs/v5/enum#symbol).
_EXPIRY = re.compile(r"[FGHJKMNQUVXZ][0-9]{2}$")
_QUOTES = ("USDT", "USDC", "USDE", "EUR", "BRL", "TRY", "PLN", "BTC", "ETH", "DAI", "USD")


class Coins:
    """Which coins a market is made of: by its row, or by its name when Bybit had forgotten it before we asked."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._known: dict[tuple[str, str], tuple[str, str]] | None = None

    def base(self, category: str, symbol: str) -> str:
        """The coin that is bought and sold."""
        return self._of(category, symbol)[0]

    def settle(self, category: str, symbol: str) -> str:
        """The coin in which results and, but for spot's, fees are told."""
        return self._of(category, symbol)[1]

    def _of(self, category: str, symbol: str) -> tuple[str, str]:
        if self._known is None:
            rows = Instrument.objects.filter(environment=self._environment)
            self._known = {
                (row[0], row[1]): (row[2], row[3])
                for row in rows.values_list("category", "symbol", "base_coin", "settle_coin")
                if row[3]
            }
        return self._known.get((category, symbol)) or coins_by_name(category, symbol)


def coins_by_name(category: str, symbol: str) -> tuple[str, str]:
    """(base, settle) coin as Bybit's names tell them: BTCUSDT and BTCUSDT-27NOV26, BTCPERP and BTC-27NOV26 (USDC),
    BTCUSD and BTCUSDZ26 (inverse)."""
    name = symbol.split("-")[0].removesuffix("PERP")
    if category == "inverse":
        name = _EXPIRY.sub("", name)
    quote = next((coin for coin in _QUOTES if name.endswith(coin) and len(name) > len(coin)), None)
    if quote is None:
        return name, name if category == "inverse" else "USDC"
    base = name.removesuffix(quote)
    return base, base if category == "inverse" else quote
