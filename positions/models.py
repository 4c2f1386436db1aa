"""What fills add up to, beside what Bybit says: positions, the wallet and the journal."""

from django.db import models

from bybit.models import Account


def money(**options: object) -> models.DecimalField:  # type: ignore[type-arg]
    """A column for money and quantities; null means unknown, never 0."""
    return models.DecimalField(max_digits=38, decimal_places=18, null=True, blank=True, **options)  # type: ignore[arg-type]


def exact(**options: object) -> models.DecimalField:  # type: ignore[type-arg]
    """A column for what a fold adds up to: products of two amounts, and averages to forty places."""
    return models.DecimalField(max_digits=70, decimal_places=40, default=0, **options)  # type: ignore[arg-type]


class Position(models.Model):
    """One position index of one market. Bybit's facts are what is shown and closed; `ours_*` is the sum of our
    fills and stands beside them. `id` is "<account>:<category>:<symbol>:<position_idx>"."""

    id = models.CharField(primary_key=True, max_length=120)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="positions", db_index=False)
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
    maintenance_margin = money()
    position_value = money()
    break_even_price = money()
    unrealised_pnl = money()
    # Of this holding, and of all time; Bybit's, fees and funding taken off.
    realised_pnl = money()
    cum_realised_pnl = money()
    adl_rank = models.SmallIntegerField(null=True)
    # Normal, Liq (being liquidated) or Adl.
    position_status = models.CharField(max_length=20, blank=True)
    is_reduce_only = models.BooleanField(default=False)
    # When this holding began, in ms.
    open_ms = models.BigIntegerField(null=True)
    take_profit = money()
    stop_loss = money()
    trailing_stop = money()
    # Bybit's (seq, updatedTime) of the facts above: only a greater pair replaces them.
    exchange_seq = models.BigIntegerField(default=-2)
    exchange_ms = models.BigIntegerField(default=0)
    ours_size = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    ours_entry = models.DecimalField(max_digits=70, decimal_places=40, default=0)
    # (time in ms, Bybit's cross sequence, execId) of the newest fill folded in: one that sorts before it makes us fold
    # anew.
    ours_last_ms = models.BigIntegerField(default=0)
    ours_last_seq = models.BigIntegerField(default=-1)
    ours_last_exec = models.CharField(max_length=64, blank=True)
    # Of the holding that is open, by the journal: a moment behind the fills.
    held_realised = exact()
    held_fees = exact()
    held_funding = exact()
    # From when on the record holds every fill; null when it is not known yet.
    record_since = models.DateTimeField(null=True)
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
    # REGULAR_MARGIN (cross), ISOLATED_MARGIN or PORTFOLIO_MARGIN; "" until Bybit has been asked.
    margin_mode = models.CharField(max_length=20, blank=True)
    # In USD, of the whole account; null in isolated margin, where they mean nothing.
    wallet_balance = money()
    margin_balance = money()
    unrealised_pnl = money()
    initial_margin = money()
    maintenance_margin = money()
    im_rate = money()
    mm_rate = money()
    # [{coin, equity, …}] as positions.schemas.CoinOut, numbers as text or null.
    coins = models.JSONField(default=list)
    version = models.IntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"wallet of {self.account_id}"


class Journal(models.Model):
    """How far the fills of one place (market and position index) are folded into round trips. The open trip goes on
    from here; a fill that sorts before `last_*` winds back to the last moment at which the place was flat."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="journals", db_index=False)
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    position_idx = models.SmallIntegerField()
    size = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    entry = exact()
    last_ms = models.BigIntegerField(default=0)
    last_seq = models.BigIntegerField(default=-1)
    last_exec = models.CharField(max_length=64, blank=True)
    # Fills were moved here, or away: it is folded anew.
    stale = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "category", "symbol", "position_idx"], name="one_journal_per_place"
            )
        ]

    def __str__(self) -> str:
        return f"journal of {self.account_id} {self.symbol} {self.position_idx}"


class Trip(models.Model):
    """One round trip, from flat to flat, made of our fills (positions.rounds). Values in the quote coin, `realised`
    before fees and funding, fees above zero were paid."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="trips", db_index=False)
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    position_idx = models.SmallIntegerField()
    side = models.CharField(max_length=4)
    first_ms = models.BigIntegerField()
    first_seq = models.BigIntegerField()
    first_exec = models.CharField(max_length=64)
    last_ms = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    last_exec = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    # Null while it is open.
    closed_at = models.DateTimeField(null=True)
    flipped = models.BooleanField(default=False)
    fills = models.IntegerField()
    most = models.DecimalField(max_digits=38, decimal_places=18)
    entered_qty = exact()
    entered_value = exact()
    left_qty = exact()
    left_value = exact()
    realised = exact()
    uncovered = exact()
    funding = exact()
    # Of the coin in which the trip settles; what was paid in others is in `other_fees`, as {coin: text}.
    coin = models.CharField(max_length=20)
    fees = exact()
    other_fees = models.JSONField(default=dict)

    class Meta:
        ordering = ["-last_ms", "-id"]
        indexes = [
            models.Index(fields=["account", "-last_ms", "-id"]),
            models.Index(fields=["account", "symbol", "-last_ms", "-id"]),
            models.Index(fields=["account", "category", "symbol", "position_idx", "last_ms"]),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.symbol} of {self.opened_at:%Y-%m-%d}"


