"""What was received, in order of arrival: the witness against which a client's own story is held."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

_KEEP = 200_000


@dataclass(slots=True)
class Entry:
    """One REST request. `accepted`: carried out and not refused. `at_ns`: the machine's time on arrival."""

    id: int
    method: str
    path: str
    orderLinkId: str  # noqa: N815  (the journal is read as JSON, in Bybit's spelling)
    orderId: str  # noqa: N815
    account: str
    params: dict[str, Any]
    at_ns: int
    accepted: bool = False
    retCode: int | None = None  # noqa: N815
    status: int | None = None
    fault: str = ""
    done_ns: int = 0


class Journal:
    """The last 200,000 requests."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEEP)
        self._count = 0

    def add(self, method: str, path: str, params: dict[str, Any], at_ns: int) -> Entry:
        """Notes an arrival; the caller fills in what became of it."""
        self._count += 1
        link, order_id = str(params.get("orderLinkId") or ""), str(params.get("orderId") or "")
        entry = Entry(self._count, method, path, link, order_id, "", params, at_ns)
        self._entries.append(entry)
        return entry

    def items(self, link_id: str, path: str) -> list[dict[str, Any]]:
        """Entries, oldest first; narrowed to an orderLinkId or a path when these are not empty."""
        return [
            asdict(entry)
            for entry in self._entries
            if path in ("", entry.path) and (link_id in ("", entry.orderLinkId) or _in_batch(entry, link_id))
        ]


def _in_batch(entry: Entry, link_id: str) -> bool:
    """Whether a batch call holds an order of that orderLinkId."""
    requests = entry.params.get("request")
    return isinstance(requests, list) and any(
        isinstance(item, dict) and item.get("orderLinkId") == link_id for item in requests
    )
