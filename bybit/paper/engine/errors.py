"""A refusal carries the code and the words with which Bybit refuses."""

from __future__ import annotations


class Refusal(Exception):
    """The exchange said no. `code` is Bybit's retCode, `text` its retMsg. Nothing was changed."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def bad_parameter(text: str) -> Refusal:
    """10001, Bybit's catch-all for a parameter it cannot take."""
    return Refusal(10001, text)
