"""Where a request comes from. Only a proxy that we know may say so for its client."""

from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def address_of(request: HttpRequest) -> str:
    """The caller's IP address, "" when it is not known. X-Forwarded-For counts only from TRUSTED_PROXIES,
    and of it only what that proxy has added itself: the last entry."""
    return _address(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def _address(peer: str, told: str) -> str:
    peer = _clean(peer)
    if peer and told and any(ip_address(peer) in ip_network(net) for net in settings.TRUSTED_PROXIES):
        return _clean(told.rsplit(",", 1)[-1].strip()) or peer
    return peer


def network_of(request: HttpRequest) -> str:
    """What tries are counted by: the address, or of IPv6 the network that one subscriber has to himself."""
    return _network(address_of(request))


def network_of_scope(scope: dict[str, Any]) -> str:
    """The same of a live socket, by its ASGI scope."""
    told = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin1")
    return _network(_address((scope.get("client") or ("",))[0], told))


def origins_at(host: str, *, proxied: bool) -> frozenset[str]:
    """The origins of our own pages, for a request with this Host. PUBLIC_ORIGIN, and on the server itself, with no
    proxy between, the loopback address that was opened, with its port. Without PUBLIC_ORIGIN whatever was opened."""
    here = f"http://{host}"
    if not settings.PUBLIC_ORIGIN:
        return frozenset({here})
    direct = not proxied and split_domain_port(host)[0] in LOOPBACK
    return frozenset({settings.PUBLIC_ORIGIN, here} if direct else {settings.PUBLIC_ORIGIN})


def _network(address: str) -> str:
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def _clean(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
