"""A refusal carries the code and the words with which Bybit refuses."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The exchange said no. `code` is Bybit's retCode, `text` its retMsg; `result` and `ext` are what the answer
    holds besides. Nothing was changed."""

    def __init__(
        self, code: int, text: str, result: dict[str, Any] | None = None, ext: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.result = result or {}
        self.ext = ext or {}


def bad_parameter(text: str) -> Refusal:
    """10001, Bybit's catch-all for a parameter it cannot take."""
    return Refusal(10001, text)
