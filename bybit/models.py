"""Accounts with their sealed keys, the markets' rules, and what the wires to Bybit are doing right now."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from bybit.failpoints import is_armed
from bybit.regions import REGIONS
from bybit.secrets import Secret, seal, unseal


def _moment(at: datetime) -> str:
    """A moment for a person, in UTC: by the clock, and by its day too when that is not today."""
    at = at.astimezone(UTC)
    day = "" if at.date() == timezone.now().astimezone(UTC).date() else f"{at.day} {at:%b %Y} "
    return f"{day}{at:%H:%M} UTC"


class Account(models.Model):
    """One Bybit account. `id` is a short slug that people and programs use ("paper")."""

    class Environment(models.TextChoices):
        PAPER = "paper"
        TESTNET = "testnet"
        DEMO = "demo"
        LIVE = "live"

    class PositionMode(models.TextChoices):
        ONE_WAY = "one_way"
        HEDGE = "hedge"

    id = models.SlugField(primary_key=True, max_length=40)
    label = models.CharField(max_length=60)
    environment = models.CharField(max_length=10, choices=Environment.choices)
    # Only paper accounts have an address of their own; the others' hosts follow from environment and region.
    paper_url = models.URLField(blank=True)
    region = models.CharField(
        max_length=10, choices=[(key, region.name) for key, region in REGIONS.items()], default="global"
    )
    api_key = models.CharField(max_length=80)
    sealed_secret = models.BinaryField(editable=False)
    # No order goes out: `read_only_reason` says why.
    read_only = models.BooleanField(default=False)
    read_only_reason = models.CharField(max_length=200, blank=True)
    # Bybit refused the key as unknown or ended: nothing is asked with it but once a minute, whether it is taken again.
    key_refused_at = models.DateTimeField(null=True, blank=True)
    # Somebody paused it: no order that adds risk goes out, whoever asks. Null while it trades.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=150, blank=True)
    # A live account trades only after its owner has switched it on.
    live_since = models.DateTimeField(null=True, blank=True)
    position_mode = models.CharField(
        max_length=10, choices=PositionMode.choices, default=PositionMode.ONE_WAY
    )
    key_expires_at = models.DateTimeField(null=True, blank=True)
    # The journal's days are this zone's.
    time_zone = models.CharField(max_length=60, default="UTC")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="bybit_accounts", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **options: Any) -> None:
        """Raises ValueError for a live account on the embedded servers: they are for trying things out."""
        if self.environment == self.Environment.LIVE and not settings.REAL_SERVERS:
            raise ValueError(
                "The embedded servers refuse live accounts. Set DATABASE_URL and the other four first."
            )
        self._refuse_failpoints()
        super().save(*args, **options)

    def set_secret(self, secret: str) -> None:
        """Seals the API secret under CREDENTIALS_KEY, for this row alone; the caller saves it."""
        self.sealed_secret = seal(secret, f"account {self.pk}")

    def secret(self) -> Secret:
        """The API secret, for the gateway and the stream alone. Raises Unsealable, and ValueError for a live account
        in a process that a test may kill."""
        self._refuse_failpoints()
        return unseal(bytes(self.sealed_secret), f"account {self.pk}")

    def why_read_only(self) -> str:
        """Why no order of this account goes out, for a person."""
        return self.read_only_reason or "This account's key may only read."

    def why_paused(self) -> str:
        """Why no order that adds risk goes out, for a person."""
        since = "" if self.paused_at is None else f" since {_moment(self.paused_at)}"
        return f"Trading on {self.label} is paused by {self.paused_by}{since}. Cancelling and closing still work."

    def base(self, *, stream: bool = False) -> str:
        """The address to use instead of pybit's own, without a path; "" for pybit's own."""
        if self.environment == self.Environment.PAPER:
            url = self.paper_url.rstrip("/")
            return url.replace("http", "ws", 1) if stream else url
        if self.environment == self.Environment.LIVE and self.region != "global":
            return REGIONS[self.region].stream if stream else REGIONS[self.region].rest
        return ""

    def _refuse_failpoints(self) -> None:
        if self.environment == self.Environment.LIVE and is_armed():
            raise ValueError(
                "A live account is refused while failpoints are armed: unset TRADEPOST_FAILPOINTS."
            )


class KeyCheck(models.Model):
    """What Bybit last said of an account's key, and what we think of it; see bybit.keycheck."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="key_check"
    )
    at = models.DateTimeField()
    # Bybit's facts (permissions, addresses, owner, expiry) and our findings [{level, code, text}].
    facts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"key check of {self.account_id}"


