"""Web push on the whole house, by a page that takes pushes and a push service that is somebody else's process."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.house.orders import flatten, market, until
from tests.house.test_callers import Browser
from tests.push import Push, PushService

KINDS = ["fill", "rejected", "liquidation", "stop", "trouble", "security"]


class Phone(Browser):
    def __init__(self, stack: Stack, service: PushService, name: str) -> None:
        super().__init__(stack)
        self.service, self.receiver = service, service.receiver(name)
        answer = self.call("POST", "/push/devices", self.receiver.body())
        assert answer.status_code == 200, answer.text
        self.call("PUT", "/push/preferences", {"kinds": KINDS, "amounts": False})

    def pushes(self) -> list[Push]:
        return self.service.of(self.receiver)

    def shown(self) -> list[dict[str, Any]]:
        return [push.notification(self.receiver) for push in self.pushes()]


@pytest.fixture
def phone(stack: Stack, push_service: PushService) -> Iterator[Phone]:
    found = Phone(stack, push_service, f"house-{time.monotonic_ns()}")
    yield found
    push_service.answers.clear()
    found.call("DELETE", "/session")
    flatten(stack)


def test_f56_a_fill_and_a_sign_in_reach_the_phone_within_seconds(
    stack: Stack, phone: Phone, push_service: PushService
) -> None:
    wait_for(lambda: phone.call("GET", "/push").json()["running"], 30, "the process that sends")
    order = market(qty="0.013")
    assert stack.api("POST", "/orders", order).status_code == 201
    wait_for(lambda: "Order filled" in [one["title"] for one in phone.shown()], 10, "the fill's push")
    filled = next(one for one in phone.shown() if one["title"] == "Order filled")
    assert filled["body"].startswith("BTCUSDT Buy · ")
    assert "0.013" not in filled["body"], "no amounts unless asked for"
    assert filled["navigate"] == f"{stack.url}/#/positions"
    Browser(stack)
    wait_for(lambda: "New sign-in" in [one["title"] for one in phone.shown()], 10, "the sign-in's push")
    told = [one["title"] for one in phone.shown()]
    assert (told.count("Order filled"), told.count("New sign-in")) == (1, 1)
    assert phone.call("GET", "/push/devices").json()["items"][-1]["used_at"] is not None


def test_f56_a_push_service_that_hangs_holds_up_no_order(
    stack: Stack, phone: Phone, push_service: PushService
) -> None:
    path = phone.receiver.endpoint.removeprefix(push_service.url)
    push_service.answers[path] = "hang"
    first = market()
    assert stack.api("POST", "/orders", first).status_code == 201
    wait_for(phone.pushes, 10, "a push that hangs")
    begun = time.monotonic()
    second = market()
    assert stack.api("POST", "/orders", second).status_code == 201
    until(stack, second["id"], "filled")
    assert time.monotonic() - begun < 4
    assert stack.ready() and stack.live()


def test_f38_f56_a_killed_alerts_process_tells_what_happened_meanwhile(stack: Stack, phone: Phone) -> None:
    pid = stack.children()["alerts"]
    os.kill(pid, signal.SIGKILL)
    order = market()
    assert stack.api("POST", "/orders", order).status_code == 201
    until(stack, order["id"], "filled")
    wait_for(lambda: "Order filled" in [one["title"] for one in phone.shown()], 15, "the fill's push")
    assert stack.children()["alerts"] != pid
    assert [one["title"] for one in phone.shown()].count("Order filled") == 1


def test_f58_a_device_that_signs_out_is_told_nothing_more(
    stack: Stack, phone: Phone, push_service: PushService
) -> None:
    other = Phone(stack, push_service, f"other-{time.monotonic_ns()}")
    wait_for(lambda: [one for one in phone.shown() if "takes notifications" in one["title"]], 10)
    phone.call("DELETE", "/session")
    before = len(phone.pushes())
    assert stack.api("POST", "/orders", market()).status_code == 201
    wait_for(lambda: "Order filled" in [one["title"] for one in other.shown()], 10, "the other's push")
    assert len(phone.pushes()) == before
    other.call("DELETE", "/session")