class Closing(models.Model):
    """What one fill closed, before fees: the part of its trip's result that belongs to its day."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="closings", db_index=False)
    trip = models.ForeignKey(Trip, on_delete=models.CASCADE, related_name="closings")
    exec_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    qty = models.DecimalField(max_digits=38, decimal_places=18)
    realised = exact()

    class Meta:
        indexes = [models.Index(fields=["account", "exec_id"])]

    def __str__(self) -> str:
        return f"closing {self.exec_id[:8]}"


class Day(models.Model):
    """What one day brought in one market and coin, by the owner's time zone. Kept up as fills are folded."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="days", db_index=False)
    day = models.DateField()
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    coin = models.CharField(max_length=20)
    realised = exact()
    fees = exact()
    funding = exact()
    volume = exact()
    fills = models.IntegerField(default=0)
    trips = models.IntegerField(default=0)
    wins = models.IntegerField(default=0)

    class Meta:
        ordering = ["-day", "symbol"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "category", "symbol", "coin"], name="one_row_per_day_and_market"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.symbol} on {self.day}"


class ClosedPnl(models.Model):
    """Bybit's own record of what an order closed, from position/closed-pnl. `closed_pnl` has the fees taken off and
    leaves funding out."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="closed_pnl", db_index=False)
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    order_id = models.CharField(max_length=64)
    side = models.CharField(max_length=4)
    order_type = models.CharField(max_length=10, blank=True)
    exec_type = models.CharField(max_length=30, blank=True)
    qty = money()
    closed_size = money()
    avg_entry_price = money()
    avg_exit_price = money()
    cum_entry_value = money()
    cum_exit_value = money()
    closed_pnl = money()
    open_fee = money()
    close_fee = money()
    leverage = money()
    fill_count = models.IntegerField(default=0)
    created_ms = models.BigIntegerField()
    updated_ms = models.BigIntegerField()

    class Meta:
        ordering = ["-updated_ms", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "category", "symbol", "order_id", "created_ms"], name="each_closing_once"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-updated_ms", "-id"]),
            models.Index(fields=["account", "order_id"]),
        ]

    def __str__(self) -> str:
        return f"closed {self.symbol} by {self.order_id[:8]}"


class Cash(models.Model):
    """One entry of Bybit's transaction log: everything that changed a coin's balance. `funding` above zero was
    received, `fee` above zero paid; `change` = cash_flow + funding - fee; `balance` is the coin's afterwards."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="cash", db_index=False)
    log_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=40)
    category = models.CharField(max_length=10, blank=True)
    symbol = models.CharField(max_length=40, blank=True)
    side = models.CharField(max_length=4, blank=True)
    coin = models.CharField(max_length=20)
    qty = money()
    price = money()
    funding = money()
    fee = money()
    cash_flow = money()
    change = money()
    balance = money()
    trade_id = models.CharField(max_length=64, blank=True)
    order_id = models.CharField(max_length=64, blank=True)
    at_ms = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at_ms", "-id"]
        constraints = [models.UniqueConstraint(fields=["account", "log_id"], name="each_cash_entry_once")]
        indexes = [models.Index(fields=["account", "-at_ms", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.coin} {self.log_id[:8]}"


class Balance(models.Model):
    """A coin's balance at the end of a day, by the owner's time zone: the last entry of Bybit's log on it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances", db_index=False)
    day = models.DateField()
    coin = models.CharField(max_length=20)
    balance = money()
    # What came in or went out by transfers, which is no result of trading.
    transfers = exact()
    at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "day", "coin"], name="one_balance_per_day_and_coin")
        ]

    def __str__(self) -> str:
        return f"{self.coin} of {self.account_id} on {self.day}"


class Equity(models.Model):
    """The account's equity in USD at the end of an hour, as Bybit's wallet told it: open positions included."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="equity_points", db_index=False
    )
    hour = models.DateTimeField()
    equity = money()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "hour"], name="one_equity_point_per_hour")]

    def __str__(self) -> str:
        return f"equity of {self.account_id} at {self.hour}"


class Coverage(models.Model):
    """How much of one of Bybit's lists the record holds. It is followed from `start_ms` on, at present up to
    `until_ms`; what is older is filled in from `floor_ms` on, oldest first, at present up to `filled_ms`. `cursor`
    says where in the window in progress it stopped."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="coverage", db_index=False)
    kind = models.CharField(max_length=20)
    category = models.CharField(max_length=10, blank=True)
    floor_ms = models.BigIntegerField()
    filled_ms = models.BigIntegerField()
    start_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField()
    cursor = models.TextField(blank=True)
    rows = models.BigIntegerField(default=0)
    # Executions: whether the positions were folded anew since the last old ones came in.
    settled = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "category"], name="one_coverage_per_list")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.category} of {self.account_id}"

    @property
    def is_filled(self) -> bool:
        """Whether everything that Bybit still had when recording began is here."""
        return self.filled_ms >= self.start_ms


class Note(models.Model):
    """What the owner writes about a trip (by its first execId), a day or an order. Outlives every fold."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notes", db_index=False)
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    tags = models.JSONField(default=list)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-updated_at"]
        constraints = [models.UniqueConstraint(fields=["account", "kind", "key"], name="one_note_per_thing")]

    def __str__(self) -> str:
        return f"note on {self.kind} {self.key}"
