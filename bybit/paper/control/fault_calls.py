"""POST, GET and DELETE /_paper/fault."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..engine.errors import bad_parameter
from ..rest.call import Params
from .faults import ACCEPTS, AT_ONCE, LAGS, LASTING, REPLIES, STREAMS, RestFault, StreamFault

if TYPE_CHECKING:
    from ..venue import Venue


_KINDS = (
    "endpoint", "stream", "lag", "cache_wipe", "skew_ms", "age_h", "cancel_race", "maintenance",
)  # fmt: skip


async def add(venue: Venue, body: Params) -> dict[str, Any]:
    """Adds a fault. The body's keys say of which kind it is."""
    if "endpoint" in body:
        venue.faults.rest.append(_rest_fault(body))
    elif "stream" in body:
        await _add_stream(venue, body)
    elif "lag" in body:
        _set_lag(venue, body["lag"])
    elif body.get("cache_wipe") is True:
        venue.ledger.recent_closed.clear()
    elif "skew_ms" in body:
        venue.clock.skew_ms = _whole(body, "skew_ms", low=-(10**12)) or 0
    elif "age_h" in body:
        venue.faults.age_ms = (_whole(body, "age_h", low=0) or 0) * 3_600_000
        venue.faults.grown_at_ms = venue.clock.now().ms
    elif "cancel_race" in body:
        venue.faults.cancel_races = _whole(body, "cancel_race", low=0) or 0
    elif "maintenance" in body:
        await _set_maintenance(venue, body["maintenance"] is True)
    else:
        raise bad_parameter(f"one of {', '.join(_KINDS)} is needed")
    return await show(venue, {})


async def show(venue: Venue, _: Params) -> dict[str, Any]:
    """The faults there are."""
    faults = venue.faults
    return {
        "rest": [asdict(fault) for fault in faults.rest],
        "streams": [asdict(fault) for fault in faults.streams if not fault.over()],
        "lag": faults.lag,
        "skew_ms": venue.clock.skew_ms,
        "maintenance": faults.maintenance_since_ms is not None,
        "age_h": faults.age_ms // 3_600_000,
        "cancel_race": faults.cancel_races,
    }


async def clear(venue: Venue, _: Params) -> dict[str, Any]:
    """Ends all faults. Sockets that had fallen silent are reset."""
    venue.faults.clear()
    venue.clock.skew_ms = 0
    venue.view.end()
    venue.hub.end_silence()
    return await show(venue, {})


def _rest_fault(body: Params) -> RestFault:
    endpoint = body["endpoint"]
    if not isinstance(endpoint, str) or not endpoint.startswith("/v5"):
        raise bad_parameter("endpoint must be a path below /v5")
    return RestFault(
        endpoint=endpoint,
        accept=_one_of(body, "accept", ACCEPTS, "before"),
        reply=_one_of(body, "reply", REPLIES, "ok"),
        code=_whole(body, "code", low=-(10**9)),
        ms=_whole(body, "ms", low=-(10**9)),
        count=_whole(body, "count", low=1),
    )


async def _add_stream(venue: Venue, body: Params) -> None:
    fault = StreamFault(
        stream=_one_of(body, "stream", STREAMS, ""),
        do=_one_of(body, "do", (*AT_ONCE, *LASTING), ""),
        ms=_whole(body, "ms", low=0),
        count=_whole(body, "count", low=1),
    )
    # For delay and reorder `ms` is how long frames are held; for the others how long the fault lasts.
    if fault.ms is not None and fault.do not in ("delay", "reorder"):
        fault.until_ns = time.monotonic_ns() + fault.ms * 1_000_000
    if fault.do in LASTING:
        venue.faults.streams.append(fault)
    await venue.hub.strike(fault)


def _set_lag(venue: Venue, lags: object) -> None:
    if not isinstance(lags, dict) or not set(lags) <= set(LAGS):
        raise bad_parameter("lag must be an object with realtime, history, executions")
    values = {str(name): _whole(lags, name, low=0) or 0 for name in lags}
    venue.faults.lag.update(values)
    venue.view.begin()


async def _set_maintenance(venue: Venue, on: bool) -> None:
    venue.faults.maintenance_since_ms = venue.clock.now().ms if on else None
    if on:
        await venue.hub.strike(StreamFault("private", "close"))


def _one_of(body: Params, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = body.get(name, default)
    if value not in allowed:
        raise bad_parameter(f"{name} must be one of {', '.join(allowed)}")
    return str(value)


def _whole(body: Params, name: str, low: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise bad_parameter(f"{name} must be a whole number")
    return value


def moment(text: str) -> datetime:
    """An ISO time; UTC when it names no zone. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
