"""Loaded by pytest before Django's settings are (`-p tests.own_data`): the suite has a data folder, and so servers, of
its own. A demo may run in the same clone meanwhile."""

import os
import tempfile
from pathlib import Path

_folder = tempfile.TemporaryDirectory(prefix="tradepost-tests-")
Path(_folder.name).chmod(0o755)
os.environ["TRADEPOST_DATA"] = _folder.name
os.environ["NO_PROXY"] = "127.0.0.1,localhost"
# A worker may hold Playwright's event loop while it asks the database: Django would take that for a coroutine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
for _name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIALS_KEY", "ALLOWED_HOSTS"):
    os.environ.pop(_name, None)
