"""Routes of web push: this house's key, the browsers that take pushes, and what their users want to hear of. All for
pages alone: a push belongs to a signed-in device, and ends with it."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bybit.forms import ErrorOut, Time
from bybit.models import Heartbeat
from webapp.alerts import devices, keys
from webapp.alerts.models import Preferences, PushSubscription
from webapp.errors import error_response
from webapp.session_api import Body, DoneOut

router = Router(tags=["push"])
ERRORS = dict.fromkeys((401, 403, 404, 409, 413, 415, 422), ErrorOut)
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
Kind = Literal["fill", "rejected", "liquidation", "stop", "trouble", "security"]
Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
DONE = {"done": True}
ALIVE = timedelta(seconds=30)


class PushKeyOut(Schema):
    """`key` is what the browser's `pushManager.subscribe()` is given, in base64url. `running`: whether the process that
    sends is alive."""

    key: str
    running: bool


class PushDeviceOut(Schema):
    """`used_at`: the last push that the browser's push service took; `failures`: how many it did not take since."""

    id: int
    name: str
    current: bool
    created_at: Time
    used_at: Time | None
    failures: int


class PushDeviceList(Schema):
    items: list[PushDeviceOut]
    next: str | None


class SubscriptionBody(Body):
    """The browser's PushSubscription: its endpoint, and its keys in base64url."""

    endpoint: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[!-~]+$")]
    p256dh: Key
    auth: Key

    def given(self) -> devices.Given:
        return devices.Given(endpoint=self.endpoint, p256dh=self.p256dh, auth=self.auth)


class PreferencesBody(Body):
    kinds: Annotated[list[Kind], Field(max_length=20)]
    amounts: bool


class PreferencesOut(Schema):
    """`kinds`: what is told; `amounts`: whether with quantities and prices, which lock screens then show too."""

    kinds: list[Kind]
    amounts: bool


def _out(request: HttpRequest, row: PushSubscription) -> PushDeviceOut:
    return PushDeviceOut(
        id=row.pk,
        name=row.device.name,
        current=row.device.session_key == request.session.session_key,
        created_at=row.created_at,
        used_at=row.used_at,
        failures=row.failures,
    )


def _told(row: Preferences) -> PreferencesOut:
    return PreferencesOut.model_construct(kinds=row.kinds, amounts=row.amounts)


def _not_usable(error: devices.NotUsable) -> Any:
    return error_response(422, "not_usable", f"{error} Nothing was stored.", rule="endpoint")


def _not_here() -> Any:
    return error_response(
        409, "not_subscribed", "This browser takes no notifications of this house's. Allow them first."
    )


@router.get("/push", operation_id="get_push", response={200: PushKeyOut, **ERRORS})
def get_push(request: HttpRequest) -> PushKeyOut:
    """This house's push key, made when it is first asked for."""
    alive = Heartbeat.objects.filter(pk="alerts", at__gt=timezone.now() - ALIVE).exists()
    return PushKeyOut(key=keys.public(), running=alive)


@router.get("/push/devices", operation_id="list_push_devices", response={200: PushDeviceList, **ERRORS})
def list_push_devices(request: HttpRequest) -> PushDeviceList:
    """The browsers of this user that take pushes."""
    items = [_out(request, row) for row in devices.of_user(request.user.pk or 0)]
    return PushDeviceList(items=items, next=None)


@router.post("/push/devices", operation_id="add_push_device", response={200: PushDeviceOut, **ERRORS})
def add_push_device(request: HttpRequest, body: SubscriptionBody) -> Any:
    """Sends pushes to this browser from now on, until it is signed out. Its endpoint must be that of a known push
    service."""
    try:
        return _out(request, devices.add(request, body.given()))
    except devices.NotUsable as error:
        return _not_usable(error)
    except devices.NotThisDevice:
        return _not_here()


@router.put(
    "/push/devices/current", operation_id="renew_push_device", response={200: PushDeviceOut, **ERRORS}
)
def renew_push_device(request: HttpRequest, body: SubscriptionBody) -> Any:
    """Browsers change their endpoints by themselves: this is the new one of a browser that takes pushes already."""
    try:
        return _out(request, devices.renew(request, body.given()))
    except devices.NotUsable as error:
        return _not_usable(error)
    except devices.NotThisDevice:
        return _not_here()


@router.delete(
    "/push/devices/{push_id}", operation_id="remove_push_device", response={200: DoneOut, **ERRORS}
)
def remove_push_device(request: HttpRequest, push_id: Id) -> Any:
    """Sends nothing there any more."""
    if not devices.remove(request, push_id):
        return error_response(404, "not_found", "There is no such device, or it is not yours.")
    return DONE


@router.get(
    "/push/preferences", operation_id="get_push_preferences", response={200: PreferencesOut, **ERRORS}
)
def get_push_preferences(request: HttpRequest) -> PreferencesOut:
    """What this user is told of, on all devices."""
    return _told(devices.preferences(request.user.pk or 0))


@router.put(
    "/push/preferences", operation_id="set_push_preferences", response={200: PreferencesOut, **ERRORS}
)
def set_push_preferences(request: HttpRequest, body: PreferencesBody) -> PreferencesOut:
    """Chooses what this user is told of, on all devices."""
    kinds = [str(kind) for kind in body.kinds]
    return _told(devices.set_preferences(request.user.pk or 0, kinds=kinds, amounts=body.amounts))


@router.post("/push/test", operation_id="test_push", response={200: DoneOut, **ERRORS})
def test_push(request: HttpRequest) -> Any:
    """Sends a push to this browser, within a second or two."""
    try:
        devices.test(request)
    except devices.NotThisDevice:
        return _not_here()
    return DONE


@router.post("/push/read", operation_id="read_push", response={200: DoneOut, **ERRORS})
def read_push(request: HttpRequest) -> Any:
    """The console is open on this browser: its badge starts again from nothing."""
    devices.read(request)
    return DONE
