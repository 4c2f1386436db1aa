"""The product's settings, with what `submit` and `fill` are measured against: an empty view and a plain socket."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
ASGI_APPLICATION = "tests.bench.asgi.application"
