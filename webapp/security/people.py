"""Who lives here, in which role, and whose accounts are whose. Only the server's shell changes it, and all of it is in
the audit log."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from bybit.models import Account
from webapp.security import audit, sessions
from webapp.security.callers import role_of
from webapp.security.models import Access, ApiToken, SignInLink


class Unfit(Exception):
    """There is no such user or account, or what is asked for does not fit. The text tells a person; nothing was
    changed."""


def find(username: str) -> Any:
    """The user of this name. Raises Unfit."""
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        raise Unfit(f"There is no user {username}. Nothing was changed.")
    return user


def add(username: str, role: str) -> tuple[Any, bool]:
    """The user of this name and role, made if there is none, and whether a password is still to be chosen. If so,
    every earlier invitation is void. Raises Unfit for a name that cannot be one, or that has another role."""
    with transaction.atomic():
        user = get_user_model().objects.select_for_update().filter(username=username).first()
        if user is None:
            return _made(username, role), True
        if role_of(user) != role:
            raise Unfit(
                f"{username} is there already, as {role_of(user)}: `manage.py setrole {username} {role}` changes it. "
                "Nothing was changed."
            )
        if user.has_usable_password():
            return user, False
        user.set_unusable_password()
        user.save(update_fields=["password"])
        audit.record("invited", who=username, by="shell")
    return user, True


def _made(username: str, role: str) -> Any:
    user = get_user_model()(username=username)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise Unfit(
            f"{username!r} cannot be a name: {' '.join(error.messages)} Nothing was changed."
        ) from error
    user.save(force_insert=True)
    Access.objects.create(user_id=user.pk, role=role)
    audit.record("user_added", who=username, role=role, by="shell")
    return user


def set_role(username: str, role: str, *, everything: bool = False) -> Any:
    """Gives a user a role. An owner manages the accounts that they are a member of; `everything` lets them see the
    whole record in the admin too, as the first owner does, who keeps that while an owner. Raises Unfit."""
    user = find(username)
    is_owner = role == Access.Role.OWNER
    if everything and not is_owner:
        raise Unfit("Only an owner may see everything. Nothing was changed.")
    user.is_superuser = user.is_staff = is_owner and (everything or user.is_superuser)
    with transaction.atomic():
        user.save(update_fields=["is_superuser", "is_staff"])
        Access.objects.update_or_create(user_id=user.pk, defaults={"role": role})
        audit.record("role_changed", who=username, role=role, everything=user.is_superuser, by="shell")
    return user


def set_member(account_id: str, username: str, *, member: bool) -> bool:
    """Lets a user use an account, or no longer; False when that was so already. Every answer holds to it at once, and
    open pages begin anew with it within seconds (webapp.pulse). Raises Unfit."""
    user = find(username)
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=account_id).first()
        if account is None:
            raise Unfit(f"There is no account {account_id}. Nothing was changed.")
        if account.members.filter(pk=user.pk).exists() == member:
            return False
        if member:
            account.members.add(user)
        else:
            account.members.remove(user)
        kind = "member_added" if member else "member_removed"
        audit.record(kind, who=username, account=account_id, by="shell")
    return True


def shut_out(user: Any, *, tokens: bool = True) -> int:
    """Ends every session and every unused link of a user, and their API tokens; how many of these were in force. Live
    sockets close within five seconds."""
    sessions.end_others(user, None)
    SignInLink.objects.filter(user=user.pk).delete()
    mine = ApiToken.objects.filter(user=user.pk, revoked_at=None) if tokens else ApiToken.objects.none()
    return mine.update(revoked_at=timezone.now())
