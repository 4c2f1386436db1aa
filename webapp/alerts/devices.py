"""Which browsers take pushes, and what their users want to hear of."""

from dataclasses import dataclass
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.alerts import envelope, places, words
from webapp.alerts.models import Delivery, Notice, Preferences, PushSubscription
from webapp.alerts.words import KINDS
from webapp.security import audit
from webapp.security.models import Device

AUTH_BYTES = 16


class NotUsable(Exception):
    """What a browser gave is no subscription. The text tells a person why."""


class NotThisDevice(Exception):
    """This browser takes no pushes, or is no device of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A browser's PushSubscription."""

    endpoint: str
    p256dh: str
    auth: str

    def check(self) -> None:
        """Raises NotUsable."""
        try:
            places.check(self.endpoint)
            envelope.public_key(envelope.bytes_of(self.p256dh))
            if len(envelope.bytes_of(self.auth)) != AUTH_BYTES:
                raise ValueError("another length")
        except places.NotAPlace as error:
            raise NotUsable(str(error)) from error
        except ValueError as error:
            raise NotUsable("The browser's keys are none.") from error


def of_user(user_id: int) -> list[PushSubscription]:
    return list(PushSubscription.objects.filter(user=user_id).select_related("device"))


def here(request: HttpRequest) -> PushSubscription | None:
    """This browser's own."""
    found = PushSubscription.objects.filter(
        user=request.user.pk, device__session_key=request.session.session_key
    )
    return found.select_related("device").first()


def add(request: HttpRequest, given: Given) -> PushSubscription:
    """Takes this browser in. An endpoint belongs to one browser: who has it now, has it alone. Raises NotUsable and
    NotThisDevice."""
    given.check()
    device = Device.objects.filter(user=request.user.pk, session_key=request.session.session_key).first()
    if device is None:
        raise NotThisDevice
    with transaction.atomic():
        # First, so that this device does not hear of itself: what was before it takes pushes is no news to it.
        audit.record("push_added", request=request, device=device.name)
        return _put(device, given)


def renew(request: HttpRequest, given: Given) -> PushSubscription:
    """Puts what the browser has now in the place of what it had: endpoints change by themselves. Raises NotUsable, and
    NotThisDevice where nothing was agreed to before."""
    given.check()
    known = here(request)
    if known is None:
        raise NotThisDevice
    if (known.endpoint, known.p256dh, known.auth) == (given.endpoint, given.p256dh, given.auth):
        return known
    with transaction.atomic():
        audit.record("push_renewed", request=request, device=known.device.name)
        return _put(known.device, given)


def _put(device: Device, given: Given) -> PushSubscription:
    keys = {"endpoint": given.endpoint, "p256dh": given.p256dh, "auth": given.auth}
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                PushSubscription.objects.filter(endpoint=given.endpoint).exclude(device=device).delete()
                fresh = {"failures": 0, "user_id": device.user_id}
                row, _ = PushSubscription.objects.update_or_create(
                    device=device,
                    defaults=keys | fresh,
                    create_defaults=keys | fresh | {"read_at": timezone.now()},
                )
                return row
        except IntegrityError:
            # Another request of the same browser was first.
            if attempt == 2:
                raise
    raise AssertionError("not reached")


def remove(request: HttpRequest, subscription_id: int) -> bool:
    """Whether there was one."""
    row = (
        PushSubscription.objects.filter(pk=subscription_id, user=request.user.pk)
        .select_related("device")
        .first()
    )
    if row is None:
        return False
    audit.record("push_removed", request=request, device=row.device.name)
    row.delete()
    return True


def preferences(user_id: int) -> Preferences:
    return Preferences.objects.filter(pk=user_id).first() or Preferences(pk=user_id)


def set_preferences(user_id: int, *, kinds: list[str], amounts: bool) -> Preferences:
    told = [kind for kind in KINDS if kind in kinds]
    row, _ = Preferences.objects.update_or_create(pk=user_id, defaults={"kinds": told, "amounts": amounts})
    return row


def read(request: HttpRequest) -> None:
    """The console is open on this browser: its badge counts from here."""
    PushSubscription.objects.filter(
        user=request.user.pk, device__session_key=request.session.session_key
    ).update(read_at=timezone.now())


def test(request: HttpRequest) -> None:
    """Sends a push to this browser alone. Raises NotThisDevice."""
    row = here(request)
    if row is None:
        raise NotThisDevice
    news = words.of_test(key=uuid4().hex, at=timezone.now())
    tell(row.user_id, [row], news, amounts=False)


def tell(user_id: int, to: list[PushSubscription], news: words.News, *, amounts: bool) -> bool:
    """Writes down what is to be sent, once for a user and an event. What it replaces and was not sent yet is dropped.
    Whether it was new. In the caller's transaction, if there is one."""
    with transaction.atomic():
        notice = Notice(
            user_id=user_id,
            key=news.key,
            kind=news.kind,
            tag=news.tag,
            title=news.title,
            body=news.text(amounts=amounts),
            screen=news.screen,
            urgent=news.urgent,
            at=news.at,
            until=news.until,
        )
        Notice.objects.bulk_create([notice], ignore_conflicts=True)
        known = Notice.objects.get(user=user_id, key=news.key)
        waiting = Delivery.objects.filter(state=Delivery.State.WAITING, notice__user=user_id)
        if known.deliveries.exists():
            return False
        replaced = waiting.filter(notice__tag=news.tag, tries=0)
        replaced.update(state=Delivery.State.DROPPED, trouble="replaced by a newer one")
        now = timezone.now()
        Delivery.objects.bulk_create(
            [Delivery(notice=known, subscription=row, next_at=now) for row in to], ignore_conflicts=True
        )
    return True
