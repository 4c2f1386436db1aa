"""The markets' rules: fetched from Bybit, kept in the database, held for a minute in each process."""

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bybit.answers import every
from bybit.gateway import Gateway
from bybit.models import Account, Instrument
from bybit.types import CATEGORIES, InstrumentInfo

HOLD_SECONDS = 60
FRESH = timedelta(minutes=10)
ASK_AGAIN_SECONDS = 10
_asked: dict[tuple[str, str, str], float] = {}
_held: dict[tuple[str, str, str], tuple[float, Instrument]] = {}


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


def forget() -> None:
    """Makes this process read the rules anew, after Bybit refused an order for its filters."""
    _held.clear()


def refresh(account: Account, gateway: Gateway, *, only_if_older: timedelta = timedelta(0)) -> int:
    """Fetches all markets and stores them. Returns how many; 0 when what we have is young enough."""
    now = timezone.now()
    newest = (
        Instrument.objects.filter(environment=account.environment)
        .order_by("-refreshed_at")
        .values_list("refreshed_at", flat=True)
        .first()
    )
    if newest is not None and now - newest < only_if_older:
        return 0
    found: list[InstrumentInfo] = []
    for category in CATEGORIES:
        for items in every(gateway.instruments, category=category):
            found.extend(items)
    _store(account.environment, found, now)
    forget()
    return len(found)


def refresh_one(account: Account, gateway: Gateway, *, category: str, symbol: str) -> Instrument | None:
    """Fetches the rules of one market now, in whatever status it is; None when Bybit does not know it, or was
    asked a moment ago. Raises BybitError."""
    key = (account.environment, category, symbol)
    if time.monotonic() - _asked.get(key, float("-inf")) < ASK_AGAIN_SECONDS:
        return None
    _asked[key] = time.monotonic()
    found = gateway.instruments(category=category, symbol=symbol).items
    _store(account.environment, list(found), timezone.now())
    forget()
    return find(account.environment, category, symbol) if found else None


def _store(environment: str, found: list[InstrumentInfo], now: datetime) -> None:
    names = [field for field in InstrumentInfo.__dataclass_fields__ if field not in ("category", "symbol")]
    rows = [
        Instrument(
            environment=environment,
            category=info.category,
            symbol=info.symbol,
            refreshed_at=now,
            **{name: getattr(info, name) for name in names},
        )
        for info in found
    ]
    with transaction.atomic():
        Instrument.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["environment", "category", "symbol"],
            update_fields=[*names, "refreshed_at"],
        )


# How Bybit names what it no longer lists (https://bybit-exchange.github.io/docs/v5/enum#symbol).
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
    """(base, settle) coin as Bybit's names tell them: BTCUSDT, BTCPERP and BTC-27NOV26 (USDC), BTCUSD (inverse)."""
    dated = symbol.split("-")[0]
    if category == "linear" and (symbol.endswith("PERP") or dated != symbol):
        return dated.removesuffix("PERP"), "USDC"
    quote = next((coin for coin in _QUOTES if dated.endswith(coin) and len(dated) > len(coin)), "USDT")
    base = dated.removesuffix(quote)
    return base, base if category == "inverse" else quote
