"""What fills add up to, beside what Bybit says: positions and the wallet."""

from django.db import models

from bybit.models import Account


def money(**options: object) -> models.DecimalField:  # type: ignore[type-arg]
    """A column for money and quantities; null means unknown, never 0."""
    return models.DecimalField(max_digits=38, decimal_places=18, null=True, blank=True, **options)  # type: ignore[arg-type]


class Position(models.Model):
    """One position index of one market. Bybit's facts are what is shown and closed; `ours_*` is the sum of our
    fills and stands beside them. `id` is "<account>:<category>:<symbol>:<position_idx>"."""

    id = models.CharField(primary_key=True, max_length=120)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="positions")
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    position_idx = models.SmallIntegerField()
    side = models.CharField(max_length=4, blank=True)
    size = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    entry_price = money()
    mark_price = money()
    liq_price = money()
    leverage = money()
    margin = money()
    unrealised_pnl = money()
    realised_pnl = money()
    take_profit = money()
    stop_loss = money()
    trailing_stop = money()
    # Bybit's (seq, updatedTime) of the facts above: only a greater pair replaces them.
    exchange_seq = models.BigIntegerField(default=-2)
    exchange_ms = models.BigIntegerField(default=0)
    ours_size = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    ours_entry = models.DecimalField(max_digits=70, decimal_places=40, default=0)
    ours_realised = models.DecimalField(max_digits=70, decimal_places=40, default=0)
    ours_fees = models.DecimalField(max_digits=70, decimal_places=40, default=0)
    # (time in ms, execId) of the newest fill folded in: a fill that sorts before it makes us fold anew.
    ours_last_ms = models.BigIntegerField(default=0)
    ours_last_exec = models.CharField(max_length=64, blank=True)
    version = models.IntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["symbol", "position_idx"]
        indexes = [models.Index(fields=["account", "symbol"])]

    def __str__(self) -> str:
        return self.id


class Wallet(models.Model):
    """Bybit's unified account, as last told. Never changed by estimates of ours."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.PROTECT)
    total_equity = money()
    available = money()
    # [{coin, equity, wallet_balance, available}], numbers as text or null.
    coins = models.JSONField(default=list)
    version = models.IntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"wallet of {self.account_id}"
