"""The shell of the console: public, without a word about any account. The page's data comes by API and socket."""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webapp.errors import error_response
from webapp.security import refusals


@cache
def build() -> str:
    """The id of the front end's build; "none" when it was never built."""
    try:
        found = json.loads((Path(settings.FRONTEND_DIST) / "build.json").read_text())
    except FileNotFoundError:
        return "none"
    return str(found["build"])


def opened_at() -> str:
    """The address people open, without a slash behind: as told, else of the demo that runs on this data folder."""
    path = Path(settings.DATA_DIR) / "web.url"
    running = path.read_text().strip().rstrip("/") if path.exists() else ""
    return settings.PUBLIC_ORIGIN or running or f"http://localhost:{settings.PORT}"


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    response = render(request, "index.html", {"build": build()})
    response["Cache-Control"] = "no-cache"
    return response


def _from_dist(name: str, content_type: str) -> HttpResponse:
    path = Path(settings.FRONTEND_DIST) / name
    if not path.exists():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=content_type)
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """From the root, so that its scope is the whole console."""
    return _from_dist("sw.js", "text/javascript")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    return _from_dist("manifest.webmanifest", "application/manifest+json")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What Django's own guard says, in the admin; the API has ours."""
    refusals.note("csrf", request, "admin")
    return error_response(
        403, "csrf", "The page's token is missing or old. Nothing was sent. Reload the page."
    )
