"""Where a request comes from. Only a proxy that we know may say so for its client."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The caller's IP address, "" when it is not known. X-Forwarded-For counts only from TRUSTED_PROXIES,
    and of it only what that proxy has added itself: the last entry."""
    peer = _clean(request.META.get("REMOTE_ADDR", ""))
    told = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if peer and told and any(ip_address(peer) in ip_network(net) for net in settings.TRUSTED_PROXIES):
        return _clean(told.rsplit(",", 1)[-1].strip()) or peer
    return peer


def network_of(request: HttpRequest) -> str:
    """What tries are counted by: the address, or of IPv6 the network that one subscriber has to himself."""
    address = address_of(request)
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def _clean(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
