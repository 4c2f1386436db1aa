"""JSON on the wire: compact going out; coming in, numbers stay exact."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_encoder = json.JSONEncoder(separators=(",", ":"), default=str)


def dump(value: Any) -> str:
    """Compact JSON text."""
    return _encoder.encode(value)


def load(text: str | bytes) -> Any:
    """Parsed JSON with exact numbers. Raises ValueError when it is not JSON in UTF-8."""
    return json.loads(text, parse_float=Decimal)
