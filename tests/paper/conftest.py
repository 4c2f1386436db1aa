"""One exchange for all tests, frozen; each test trades with an account of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .exchange import Exchange, Trader

# Proxies of the machine would take loopback traffic away; pybit's sockets read only the environment.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="session")
def process() -> Iterator[Exchange]:
    """The process, its market frozen and without rate limits."""
    exchange = Exchange("--seed", "7")
    exchange.control("pause", on=True)
    exchange.control("limits", scale="off")
    yield exchange
    assert exchange.stop() == 0


@pytest.fixture
def exchange(process: Exchange) -> Iterator[Exchange]:
    """The running exchange at a known price, without faults afterwards."""
    process.control("price", symbol="BTCUSDT", price="60000")
    yield process
    process.clear_faults()
    process.control("limits", scale="off")


@pytest.fixture
def trader(exchange: Exchange) -> Iterator[Trader]:
    """A new account with 100,000 USDT."""
    someone = exchange.open_trader()
    yield someone
    someone.close()
