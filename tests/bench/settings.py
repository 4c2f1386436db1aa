"""The product's settings, with one more route: the empty view that `submit` is measured against."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
