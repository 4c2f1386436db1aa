"""F56: web push late, doubled, dead, against a push service that is a real HTTP server, and a browser that opens what
it gets."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from bybit.models import Account, Link
from orders import services, topics, writing
from positions.services import Change
from tests.alerts.conftest import Phone, run
from tests.push import PushService, packed
from tests.security.people import Page, code_of
from webapp.alerts import follow, keys, send
from webapp.alerts.models import Delivery, Notice, PushSubscription
from webapp.security.models import Device

Fill = Callable[..., None]


def test_f56_a_fill_is_told_once_without_amounts_and_ends_after_five_minutes(
    phone: Phone, service: PushService, fill: Fill
) -> None:
    fill("e-1", "1")
    run(3)
    (push,) = service.of(phone.receiver)
    shown = push.notification(phone.receiver)
    assert (shown["title"], shown["app_badge"]) == ("Order filled", 1)
    assert shown["body"].startswith("BTCUSDT Buy · ") and shown["body"].endswith(" UTC")
    assert "60000" not in shown["body"]
    assert shown["navigate"].endswith("/#/positions")
    assert 0 < int(push.headers["ttl"]) <= 300
    assert push.headers["urgency"] == "normal"
    assert push.headers["content-encoding"] == "aes128gcm"
    public, claims = push.signed()
    assert public == keys.public()
    assert claims["aud"] == service.url
    assert claims["sub"].startswith("mailto:")
    assert time.time() < claims["exp"] <= time.time() + 24 * 3600
    assert PushSubscription.objects.get().used_at is not None


def test_f56_a_fill_ahead_of_its_order_s_end_is_told_as_filled_in_the_end(
    phone: Phone, account: Account, execution: Any, report: Any
) -> None:
    ms = int(time.time() * 1000)
    services.record_report(account.pk, report(), "stream")
    services.record_execution(account.pk, execution("e-1", "1", exec_ms=ms), "stream")
    run()
    done = report(status="Filled", cum_exec_qty=Decimal(1), updated_ms=ms)
    services.record_report(account.pk, done, "stream")
    run(2)
    assert [one["title"] for one in phone.shown()] == ["Part filled", "Order filled"]


def test_f56_who_asks_for_amounts_is_told_them(phone: Phone, fill: Fill) -> None:
    asked = phone.page.call("PUT", "/push/preferences", {"kinds": ["fill"], "amounts": True})
    assert asked.json() == {"kinds": ["fill"], "amounts": True}
    fill("e-1", "1")
    run()
    assert "1 at 60000" in phone.shown()[0]["body"]


def test_f56_what_nobody_asked_for_is_not_told(phone: Phone, fill: Fill) -> None:
    phone.page.call("PUT", "/push/preferences", {"kinds": ["rejected"], "amounts": False})
    fill("e-1", "1")
    run()
    assert phone.shown() == []


def test_f56_a_newer_push_of_the_same_order_replaces_the_older(
    phone: Phone, service: PushService, fill: Fill
) -> None:
    for number in range(1, 4):
        fill(f"e-{number}", "0.1")
    run()
    assert [one["title"] for one in phone.shown()] == ["Part filled"], "three fills in one look are one push"
    fill("e-4", "0.7")
    run()
    first, second = service.of(phone.receiver)
    assert first.headers["topic"] == second.headers["topic"]
    assert len(first.headers["topic"]) <= 32
    one, two = phone.shown()
    assert (one["tag"], two["title"]) == (two["tag"], "Order filled")
    assert two["app_badge"] == 1, "what replaces is not counted twice"


@pytest.mark.parametrize("gone", [404, 410])
def test_f56_an_endpoint_that_is_gone_is_forgotten(
    phone: Phone, service: PushService, fill: Fill, gone: int
) -> None:
    service.answers["/phone"] = gone
    fill("e-1", "1")
    run(2)
    assert len(service.of(phone.receiver)) == 1
    assert not PushSubscription.objects.exists()
    assert phone.page.call("GET", "/push/devices").json()["items"] == []


def _soon() -> None:
    """As if the pause were over."""
    Delivery.objects.filter(state="waiting").update(next_at=timezone.now())


@pytest.mark.parametrize("trouble", [429, 500, 503, "hang"])
def test_f56_a_service_in_trouble_is_asked_again_a_few_times_and_no_more(
    phone: Phone, service: PushService, fill: Fill, trouble: Any, settings: Any
) -> None:
    settings.PUSH_READ_SECONDS = 0.3
    service.answers["/phone"] = [trouble]
    fill("e-1", "0.4")
    run(2)
    assert len(service.of(phone.receiver)) == 1, "not before a pause"
    _soon()
    run()
    assert len(service.of(phone.receiver)) == 2
    assert Delivery.objects.filter(state="sent", subscription=phone.id, tries=2).exists()
    service.answers["/phone"] = trouble
    fill("e-2", "0.4")
    for _ in range(8):
        run()
        _soon()
    assert len(service.of(phone.receiver)) == 2 + 4
    assert Delivery.objects.latest("pk").state == "dropped"
    assert PushSubscription.objects.get().failures == 4


def test_f56_the_service_s_own_pause_is_kept(phone: Phone, service: PushService, fill: Fill) -> None:
    service.answers["/phone"] = [(429, {"Retry-After": "120"})]
    fill("e-1", "1")
    run()
    row = Delivery.objects.get(state="waiting")
    assert timedelta(seconds=110) < row.next_at - timezone.now() <= timedelta(seconds=120)
    service.answers["/phone"] = [(429, {"Retry-After": "86400"})]
    _soon()
    run()
    row.refresh_from_db()
    assert row.state == "dropped", "by then it is no news any more"


def test_f56_f67_a_redirect_is_not_followed(phone: Phone, service: PushService, fill: Fill) -> None:
    service.answers["/phone"] = (307, {"Location": f"{service.url}/elsewhere"})
    fill("e-1", "1")
    run(2)
    assert [push.path for push in service.pushes] == ["/phone"]
    assert Delivery.objects.latest("pk").state == "dropped"


@pytest.mark.django_db(transaction=True)
def test_f56_two_that_run_at_once_send_once(phone: Phone, service: PushService, fill: Fill) -> None:
    fill("e-1", "1")
    begin = threading.Barrier(4)

    def one() -> None:
        try:
            begin.wait(10)
            run(2)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert topics.publisher.rest(10)
    assert len(service.of(phone.receiver)) == 1
    assert Notice.objects.filter(kind="fill").count() == 1


def test_f56_a_delivery_whose_process_died_is_sent_by_the_next(
    phone: Phone, service: PushService, fill: Fill
) -> None:
    fill("e-1", "1")
    follow.follow()
    assert send.due(10), "claimed, and then its process dies"
    assert send.due(10) == []
    Delivery.objects.update(next_at=timezone.now())
    run()
    assert len(phone.shown()) == 1


def test_f56_one_event_that_cannot_be_read_silences_nothing(
    phone: Phone, account: Account, fill: Fill
) -> None:
    topics.changed(account.pk, [Change("order", "x", 1, '{"of": "another version"}')])
    fill("e-1", "1")
    run()
    assert [one["title"] for one in phone.shown()] == ["Order filled"]


def test_f56_old_news_is_none(phone: Phone, account: Account, execution: Any, fill: Fill) -> None:
    PushSubscription.objects.update(created_at=timezone.now() - timedelta(days=730))
    services.record(account.pk, executions=[execution("e-9", "1")], source="stream")
    run()
    assert phone.shown() == [], "a fill of last year, as a backfill brings it"
    assert not Notice.objects.filter(kind="fill").exists()
    fill("e-1", "1")
    follow.follow()
    Notice.objects.update(until=timezone.now())
    run()
    assert phone.shown() == [], "a phone that could not be reached in time"


@pytest.mark.parametrize(
    "end",
    [
        lambda phone: phone.page.call("DELETE", "/session"),
        lambda phone: Device.objects.all().delete(),
        lambda phone: phone.page.client.session.flush(),
        lambda phone: phone.page.call("DELETE", f"/push/devices/{phone.id}"),
    ],
    ids=["signed out", "revoked", "session ran out", "taken away"],
)
def test_f56_what_ends_the_device_ends_its_pushes(
    phone: Phone, service: PushService, fill: Fill, end: Callable[[Phone], Any]
) -> None:
    end(phone)
    fill("e-1", "1")
    run()
    assert service.of(phone.receiver) == []
    assert not PushSubscription.objects.exists()


def test_f57_a_sign_in_is_told_to_the_devices_that_are_signed_in(phone: Phone, ann: Any) -> None:
    Page(address="192.0.2.77", HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Safari/1").sign_in()
    run()
    (shown,) = phone.shown()
    assert shown["title"] == "New sign-in"
    assert shown["body"].startswith("Safari on iPhone from 192.0.2.77")
    assert shown["navigate"].endswith("/#/more")


def test_f56_trouble_of_an_account_is_told_once(phone: Phone, account: Account) -> None:
    Link.objects.filter(pk=account.pk).update(private_at=timezone.now() - timedelta(minutes=3))
    run(2)
    Link.objects.filter(pk=account.pk).update(private_at=timezone.now() - timedelta(minutes=2))
    run()
    Account.objects.filter(pk=account.pk).update(key_refused_at=timezone.now())
    run(2)
    assert [one["title"] for one in phone.shown()] == ["No news from Bybit", "Bybit refuses the key"]


def test_f56_an_alert_is_told_once_however_often_it_is_looked_at(
    phone: Phone, account: Account, report: Any
) -> None:
    services.record_report(account.pk, report(), "stream")
    writing.alert(account.orders.get(), "Bybit no longer lists this order.")
    follow.follow()
    follow.follow()
    run(2)
    (shown,) = phone.shown()
    assert shown["title"] == "An order needs a look"
    assert shown["body"].startswith("BTCUSDT · ")


def test_f56_a_rejected_order_is_told(phone: Phone, account: Account, report: Any) -> None:
    services.record_report(account.pk, report(), "stream")
    services.record_report(
        account.pk, report(status="Rejected", reject_reason="EC_NoEnoughMargin", updated_ms=2**41), "stream"
    )
    run(2)
    assert [one["title"] for one in phone.shown()] == ["Order rejected"]
    assert phone.shown()[0]["navigate"].endswith("/#/orders")


def test_f56_a_browser_that_subscribes_anew_replaces_what_it_had(
    phone: Phone, service: PushService, fill: Fill
) -> None:
    newer = service.receiver("newer")
    answer = phone.page.call("PUT", "/push/devices/current", newer.body())
    assert (answer.status_code, answer.json()["id"]) == (200, phone.id)
    fill("e-1", "1")
    run()
    assert {push.path for push in service.pushes} == {"/newer"}
    # What was changed is told as well, to this device and to the user's others.
    told = [push.notification(newer)["title"] for push in service.pushes]
    assert len(told) == 2 and "A device takes its notifications elsewhere now" in told
    other = Page()
    other.sign_in()
    assert code_of(other.call("PUT", "/push/devices/current", newer.body())) == (409, "not_subscribed")
    assert code_of(other.call("POST", "/push/test")) == (409, "not_subscribed")
    assert code_of(other.call("DELETE", "/push/devices/999999")) == (404, "not_found")


def test_f56_a_test_push_comes_here_alone_and_opening_empties_the_badge(
    phone: Phone, service: PushService, fill: Fill
) -> None:
    other = Phone(service, "other")
    run()
    service.pushes.clear()
    assert phone.page.call("POST", "/push/test").status_code == 200
    run()
    assert [push.path for push in service.pushes] == ["/phone"]
    assert phone.page.call("POST", "/push/read").status_code == 200
    fill("e-1", "1")
    run()
    assert phone.shown()[-1]["app_badge"] == 1
    assert other.shown()[-1]["app_badge"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://127.0.0.1:1/x"},
        {"endpoint": "https://example.com/x"},
        {"p256dh": packed(b"\x04" + b"x" * 64)},
        {"p256dh": "short"},
        {"auth": packed(b"x" * 15)},
    ],
)
def test_f67_a_subscription_that_is_none_is_refused(
    ann: Any, service: PushService, change: dict[str, str]
) -> None:
    page = Page()
    page.sign_in()
    body = service.receiver("phone").body() | change
    assert code_of(page.call("POST", "/push/devices", body)) == (422, "not_usable")
    assert not PushSubscription.objects.exists()
