"""Bybit accounts and their keys: brought in, checked, changed and switched on. A key is entered once, checked with
Bybit before anything is stored, sealed, and never shown again. All of it is in the audit log, without the key."""

import socket
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from bybit import gateway, keycheck
from bybit.errors import DEAD_KEY, BybitError
from bybit.models import Account, KeyCheck, Link
from bybit.types import KeyInfo
from orders import access
from orders.errors import Conflict, RuleBroken, TradeError
from webapp.security import audit


class KeyNotChecked(TradeError):
    """Bybit could not be asked about the key."""

    status = 503

    def __init__(self, error: BybitError) -> None:
        super().__init__(
            "key_not_checked",
            f"Bybit could not be asked about this key ({error.message}). Nothing was stored. Try again.",
            bybit_code=error.code,
        )


def own_address() -> str:
    """This server's address as Bybit sees it, "" where it cannot be known from here."""
    if settings.SERVER_ADDRESS:
        return str(settings.SERVER_ADDRESS)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: it only asks the routing table which address would be used.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        address = str(probe.getsockname()[0])
    return address if ip_address(address).is_global else ""


def add(
    *, request: HttpRequest, account_id: str, label: str, environment: str, region: str, key: str, secret: str
) -> Account:
    """Brings an account in. A live one trades only once it is switched on. Raises RuleBroken, Conflict and
    KeyNotChecked."""
    if environment == Account.Environment.LIVE and not settings.REAL_SERVERS:
        raise RuleBroken("embedded", "The embedded servers take no live account. Nothing was stored.")
    if environment == Account.Environment.PAPER and not settings.PAPER_URL:
        raise RuleBroken("no_paper", "There is no paper exchange here (PAPER_URL). Nothing was stored.")
    if Account.objects.filter(pk=account_id).exists():
        raise Conflict("account_exists", f"There is an account {account_id} already. Nothing was stored.")
    row = Account(pk=account_id, label=label, environment=environment, region=region, api_key=key)
    row.paper_url = settings.PAPER_URL if environment == Account.Environment.PAPER else ""
    row.set_secret(secret)
    info = _accepted(row)
    with transaction.atomic():
        row.save(force_insert=True)
        row.members.add(request.user)  # type: ignore[arg-type]
        Link.objects.get_or_create(pk=row.pk)
        _note(row, info)
        audit.record(
            "account_added",
            request=request,
            account=row.pk,
            environment=environment,
            region=region,
            key=_mark(key),
        )
    return row


def change_key(*, request: HttpRequest, account: Account, key: str, secret: str) -> Account:
    """Puts a new key in the place of the old one. Both work at Bybit meanwhile: the stream process sees the new one
    within a second or two, signs a new socket in with it and catches up before it says "live". Raises
    RuleBroken (another account's key, or a forbidden right) and KeyNotChecked."""
    known = KeyCheck.objects.filter(pk=account.pk).first()
    account.api_key = key
    account.set_secret(secret)
    info = _accepted(account)
    if known is not None and known.facts.get("user_id") not in ("", None, info.user_id):
        raise RuleBroken(
            "other_account",
            "This key belongs to another Bybit account. Nothing was changed: bring that one in by itself.",
        )
    with transaction.atomic():
        # Decided by the row as it is now, as in `check`.
        now = Account.objects.select_for_update().get(pk=account.pk)
        now.api_key, now.sealed_secret = account.api_key, account.sealed_secret
        now.save(update_fields=["api_key", "sealed_secret"])
        _note(now, info)
        audit.record("key_changed", request=request, account=account.pk, key=_mark(key))
    account.refresh_from_db()
    return account


def _accepted(account: Account) -> KeyInfo:
    """What Bybit says of the key. Raises RuleBroken when Tradepost does not hold such a key; KeyNotChecked."""
    try:
        info = gateway.once(account).key_info()
    except BybitError as error:
        if error.code in DEAD_KEY:
            raise RuleBroken(
                "key_refused",
                f"Bybit does not know this key ({error.message}), or it has ended. Nothing was stored. A key works "
                "only in the environment and on the site that made it.",
                bybit_code=error.code,
            ) from error
        if error.code in ("10004", "10005", "10010"):
            raise RuleBroken(
                "key_refused",
                f"Bybit refused this key ({error.message}). Nothing was stored.",
                bybit_code=error.code,
            ) from error
        raise KeyNotChecked(error) from error
    refused = [finding for finding in _findings(account, info) if finding.level == "refuse"]
    if refused:
        raise RuleBroken(refused[0].code, f"{refused[0].text} Nothing was stored.")
    return info


def _findings(account: Account, info: KeyInfo) -> list[keycheck.Finding]:
    paper = account.environment == Account.Environment.PAPER
    return keycheck.findings(info, now_ms=int(time.time() * 1000), address=own_address(), paper=paper)


