"""Who was turned away, in the log: which door, from where, asking for what; never with what. One line at once, and then
one a minute per door and address that tells how many more there were, written with the next refusal of any kind: nobody
fills the disk by knocking."""

import logging
import threading
import time
from dataclasses import dataclass

from django.http import HttpRequest

from webapp.security.addresses import network_of

log = logging.getLogger("tradepost.refused")
EVERY_SECONDS = 60.0
# More doors and addresses than this at one time share one line per door.
MOST = 50
OTHERS = "(others)"


@dataclass(slots=True)
class _Line:
    told_at: float
    last: str
    more: int = 0


class Refusals:
    """What was refused within the last minute; a process has one."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], _Line] = {}
        self._lock = threading.Lock()

    def note(self, kind: str, address: str, what: str, now: float) -> list[str]:
        """Counts one refusal, and returns the lines that are due."""
        with self._lock:
            due = self._due(now)
            key = (kind, address if (kind, address) in self._lines or len(self._lines) < MOST else OTHERS)
            line = self._lines.get(key)
            if line is None:
                self._lines[key] = _Line(now, what)
                due.append(_text(key, what, 1))
            else:
                line.more, line.last = line.more + 1, what
        return due

    def _due(self, now: float) -> list[str]:
        over = [(key, line) for key, line in self._lines.items() if now - line.told_at >= EVERY_SECONDS]
        for key, _ in over:
            del self._lines[key]
        return [_text(key, line.last, line.more) for key, line in over if line.more]


def _text(key: tuple[str, str], what: str, count: int) -> str:
    return f"refused kind={key[0]} address={key[1] or '?'} asked={what or '?'} count={count}"


_refusals = Refusals()


def note(kind: str, request: HttpRequest, what: str) -> None:
    """Tells that `request` was refused. `what` is an operation's name or the like: a word of ours, nothing that came
    with the request."""
    note_from(kind, network_of(request), what)


def note_from(kind: str, address: str, what: str) -> None:
    """The same for what is no HTTP request."""
    for line in _refusals.note(kind, address, what, time.monotonic()):
        log.warning(line)
