"""The second line of defence for logs: what looks like a key, a token or a password is blotted out of every line, in
case some library prints what ours never would."""

import logging
import re

_NAMES = (
    "api[_-]?key|api[_-]?secret|secret|secret_key|password|passwd|token|authorization|cookie|x-bapi-api-key|"
    r"x-bapi-sign|signature|csrf\w*"
)
_NAMED = re.compile(rf"""(?i)((?:{_NAMES})["']?\s*[:=]\s*["']?(?:bearer\s+)?)([^\s"'&,;}}]{{4,}})""")
_BEARER = re.compile(r"(?i)(bearer[ .])([A-Za-z0-9_-]{8,})")
_FRAGMENT = re.compile(r"(#(?:link|setup)=)[^\s\"']+")


def redacted(text: str) -> str:
    """The text without what may be a secret."""
    text = _FRAGMENT.sub(r"\1…", text)
    text = _BEARER.sub(r"\1…", text)
    return _NAMED.sub(r"\1…", text)


class Redacting(logging.Formatter):
    """Formats as usual, tracebacks included, and blots."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))
