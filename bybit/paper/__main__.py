"""python -m bybit.paper --port N [--seed N] [--data DIR] [--tick-ms N] [--history FILE] [--host H]"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sqlite3
import sys
from pathlib import Path

from .app import run
from .playback import BadHistory
from .venue import Settings


def main() -> None:
    """Reads the command line and serves until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m bybit.paper", description="A paper exchange: Bybit V5.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="seed of the market (default 1)")
    parser.add_argument("--data", type=Path, help="folder in which everything is kept (default: memory only)")
    parser.add_argument(
        "--tick-ms", type=int, default=250, help="length of a market tick in ms (default 250)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default 127.0.0.1); control calls are for loopback whatever it is",
    )
    parser.add_argument("--history", type=Path, help="JSON Lines that a new ledger begins with")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        tick_ms = max(options.tick_ms, 10)
        settings = Settings(options.seed, tick_ms, options.data, options.history)
        asyncio.run(run(options.port, settings, options.host))
    except BadHistory as error:
        sys.exit(f"paper exchange cannot start, its history cannot be played: {error}")
    except (OSError, sqlite3.OperationalError) as error:
        sys.exit(f"paper exchange cannot start on port {options.port}, data {options.data}: {error}")


if __name__ == "__main__":
    main()