class Instrument(models.Model):
    """The trading rules of one market in one environment, as Bybit last told them. A market that has vanished from
    Bybit's lists is kept, with the status GONE."""

    # The only status that is ours; the others are Bybit's (Trading, PreLaunch, Delivering, Closed).
    GONE = "Gone"

    environment = models.CharField(max_length=10)
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    status = models.CharField(max_length=20)
    base_coin = models.CharField(max_length=20)
    quote_coin = models.CharField(max_length=20)
    settle_coin = models.CharField(max_length=20)
    tick_size = models.DecimalField(max_digits=36, decimal_places=18)
    qty_step = models.DecimalField(max_digits=36, decimal_places=18)
    min_qty = models.DecimalField(max_digits=36, decimal_places=18)
    max_qty = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    max_market_qty = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    min_notional = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    max_leverage = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    quote_step = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    contract_type = models.CharField(max_length=30, blank=True, default="")
    funding_interval_min = models.IntegerField(null=True)
    launch_ms = models.BigIntegerField(null=True)
    min_leverage = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    leverage_step = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    min_price = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    max_price = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    price_limit_ratio_x = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    price_limit_ratio_y = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    refreshed_at = models.DateTimeField()

    class Meta:
        ordering = ["symbol"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "category", "symbol"], name="one_row_per_market")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} ({self.category}, {self.environment})"


class RiskTier(models.Model):
    """One risk tier of one contract, as Bybit last told it: up to `risk_limit` (settle coin) this much margin is
    needed. Rates are fractions of the position's value."""

    environment = models.CharField(max_length=10)
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    tier = models.IntegerField()
    risk_limit = models.DecimalField(max_digits=38, decimal_places=18)
    maintenance_margin = models.DecimalField(max_digits=36, decimal_places=18)
    initial_margin = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    max_leverage = models.DecimalField(max_digits=36, decimal_places=18, null=True)
    mm_deduction = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    refreshed_at = models.DateTimeField()

    class Meta:
        ordering = ["symbol", "tier"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "category", "symbol", "tier"], name="one_row_per_risk_tier"
            )
        ]

    def __str__(self) -> str:
        return f"tier {self.tier} of {self.symbol} ({self.category}, {self.environment})"


class Favourite(models.Model):
    """A market that a user keeps at the top of the list, in the order of `place`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourite_markets"
    )
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    place = models.IntegerField()

    class Meta:
        ordering = ["place", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "category", "symbol"], name="one_favourite_per_market")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} ({self.category})"


class Link(models.Model):
    """How fresh our knowledge of one account is. Written by the stream process and the resolver."""

    class Stream(models.TextChoices):
        LIVE = "live"
        RESYNCING = "resyncing"
        DOWN = "down"

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    stream = models.CharField(max_length=10, choices=Stream.choices, default=Stream.DOWN)
    # When the stream process last wrote here: a "live" that is old is not live.
    beat_at = models.DateTimeField(null=True)
    # The last frame or pong of the private and of the public socket.
    private_at = models.DateTimeField(null=True)
    public_at = models.DateTimeField(null=True)
    # The same of spot's public socket. Null, as above, while nobody needs it.
    spot_public_at = models.DateTimeField(null=True)
    # The last resolver pass that had every answer.
    pass_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
    clock_offset_ms = models.IntegerField(null=True)
    bad_messages = models.IntegerField(default=0)
    reconnects = models.IntegerField(default=0)
    trouble = models.CharField(max_length=200, blank=True)
    # Bybit banned this server's address (HTTP 403): nothing is sent until then.
    banned_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link of {self.account_id}"


class BadMessage(models.Model):
    """A frame or row of Bybit's that could not be used, kept as evidence."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="bad_messages_kept")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=200)
    raw = models.TextField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reason


class Heartbeat(models.Model):
    """When a background process last showed that it works."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def show(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": timezone.now()})
