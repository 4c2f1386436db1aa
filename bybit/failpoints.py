"""Places, by name, where a test may kill, stop or delay this process. Inert, at the cost of one look at a flag, unless
TRADEPOST_FAILPOINTS arms one; live accounts are refused while any is armed.

    TRADEPOST_FAILPOINTS=after_intent_commit=kill               ends the process as SIGKILL would
    TRADEPOST_FAILPOINTS=after_claim=pause:500,news_locked=raise*2%10   the first 2 times, each by a chance of 10 %
    TRADEPOST_FAILPOINTS=@/path                                 such a text in a file that may come while it runs:
                                                                whoever gets there first takes the file, once
"""

import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAMES = frozenset(
    {
        # the path of an order
        "before_intent_commit",
        "after_intent_commit",
        "after_claim",
        "after_answer",
        "after_batch_answer",
        "before_answer_commit",
        "after_answer_commit",
        # a wish to cancel
        "after_cancel_wish",
        "after_cancel_answer",
        # news of Bybit's
        "stream_taken",
        "news_locked",
        "news_before_commit",
        "news_after_commit",
        # the event log's publisher
        "publish_before_send",
        "publish_before_mark",
        "publish_after_commit",
        # the resolver
        "resolve_open_orders_taken",
        "resolve_answered",
        "resolve_before_verdict_commit",
        "resolve_swept",
        # the past that is brought in, and the journal
        "backfill_page_taken",
        "journal_before_commit",
    }
)
_TRAP = re.compile(r"([a-z_]+)=(?:(kill|raise)|pause:(\d{1,6}))(?:\*(\d{1,6}))?(?:%(\d{1,3}))?", re.ASCII)


class Crash(BaseException):
    """What `raise` raises: no `except Exception` takes it for an error, as none could outlive a kill."""


@dataclass(slots=True)
class _Trap:
    action: str
    seconds: float
    left: float
    percent: int

    def springs(self) -> bool:
        """Whether it goes off this time."""
        if self.left <= 0 or random.randrange(100) >= self.percent:  # noqa: S311  # a test's dice
            return False
        self.left -= 1
        return True


_lock = threading.Lock()
_traps: dict[str, _Trap] = {}
_file: Path | None = None
_armed = False


def failpoint(name: str) -> None:
    """Marks a place. Does nothing unless a test armed it."""
    if _armed:
        _reach(name)


def is_armed() -> bool:
    """Whether any failpoint is armed in this process, or may become so."""
    return _armed


@contextmanager
def armed(text: str) -> Iterator[None]:
    """Arms failpoints within a block, in this process, in place of those armed before."""
    before = (_traps, _file, _armed)
    _arm(text)
    try:
        yield
    finally:
        _restore(*before)


def _arm(text: str) -> None:
    file = Path(text[1:]) if text.startswith("@") else None
    _restore({} if file else _read(text), file, bool(text))


def _restore(traps: dict[str, _Trap], file: Path | None, on: bool) -> None:
    global _traps, _file, _armed
    _traps, _file, _armed = traps, file, on


def _read(text: str) -> dict[str, _Trap]:
    """Raises ValueError for what is not a list of traps, so that a slip of the pen does not test nothing."""
    traps: dict[str, _Trap] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _TRAP.fullmatch(part)
        if found is None or found[1] not in NAMES:
            raise ValueError(f"TRADEPOST_FAILPOINTS: {part[:60]!r} is not a failpoint and what it does")
        name, action, pause, times, percent = found.groups()
        left = float(times) if times else float("inf")
        traps[name] = _Trap(action or "pause", int(pause or 0) / 1000, left, int(percent or 100))
    return traps


def _reach(name: str) -> None:
    trap = _from_file(name) if _file is not None else _traps.get(name)
    if trap is None:
        return
    with _lock:
        if not trap.springs():
            return
    if trap.action == "pause":
        time.sleep(trap.seconds)
    elif trap.action == "raise":
        raise Crash(name)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _from_file(name: str) -> _Trap | None:
    try:
        trap = _read(_file.read_text()).get(name) if _file else None
        if trap is not None and _file is not None:
            _file.unlink()
    except FileNotFoundError:
        return None
    return trap


_arm(os.environ.get("TRADEPOST_FAILPOINTS", ""))
