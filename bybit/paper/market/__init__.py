"""The synthetic market: price path, book, tape and candles, all a function of (seed, tick)."""
