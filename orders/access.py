"""Which account a user may act on, whether its state is known well enough for new risk, and its gateway."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from bybit import gateway as bybit
from bybit import rows
from bybit.errors import DEAD_KEY, BybitError
from bybit.models import Account, Link
from bybit.types import PositionReport
from orders.errors import NotFound, NotReconciled, Paused

_MINE = "id = %s AND EXISTS (SELECT 1 FROM bybit_account_members WHERE account_id = bybit_account.id AND user_id = %s)"


def account_of(user: AbstractBaseUser, account_id: str) -> Account:
    """The account, if this user may use it. Raises NotFound."""
    found = rows.find(Account, _MINE, [account_id, user.pk])
    if not found:
        raise NotFound("account")
    return found[0]


def about(user: AbstractBaseUser, account_id: str) -> list[rows.Query]:
    """What finds the account and its link, to travel with a question of the caller's; `mine` takes the answers."""
    return [
        rows.Query(Account, _MINE, (account_id, user.pk)),
        rows.Query(Link, "account_id = %s", (account_id,)),
    ]


def mine(accounts: Sequence[Account], links: Sequence[Link]) -> tuple[Account, Link | None]:
    """The account and how fresh our knowledge of it is. Raises NotFound."""
    if not accounts:
        raise NotFound("account")
    return accounts[0], next(iter(links), None)


def link_of(account: Account) -> Link | None:
    """How fresh our knowledge of the account is."""
    return next(iter(rows.find(Link, "account_id = %s", [account.pk])), None)


def check_reconciled(account: Account, link: Link | None) -> None:
    """Raises NotReconciled while we cannot know the account's true state."""
    check_not_paused(link)
    if account.key_refused_at is not None:
        raise NotReconciled(account.why_read_only())
    now = timezone.now()
    limit = timedelta(seconds=settings.RECONCILED_SECONDS)
    if link is None or link.stream == Link.Stream.RESYNCING:
        raise NotReconciled
    streaming = link.stream == Link.Stream.LIVE and link.private_at is not None
    fresh_stream = streaming and now - link.private_at < limit  # type: ignore[operator]
    if not fresh_stream and (link.pass_at is None or now - link.pass_at > limit):
        raise NotReconciled


def check_not_paused(link: Link | None) -> None:
    """Raises Paused while Bybit has banned this server: what is sent now would not be carried out, and would make it
    longer."""
    if link is not None and link.banned_until is not None and timezone.now() < link.banned_until:
        raise Paused(link.banned_until)


def gateway_of(account: Account) -> bybit.Gateway:
    """The account's gateway, which knows what other processes have learned."""
    return informed(account, link_of(account))


def informed(account: Account, link: Link | None) -> bybit.Gateway:
    """The account's gateway, told of a ban that another process has met and of how far Bybit's clock is from ours."""
    gateway = bybit.for_account(account)
    if link is not None:
        gateway.stop_until(link.banned_until)
        gateway.set_clock_offset(link.clock_offset_ms or 0)
    return gateway


def measure_clock(account: Account, gateway: bybit.Gateway) -> None:
    """Asks Bybit for its time and signs by it from now on, here and in the other processes. Raises BybitError."""
    offset_ms = gateway.clock_offset_ms()
    gateway.set_clock_offset(offset_ms)
    Link.objects.filter(pk=account.pk).update(clock_offset_ms=offset_ms)


def note_ban(account: Account, gateway: bybit.Gateway) -> None:
    """Tells the other processes, and the status page, of a ban that this gateway has met: it is the address that is
    banned, and so every account of its environment."""
    until = gateway.banned_until
    if until is not None and timezone.now() < until:
        text = (
            f"Bybit refuses this server until {until:%H:%M:%S} UTC: too many requests, or a refused region."
        )
        accounts = Link.objects.filter(account__environment=account.environment)
        accounts.update(banned_until=until, trouble=text)


def note_refused_key(account: Account, error: BybitError) -> bool:
    """Leaves a key alone that Bybit calls unknown or ended: no order goes out, and nobody asks but the look once a
    minute. Does nothing for another error, or when there is a new key by now. Returns whether it is so."""
    if error.code not in DEAD_KEY:
        return False
    now = timezone.now()
    why = f"Bybit takes this key no more ({error.message}). Nothing can be sent: bring in a new one."[:200]
    same = Account.objects.filter(pk=account.pk, api_key=account.api_key)
    same.filter(key_refused_at=None).update(key_refused_at=now, read_only=True, read_only_reason=why)
    if not same.exists():
        return False
    account.key_refused_at = account.key_refused_at or now
    account.read_only, account.read_only_reason = True, why
    return True


def read_mode(account: Account, gateway: bybit.Gateway, symbol: str) -> bool:
    """Asks Bybit whether this market is in hedge mode: it can be switched market by market, and elsewhere. The account
    is known by the last answer. Raises BybitError."""
    found = gateway.position(category="linear", symbol=symbol).items
    note_mode(account, found)
    return any(report.position_idx for report in found)


def note_mode(account: Account, reports: Iterable[PositionReport]) -> None:
    """Keeps the account's position mode as Bybit's rows show it. USDC markets are one-way in either mode."""
    indices = {bool(report.position_idx) for report in reports if report.symbol.endswith("USDT")}
    if indices:
        mode = Account.PositionMode.HEDGE if True in indices else Account.PositionMode.ONE_WAY
        Account.objects.filter(pk=account.pk).exclude(position_mode=mode).update(position_mode=mode)
