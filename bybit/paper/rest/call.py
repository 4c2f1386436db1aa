"""A request and its answer, apart from any web framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from ..engine.errors import bad_parameter
from ..engine.model import Moment
from ..wire import load

if TYPE_CHECKING:
    from ..venue import Venue

Params = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One REST request as received. Query and body are the raw bytes that the client signed."""

    method: str
    path: str
    raw_query: str
    body: bytes
    headers: Mapping[str, str]
    peer: str
    params: Params = field(default_factory=dict)
    malformed: bool = False

    def read_params(self) -> None:
        """Fills `params` from query or body; notes when the body is not a JSON object."""
        if self.method == "GET":
            self.params = dict(parse_qsl(self.raw_query, keep_blank_values=True))
            return
        try:
            parsed = load(self.body) if self.body else {}
        except (ValueError, RecursionError):
            parsed = None
        self.malformed = not isinstance(parsed, dict)
        self.params = parsed if isinstance(parsed, dict) else {}


@dataclass(slots=True)
class Context:
    """What a route works with: the venue, who asks (empty on public routes), what for, and when."""

    venue: Venue
    account: str
    key: str
    params: Params
    now: Moment

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text. Refuses with 10001 when it is a JSON object, list or boolean."""
        value = self.params.get(name)
        if value is None:
            return default
        if isinstance(value, (dict, list, bool)):
            raise bad_parameter(f"params error: {name} invalid")
        return str(value)

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number; above `high` it is cut, below `low` or unreadable it refuses with 10001."""
        text = self.text(name)
        if text == "":
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < low:
            raise bad_parameter(f"params error: {name} invalid")
        return min(int(text), high)


class Answer(NamedTuple):
    """A complete answer: HTTP status, JSON document, the headers of Bybit's own."""

    status: int
    document: dict[str, Any]
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """The retCode."""
        return int(self.document["retCode"])


class Reply(NamedTuple):
    """What a handler answers when retExtInfo has something to say, too."""

    result: dict[str, Any]
    ext: dict[str, Any]


Handler = Callable[[Context], dict[str, Any] | Reply]


class Route(NamedTuple):
    """A handler and its terms: signed or public, requests a second (in spot, where that has others), the right
    needed, the success text."""

    handler: Handler
    private: bool = True
    limit: int = 50
    right: str = ""
    success: str = "OK"
    spot_limit: int = 0


def envelope(
    code: int, text: str, result: Any, now_ms: int, ext: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The five keys of every answer."""
    return {"retCode": code, "retMsg": text, "result": result, "retExtInfo": ext or {}, "time": now_ms}


def limit_name(path: str, params: Params) -> str:
    """The name under which a rate limit counts: spot has a budget of its own."""
    return f"{path} spot" if params.get("category") == "spot" else path
