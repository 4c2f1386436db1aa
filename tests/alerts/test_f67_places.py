"""F67: an endpoint is what a script sent. Nothing but a known push service is ever asked."""

from typing import Any

import pytest

from webapp.alerts import places

GOOD = [
    "https://fcm.googleapis.com/fcm/send/abc:def",
    "https://updates.push.services.mozilla.com/wpush/v2/x",
    "https://web.push.apple.com/QA",
    "https://wns2-par02p.notify.windows.com/w/?token=x",
    "https://FCM.googleapis.com:443/x",
]
BAD = [
    "http://fcm.googleapis.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://example.com/x",
    "https://fcm.googleapis.com.example.com/x",
    "https://fcm.googleapis.com@example.com/x",
    "https://user@fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:x/x",
    "https://evilpush.apple.com/x",
    "https://push.apple.com./x",
    "https://x.push.apple.com\\@example.com/x",
    "https://x.push.apple.com%2f.example.com/x",
    "https://fcm.googleapis.com\r\nHost: x/",
    "https://ｆcm.googleapis.com/x",
    "file:///etc/passwd",
    "//fcm.googleapis.com/x",
    "x",
    "",
]


@pytest.mark.parametrize("endpoint", GOOD)
def test_f67_the_browsers_own_services_are_taken(endpoint: str) -> None:
    assert places.check(endpoint).startswith("https://")


@pytest.mark.parametrize("endpoint", BAD)
def test_f67_nothing_else_is(endpoint: str, settings: Any) -> None:
    with pytest.raises(places.NotAPlace):
        places.check(endpoint)


def test_f67_more_places_are_the_owner_s_to_name(settings: Any) -> None:
    with pytest.raises(places.NotAPlace):
        places.check("https://up.example.org/x")
    settings.PUSH_SERVICES = ["*.example.org"]
    assert places.check("https://up.example.org/x") == "https://up.example.org"
    with pytest.raises(places.NotAPlace):
        places.check("https://example.org/x")
    settings.PUSH_TEST_SERVICE = "http://127.0.0.1:9"
    assert places.check("http://127.0.0.1:9/x") == "http://127.0.0.1:9"
    for other in ("http://127.0.0.1:90/x", "http://127.0.0.1:9@example.com/x", "https://127.0.0.1:9/x"):
        with pytest.raises(places.NotAPlace):
            places.check(other)


def test_f67_a_name_that_leads_into_a_private_network_is_not_asked(settings: Any) -> None:
    settings.PUSH_SERVICES = ["localhost.localdomain", "localhost"]
    with pytest.raises(places.NotAPlace, match=r"private|not known"):
        places.check_address("https://localhost")
