"""The witness: reads both sides for `tests/truth.py` to compare. Tradepost's record by a connection of its own, knowing
nothing of our code but the tables; the paper exchange's ledger and journal of requests."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.truth import Row, Story, apart, broken, unjournaled
from webapp.embedded import DATABASE, DATABASE_USER, Embedded

TABLES = {
    "orders": "SELECT * FROM orders_order WHERE account_id = %s",
    "fills": "SELECT * FROM orders_fill WHERE account_id = %s",
    "evidence": "SELECT e.* FROM orders_orderevent e JOIN orders_order o ON o.id = e.order_id "
    "WHERE o.account_id = %s ORDER BY e.id",
    "events": "SELECT seq, kind, key, version, body FROM orders_event WHERE account_id = %s ORDER BY seq",
    "positions": "SELECT * FROM positions_position WHERE account_id = %s",
    "wallet": "SELECT * FROM positions_wallet WHERE account_id = %s",
    "counter": "SELECT seq, floor FROM orders_sequence WHERE account_id = %s",
    "published": "SELECT seq FROM orders_publication WHERE account_id = %s",
    "days": "SELECT coin, sum(realised) AS realised, sum(fees) AS fees, sum(funding) AS funding "
    "FROM positions_day WHERE account_id = %s AND category <> 'spot' GROUP BY coin",
    "places": "SELECT * FROM positions_journal WHERE account_id = %s",
}


def of_house(data: Path) -> str:
    """How to reach the database of a house by its data folder."""
    sockets = Embedded(data.resolve()).postgres_sockets
    return f"host={sockets} dbname={DATABASE} user={DATABASE_USER} connect_timeout=5"


def of_test_database() -> str:
    """How to reach the database that Django's test runner made."""
    from django.db import connection

    found = connection.settings_dict
    return f"host={found['HOST']} dbname={found['NAME']} user={found['USER']} connect_timeout=5"


@dataclass
class Witness:
    """Reads both sides. `dsn` is ours, `url` the exchange's. The exchange's journal does not survive its restart:
    what was seen of it is kept here."""

    dsn: str
    url: str
    account: str = "paper"
    venue_account: str = "paper"
    settle: timedelta = timedelta(seconds=20)
    # Of an exchange that others use too, only what came after this moment is about this account.
    since_ns: int = 0
    journal: dict[tuple[int, int], Row] = field(default_factory=dict)

    def story(self) -> Story:
        ours = self._ours()
        self.look()
        venue = self._get("truth", account=self.venue_account)
        return Story(ours, venue, list(self.journal.values()), self.settle)

    def look(self) -> None:
        """Keeps the creates that the exchange has received so far."""
        for path in ("/v5/order/create", "/v5/order/create-batch"):
            for item in self._get("journal", path=path)["items"]:
                if item["at_ns"] >= self.since_ns:
                    self.journal[item["at_ns"], item["id"]] = item

    def _get(self, call: str, **query: str) -> Any:
        import requests

        answer = requests.get(f"{self.url}/_paper/{call}", params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _ours(self) -> dict[str, list[Row]]:
        with psycopg.connect(self.dsn, row_factory=dict_row) as base:
            base.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return {
                name: base.execute(statement, [self.account]).fetchall() for name, statement in TABLES.items()
            }

    def settled(self, seconds: float = 20) -> Story:
        """Waits until both sides are the same, then requires everything. Returns what it saw."""
        deadline, pause = time.monotonic() + seconds, threading.Event()
        while True:
            story = self.story()
            differences = apart(story)
            if not differences:
                break
            wrong = "\n".join(differences[:20])
            assert time.monotonic() < deadline, f"still apart after {seconds} s:\n{wrong}"
            pause.wait(0.05)
        assert_whole(story)
        return story

    def journaled(self, seconds: float = 20) -> None:
        """Waits until the journal is the fold of all fills, and equals what the exchange booked."""
        deadline, pause = time.monotonic() + seconds, threading.Event()
        while True:
            differences = unjournaled(self.story())
            if not differences:
                return
            assert time.monotonic() < deadline, "\n".join(differences[:20])
            pause.wait(0.2)


def assert_whole(story: Story) -> None:
    """Requires what must hold at every moment."""
    found = broken(story)
    assert not found, "\n".join(found[:20])
