"""Where pushes may go. An endpoint is what a browser's script sent us: only the services of the browsers' makers are
asked, by HTTPS, at an address of the public Internet, and no redirect of theirs is followed."""

import re
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

# Chromium's and Edge on Android; Firefox; Safari; Edge on Windows. `*.` is any name below. PUSH_SERVICES adds to them.
KNOWN = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class NotAPlace(Exception):
    """Nothing is sent there. The text tells a person why."""


def check(endpoint: str) -> str:
    """The service's origin. Raises NotAPlace."""
    if not endpoint.isascii() or any(sign <= " " for sign in endpoint):
        raise NotAPlace("The endpoint holds signs that no address has.")
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise NotAPlace("The endpoint is no address.") from error
    origin = f"{parts.scheme}://{parts.netloc}"
    if settings.PUSH_TEST_SERVICE and origin == settings.PUSH_TEST_SERVICE:
        return origin
    host = parts.hostname or ""
    # The name as a whole is compared: no user, no password, no other port beside it.
    if (
        parts.scheme != "https"
        or port not in (None, 443)
        or parts.netloc.lower() not in (host, f"{host}:443")
    ):
        raise NotAPlace("The endpoint is not plain https.")
    if not _HOST.fullmatch(host) or not any(_fits(host, place) for place in _places()):
        raise NotAPlace("The endpoint is no push service that this server knows (PUSH_SERVICES names more).")
    return f"https://{host}"


def check_address(origin: str) -> None:
    """Looks where the service's name leads now. Raises NotAPlace, also when the name is not known."""
    if origin == settings.PUSH_TEST_SERVICE:
        return
    host = urlsplit(origin).hostname or ""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotAPlace("The service's name is not known just now.") from error
    if not all(ip_address(str(item[4][0]).partition("%")[0]).is_global for item in found):
        raise NotAPlace("The service's name leads into a private network.")


def _places() -> tuple[str, ...]:
    return (*KNOWN, *settings.PUSH_SERVICES)


def _fits(host: str, place: str) -> bool:
    return host.endswith(place[1:]) if place.startswith("*.") else host == place
