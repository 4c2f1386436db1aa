"""Routes of the markets: the list with prices and favourites, book, trades, candles, funding."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field

from bybit.forms import ErrorOut
from bybit.types import Interval
from orders import favourites as lists
from orders import quotes
from orders.errors import TradeError
from webapp.market_schemas import (
    BookOut,
    CandleList,
    CandleOut,
    FavouriteList,
    FavouriteOut,
    FundingList,
    FundingOut,
    MarketList,
    MarketOut,
    TradeList,
    TradeOut,
    moment,
)

router = Router(tags=["markets"])

Category = Literal["linear", "spot"]
Symbol = Annotated[str, Path(pattern=r"^[A-Z0-9-]{1,40}$")]
AccountQuery = Annotated[str | None, Query(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
Moment = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z$"),
]
Limit = Annotated[int, Field(ge=1, le=200)]
ERRORS = dict.fromkeys((401, 403, 404, 422), ErrorOut)
ASKS_BYBIT = {**ERRORS, 502: ErrorOut, 503: ErrorOut}


def _json(body: Schema) -> HttpResponse:
    return HttpResponse(body.model_dump_json(), content_type="application/json")


def _user(request: HttpRequest) -> Any:
    return request.user


@router.get("/markets", operation_id="list_markets", response={200: MarketList, **ERRORS})
def list_markets(
    request: HttpRequest,
    category: Category = "linear",
    q: Annotated[str, Query(pattern=r"^[A-Za-z0-9-]{0,40}$")] = "",
    favourites: bool = False,
    account: AccountQuery = None,
    limit: Limit = 50,
    cursor: Annotated[str, Query(pattern=r"^[A-Z0-9-]{0,40}$")] = "",
) -> HttpResponse:
    """The markets with their rules and prices, by name, or the favourites in their order. `q` matches part of a symbol
    or coin. Prices are at most five seconds old; null while Bybit tells none."""
    user = _user(request)
    own = quotes.account_of(user, account)
    chosen = [row.symbol for row in lists.of(user.pk, category)]
    rows = quotes.listed(own, category, search=q, only=chosen if favourites else None)
    if cursor:
        symbols = [row.symbol for row in rows]
        rows = rows[symbols.index(cursor) + 1 :] if cursor in symbols else []
    prices = quotes.prices(own, category) if rows else {}
    items = [
        MarketOut.of(row, prices.get(row.symbol), favourite=row.symbol in chosen) for row in rows[:limit]
    ]
    return _json(
        MarketList.model_construct(items=items, next=items[-1].symbol if len(rows) > limit else None)
    )


@router.get(
    "/markets/{symbol}/candles", operation_id="list_candles", response={200: CandleList, **ASKS_BYBIT}
)
def list_candles(
    request: HttpRequest,
    symbol: Symbol,
    interval: Interval,
    category: Category = "linear",
    start: Moment = None,
    end: Moment = None,
    account: AccountQuery = None,
    limit: Annotated[int, Field(ge=1, le=1000)] = 200,
) -> HttpResponse:
    """Candles, oldest first: the last ones that start between `start` and `end` (now); with a `start` alone the first
    ones. The newest may still change."""
    times = [_ms(start, "start"), _ms(end, "end")]
    market = quotes.market_of(_user(request), account, category, symbol)
    found = quotes.candles(market, interval=interval, start_ms=times[0], end_ms=times[1], limit=limit)
    items = [CandleOut.of(candle) for candle in found]
    return _json(
        CandleList.model_construct(
            category=category, symbol=symbol, interval=interval, items=items, next=None
        )
    )


def _ms(text: str | None, name: str) -> int | None:
    """Raises TradeError for a date that no calendar has."""
    if text is None:
        return None
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise TradeError(
            "invalid", f"The request does not fit: {name} is no date. Nothing was sent."
        ) from None


@router.get("/markets/{symbol}/book", operation_id="get_book", response={200: BookOut, **ASKS_BYBIT})
def get_book(
    request: HttpRequest,
    symbol: Symbol,
    category: Category = "linear",
    account: AccountQuery = None,
    limit: Limit = 25,
) -> HttpResponse:
    """The order book now: the best `limit` levels of each side, best first."""
    found = quotes.book(quotes.market_of(_user(request), account, category, symbol), limit)
    return _json(
        BookOut.model_construct(
            category=category,
            symbol=symbol,
            bids=list(found.bids),
            asks=list(found.asks),
            at=moment(found.at_ms),
        )
    )


@router.get(
    "/markets/{symbol}/trades", operation_id="list_public_trades", response={200: TradeList, **ASKS_BYBIT}
)
def list_public_trades(
    request: HttpRequest,
    symbol: Symbol,
    category: Category = "linear",
    account: AccountQuery = None,
    limit: Limit = 50,
) -> HttpResponse:
    """Everybody's latest trades, newest first; of spot at most 60."""
    found = quotes.trades(quotes.market_of(_user(request), account, category, symbol), limit)
    return _json(TradeList.model_construct(items=[TradeOut.of(row) for row in found], next=None))


@router.get(
    "/markets/{symbol}/funding", operation_id="get_funding", response={200: FundingList, **ASKS_BYBIT}
)
def get_funding(
    request: HttpRequest,
    symbol: Symbol,
    category: Category = "linear",
    account: AccountQuery = None,
    limit: Limit = 50,
) -> HttpResponse:
    """Funding: the coming rate with its time, and what was charged, newest first."""
    market = quotes.market_of(_user(request), account, category, symbol)
    charged = quotes.funding(market, limit)
    price = quotes.prices(market.account, category).get(symbol)
    return _json(
        FundingList.model_construct(
            symbol=symbol,
            funding_rate=price.funding_rate if price else None,
            next_funding_at=moment(price.next_funding_ms if price else None),
            funding_interval_min=market.instrument.funding_interval_min,
            items=[FundingOut.of(row) for row in charged],
            next=None,
        )
    )


def _favourites(rows: list[Any]) -> FavouriteList:
    return FavouriteList(items=[FavouriteOut.of(row) for row in rows], next=None)


@router.get("/favourites", operation_id="list_favourites", response={200: FavouriteList, **ERRORS})
def list_favourites(request: HttpRequest) -> FavouriteList:
    """This user's favourite markets, in order."""
    return _favourites(lists.of(_user(request).pk))


@router.put(
    "/favourites/{category}/{symbol}",
    operation_id="put_favourite",
    response={200: FavouriteList, **ERRORS},
)
def put_favourite(
    request: HttpRequest,
    category: Category,
    symbol: Symbol,
    position: Annotated[int | None, Query(ge=0, le=199)] = None,
) -> FavouriteList:
    """Makes a market a favourite: last, or at `position` (0 is first). Repeatable."""
    return _favourites(lists.put(_user(request), category, symbol, position))


@router.delete(
    "/favourites/{category}/{symbol}",
    operation_id="delete_favourite",
    response={200: FavouriteList, **ERRORS},
)
def delete_favourite(request: HttpRequest, category: Category, symbol: Symbol) -> FavouriteList:
    """Takes a market off the favourites. Repeatable."""
    return _favourites(lists.remove(_user(request), category, symbol))
