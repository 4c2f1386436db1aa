"""Sessions in the database, asked for only by keys that can be ours: a cookie may hold anything, a NUL included, which
PostgreSQL takes in no text."""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

# As django.contrib.sessions makes them.
_KEY = re.compile(r"[a-z0-9]{32}")


def is_key(text: str | None) -> bool:
    """Whether this can be the key of a session."""
    return text is not None and _KEY.fullmatch(text) is not None


class SessionStore(DatabaseStore):
    def _validate_session_key(self, key: str | None) -> bool:
        return is_key(key)