def _note(account: Account, info: KeyInfo) -> None:
    """Keeps what Bybit said, and decides whether orders may go out."""
    facts = {
        "permissions": info.permissions,
        "ips": info.ips,
        "read_only": info.read_only,
        "user_id": info.user_id,
        "parent_id": info.parent_id,
    }
    found = _findings(account, info)
    KeyCheck.objects.update_or_create(
        pk=account.pk,
        defaults={
            "at": timezone.now(),
            "facts": facts,
            "findings": [{"level": one.level, "code": one.code, "text": one.text} for one in found],
        },
    )
    at_ms = info.expires_at_ms
    account.key_expires_at = None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)
    forbidden = next((one.text for one in found if one.level == "refuse"), "")
    if forbidden:
        why = "This key may move money at Bybit: take that right away there, then check it again."
    elif not keycheck.may_trade(info):
        why = "This account's key may only read."
    elif account.environment == Account.Environment.LIVE and account.live_since is None:
        why = "This live account is not switched on yet."
    else:
        why = ""
    account.read_only, account.read_only_reason, account.key_refused_at = bool(why), why, None
    account.save(update_fields=["read_only", "read_only_reason", "key_refused_at", "key_expires_at"])


def check(account: Account) -> KeyCheck:
    """Asks Bybit about the key again. A key that Bybit no longer takes stops trading, and is left alone, until it is
    taken again or a new one is in. Raises KeyNotChecked when there was no answer: nothing changes then."""
    try:
        info = gateway.once(account).key_info()
    except BybitError as error:
        if error.code not in DEAD_KEY:
            raise KeyNotChecked(error) from error
        access.note_refused_key(account, error)
        known = KeyCheck.objects.filter(pk=account.pk).first()
        if known is None or not any(one["code"] == "key_dead" for one in known.findings):
            audit.record("key_dead", account=account.pk, code=error.code)
        finding = {"level": "refuse", "code": "key_dead", "text": account.why_read_only()}
        row, _ = KeyCheck.objects.update_or_create(
            pk=account.pk, defaults={"at": timezone.now(), "findings": [finding]}
        )
        return row
    with transaction.atomic():
        now = Account.objects.select_for_update().get(pk=account.pk)
        if now.api_key == account.api_key:
            # Decided by the row as it is now: it may have been switched off while Bybit was asked.
            _note(now, info)
    account.refresh_from_db()
    return KeyCheck.objects.get(pk=account.pk)


def switch(*, request: HttpRequest, account: Account, on: bool) -> Account:
    """Switches a live account's trading on or off. Raises RuleBroken; KeyNotChecked when switching on."""
    if account.environment != Account.Environment.LIVE:
        raise RuleBroken("not_live", "Only live accounts have this switch. Nothing was changed.")
    _set_live(account, timezone.now() if on else None)
    if on:
        try:
            check(account)
            if account.key_refused_at is not None:
                raise RuleBroken("key_refused", f"{account.why_read_only()} The account stays switched off.")
        except (RuleBroken, KeyNotChecked):
            _set_live(account, None)
            raise
    audit.record("live_on" if on else "live_off", request=request, account=account.pk)
    return account


def _set_live(account: Account, since: datetime | None) -> None:
    """Writes the switch and nothing else. Nothing is traded until a check of the key allows it."""
    account.live_since, account.read_only = since, True
    account.read_only_reason = "This live account is not switched on yet."
    account.save(update_fields=["live_since", "read_only", "read_only_reason"])


def pause(*, request: HttpRequest, account: Account, on: bool) -> Account:
    """Pauses an account, or lets it trade again. Orders that were on their way are not called back. Doing it twice
    changes nothing. The pages learn of it with their next heartbeat."""
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        if (row.paused_at is not None) == on:
            return row
        row.paused_at = timezone.now() if on else None
        row.paused_by = request.user.get_username() if on else ""
        row.save(update_fields=["paused_at", "paused_by"])
        audit.record("trading_paused" if on else "trading_resumed", request=request, account=row.pk)
    return row


def check_all() -> dict[str, Any]:
    """Beat's daily look at every key. Returns what went wrong, by account."""
    troubles = {}
    for account in Account.objects.all():
        try:
            check(account)
        except KeyNotChecked as error:
            troubles[account.pk] = error.detail["bybit_code"]
    return troubles


def suspects() -> list[Account]:
    """Accounts whose key Bybit has refused: it is shown to Bybit once a minute, and by nobody else."""
    return list(Account.objects.filter(key_refused_at__isnull=False))


def _mark(key: str) -> str:
    """Enough of a key to recognise it by."""
    return f"…{key[-4:]}"
