"""Browsers that take pushes, what their users want to hear of, and what was decided to tell them."""

from django.conf import settings
from django.db import models

from webapp.alerts.words import KINDS
from webapp.security.models import Device


def all_kinds() -> list[str]:
    return list(KINDS)


class VapidKey(models.Model):
    """The key pair that this house signs its pushes with (RFC 8292); one row, made at first use. Browsers bind their
    subscriptions to the public half, so a new pair would silence every one of them."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    # 65 bytes, an uncompressed point of P-256, in base64url.
    public = models.CharField(max_length=90)
    # 32 bytes in base64url, sealed under CREDENTIALS_KEY.
    sealed_private = models.BinaryField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_vapid_key")]

    def __str__(self) -> str:
        return "the house's push key"


class PushSubscription(models.Model):
    """One browser that takes pushes. It ends with its device, and so with the sign-out or revocation that ends that.

    Nothing here is sealed: `p256dh` is a public key, and `auth` and the endpoint are of no use to who has stolen the
    database, for the push service takes only what our sealed VAPID key has signed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions"
    )
    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="push")
    endpoint = models.CharField(max_length=1000, unique=True)
    # As the browser gave them, in base64url: its public key (65 bytes) and its authentication secret (16).
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    # The last push that its service took, and how many it did not take since.
    used_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    # When the console was last opened there: what came later is what its badge counts.
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"push to {self.device}"


class Preferences(models.Model):
    """What a user wants to hear of. Without a row: everything, and no amounts."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="push_preferences"
    )
    # Of webapp.alerts.words.KINDS.
    kinds = models.JSONField(default=all_kinds)
    # Lock screens are read by others: amounts and prices are shown only to who asks for them.
    amounts = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"what {self.user_id} wants to hear of"


class Notice(models.Model):
    """One thing that a user is told, once. `key` names the event that it is about: decided twice, it is one row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    # On the phone a newer notice with the same tag replaces the older one.
    tag = models.CharField(max_length=120)
    title = models.CharField(max_length=120)
    body = models.CharField(max_length=300)
    # The screen that a tap opens, as the fragment of the console's address.
    screen = models.CharField(max_length=60)
    urgent = models.BooleanField()
    # When it happened, and from when on it is no news any more.
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="each_notice_once")]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"


class Delivery(models.Model):
    """One notice on its way to one browser."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DROPPED = "dropped"

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    subscription = models.ForeignKey(PushSubscription, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.SmallIntegerField(default=0)
    # Not before then; who sends it moves this ahead first, so that nobody else does meanwhile.
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # Why it was dropped or is late.
    trouble = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "subscription"], name="each_delivery_once")]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="pushes_to_send")
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"


class Followed(models.Model):
    """How far the follower has read: `events:<account>` in an account's event log, `audit` in the audit log."""

    name = models.CharField(primary_key=True, max_length=60)
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} read to {self.position}"
