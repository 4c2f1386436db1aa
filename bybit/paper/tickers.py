"""A symbol's ticker row: prices, 24 h figures, funding, best bid and ask."""

from __future__ import annotations

from decimal import Decimal

from .engine.book import Book
from .engine.numbers import CENT8, fixed, plain
from .market.feed import FUNDING_MS, Feed


def ticker_row(feed: Feed, book: Book, now_ms: int) -> dict[str, str]:
    """The row of GET /v5/market/tickers and of the snapshot of the topic tickers.{symbol}."""
    spec, quote, day = feed.spec, book.quote, feed.day(now_ms)
    interest, rate = feed.open_interest(now_ms), plain(feed.funding_rate(now_ms))
    bids, asks = book.depth("Buy", 1), book.depth("Sell", 1)
    basis = quote.last - quote.index

    def price(value: Decimal) -> str:
        return fixed(value, spec.tick)

    return {
        "symbol": spec.symbol, "lastPrice": price(quote.last), "indexPrice": price(quote.index),
        "markPrice": price(quote.mark), "prevPrice24h": price(day.previous),
        "price24hPcnt": plain(((quote.last - day.previous) / day.previous).quantize(Decimal("0.000001"))),
        "highPrice24h": price(max(day.high, quote.last)), "lowPrice24h": price(min(day.low, quote.last)),
        "prevPrice1h": price(day.previous_hour), "openInterest": plain(interest),
        "openInterestValue": plain((interest * quote.mark).quantize(Decimal("0.01"))),
        "singleOpenInterest": plain(interest / 2),
        "singleOpenInterestValue": plain((interest * quote.mark / 2).quantize(Decimal("0.01"))),
        "turnover24h": plain(day.turnover.quantize(Decimal("0.0001"))), "volume24h": plain(day.volume),
        "fundingRate": rate, "nextFundingTime": str(now_ms - now_ms % FUNDING_MS + FUNDING_MS),
        "fundingIntervalHour": "8", "fundingCap": "0.005",
        "bid1Price": price(bids[0][0]) if bids else "", "bid1Size": plain(bids[0][1]) if bids else "",
        "ask1Price": price(asks[0][0]) if asks else "", "ask1Size": plain(asks[0][1]) if asks else "",
        "basis": price(basis), "basisRate": plain((basis / quote.index).quantize(CENT8)),
        "basisRateYear": "", "deliveryTime": "0", "deliveryFeeRate": "", "predictedDeliveryPrice": "",
        "preOpenPrice": "", "preQty": "", "curPreListingPhase": "",
    }  # fmt: skip


def spot_ticker_row(feed: Feed, book: Book, now_ms: int) -> dict[str, str]:
    """The row of a spot pair in GET /v5/market/tickers."""
    row = ticker_row(feed, book, now_ms)
    names = (
        "symbol", "bid1Price", "bid1Size", "ask1Price", "ask1Size", "lastPrice", "prevPrice24h", "price24hPcnt",
        "highPrice24h", "lowPrice24h", "turnover24h", "volume24h",
    )  # fmt: skip
    return {**{name: row[name] for name in names}, "usdIndexPrice": row["indexPrice"]}


def level_rows(book: Book, side: str, count: int) -> list[list[str]]:
    """Levels of the public book as [price, size]."""
    tick = book.spec.tick
    return [[fixed(price, tick), plain(size)] for price, size in book.depth(side, count)]
