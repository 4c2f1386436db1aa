"""Reads of the markets for pages and scripts, by REST: the list with its prices, book, candles, trades, funding. They
write nothing. Prices of the list are held in Redis and in the process, so that it costs Bybit at most one request
in five seconds for each environment and category, whoever asks."""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from bybit import instruments
from bybit.errors import Banned, BybitError, Refused
from bybit.fields import Malformed
from bybit.gateway import Gateway
from bybit.market_parse import ticker
from bybit.market_types import BookView, Candle, FundingRate, PublicTrade, Ticker
from bybit.models import Account, Instrument
from orders import access, topics
from orders.errors import NotFound, TradeError

log = logging.getLogger("tradepost.markets")

HELD_SECONDS = 5.0
# Prices older than this are not shown, even when Bybit does not answer.
OLDEST_SECONDS = 60
# How long one process waits for the prices that another has just asked for.
WAIT_SECONDS = 3.0
# A page's clock and Bybit's may differ by this much when a candle "in the future" is asked for.
AHEAD_MS = 60_000
T = TypeVar("T")
Prices = dict[str, Ticker]


class BybitUnreachable(TradeError):
    """Bybit could not be asked."""

    status = 502

    def __init__(self, error: BybitError) -> None:
        super().__init__(
            "bybit_unreachable",
            f"Bybit did not answer ({error.message}). Nothing was sent or changed. Try again in a moment.",
            bybit_code=error.code,
        )


class BybitRefused(TradeError):
    """Bybit does not answer this question."""

    def __init__(self, error: BybitError) -> None:
        super().__init__(
            "bybit_refused",
            f"Bybit refuses this question ({error.message}). Nothing was sent or changed.",
            bybit_code=error.code,
        )


@dataclass(frozen=True, slots=True)
class Market:
    """A known market, and the account by whose gateway it is read."""

    account: Account
    instrument: Instrument


def account_of(user: AbstractBaseUser, account_id: str | None) -> Account:
    """The account through which a user looks at markets: the named one, else the first. Raises NotFound."""
    if account_id is not None:
        return access.account_of(user, account_id)
    found = Account.objects.filter(members=user.pk).first()
    if found is None:
        raise NotFound("account")
    return found


def market_of(user: AbstractBaseUser, account_id: str | None, category: str, symbol: str) -> Market:
    """Raises NotFound for a market that was never listed."""
    account = account_of(user, account_id)
    found = instruments.find(account.environment, category, symbol)
    if found is None:
        raise NotFound("market")
    return Market(account, found)


def listed(
    account: Account, category: str, *, search: str = "", only: list[str] | None = None
) -> list[Instrument]:
    """The markets of a category, by name; a search matches part of a symbol or of a coin's name. `only` gives these
    symbols in this order, and those that are gone too."""
    rows = Instrument.objects.filter(environment=account.environment, category=category)
    if search:
        names = ("symbol", "base_coin", "quote_coin", "settle_coin")
        fits = Q()
        for name in names:
            fits |= Q(**{f"{name}__icontains": search})
        rows = rows.filter(fits)
    if only is None:
        return list(rows.exclude(status=Instrument.GONE).order_by("symbol"))
    places = {symbol: place for place, symbol in enumerate(only)}
    return sorted(rows.filter(symbol__in=only), key=lambda row: places[row.symbol])


def _asked(account: Account, question: Callable[[Gateway], T]) -> T:
    """Bybit's answer. Raises Paused, BybitUnreachable or BybitRefused."""
    access.check_not_paused(access.link_of(account))
    gateway = access.gateway_of(account)
    try:
        return question(gateway)
    except Banned as error:
        access.note_ban(account, gateway)
        raise BybitUnreachable(error) from error
    except Refused as error:
        raise BybitRefused(error) from error
    except BybitError as error:
        raise BybitUnreachable(error) from error


def book(market: Market, limit: int) -> BookView:
    """The best levels of the book now."""
    row = market.instrument
    return _asked(
        market.account, lambda ask: ask.order_book(category=row.category, symbol=row.symbol, limit=limit)
    )


def trades(market: Market, limit: int) -> tuple[PublicTrade, ...]:
    """The latest trades, newest first."""
    row = market.instrument
    return _asked(
        market.account, lambda ask: ask.public_trades(category=row.category, symbol=row.symbol, limit=limit)
    )


def candles(
    market: Market, *, interval: str, start_ms: int | None, end_ms: int | None, limit: int
) -> list[Candle]:
    """Candles, oldest first: the last ones that start within the two times; with a start alone, the first ones."""
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise TradeError("invalid", "The start lies after the end.")
    ahead = int(time.time() * 1000) + AHEAD_MS
    if (start_ms or 0) > ahead or (end_ms is not None and end_ms < 0):
        return []
    row = market.instrument
    found = _asked(
        market.account,
        lambda ask: ask.candles(
            category=row.category,
            symbol=row.symbol,
            interval=interval,
            start_ms=None if start_ms is None else max(start_ms, 0),
            end_ms=end_ms,
            limit=limit,
        ),
    )
    return sorted(found, key=lambda candle: candle.start_ms)


def funding(market: Market, limit: int) -> tuple[FundingRate, ...]:
    """What was charged, newest first. Raises TradeError for spot, which has no funding."""
    row = market.instrument
    if row.category == "spot":
        raise TradeError("no_funding", "Spot markets have no funding.", rule="no_funding")
    return _asked(
        market.account, lambda ask: ask.funding_history(category=row.category, symbol=row.symbol, limit=limit)
    )


# ---- the prices of the list

_held: dict[tuple[str, str], tuple[float, Prices]] = {}
_locks: dict[tuple[str, str], threading.Lock] = {}
_guard = threading.Lock()


def prices(account: Account, category: str) -> Prices:
    """The latest prices of all markets of a category, by symbol, at most five seconds old; at most a minute old, or
    empty, while Bybit does not answer: each carries its time."""
    key = (account.environment, category)
    with _guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        held = _held.get(key)
        if held is None or time.monotonic() - held[0] >= HELD_SECONDS:
            _held[key] = held = time.monotonic(), _shared(account, category)
        return held[1]


def _shared(account: Account, category: str) -> Prices:
    """What some process has asked for in the last seconds, else what Bybit says now."""
    client = topics.redis_client()
    name = f"tradepost:prices:{account.environment}:{category}"
    try:
        if not client.set(f"{name}:asked", "1", nx=True, px=int(HELD_SECONDS * 1000)):
            return _parsed(_awaited(client, name))
        told = _fetched(account, category)
        if told is not None:
            client.set(name, told, ex=OLDEST_SECONDS)
        return _parsed(told or client.get(name))
    except redis.RedisError:
        return _parsed(_fetched(account, category))


def _awaited(client: "redis.Redis", name: str) -> Any:
    """What is kept; when nothing is yet, another process is asking just now."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        found = client.get(name)
        if found is not None or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _fetched(account: Account, category: str) -> str | None:
    try:
        rows, at_ms = _asked(account, lambda ask: ask.ticker_rows(category=category))
    except TradeError as error:
        log.warning("%s: the prices of %s could not be read (%s)", account.environment, category, error.code)
        return None
    return json.dumps({"at": at_ms, "rows": rows})


def _parsed(text: Any) -> Prices:
    if text is None:
        return {}
    told, found = json.loads(text), {}
    for row in told["rows"]:
        try:
            price = ticker(row, told["at"])
        except Malformed as error:
            log.warning("a price could not be read (%s)", error)
            continue
        found[price.symbol] = price
    return found
