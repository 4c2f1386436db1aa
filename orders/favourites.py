"""A user's favourite markets: their own list, in their own order."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from bybit.models import Account, Favourite, Instrument
from orders.errors import NotFound, RuleBroken

MOST = 200


def of(user_id: int, category: str | None = None) -> list[Favourite]:
    """The favourites of a user, in order."""
    rows = Favourite.objects.filter(user_id=user_id)
    return list(rows.filter(category=category) if category else rows)


def put(user: AbstractBaseUser, category: str, symbol: str, position: int | None) -> list[Favourite]:
    """Makes a market a favourite, last in the list or at a position (0 is first); one that is there already moves only
    to a position that is given. Raises NotFound, or RuleBroken when the list is full."""
    environments = Account.objects.filter(members=user.pk).values("environment")
    market = Instrument.objects.filter(environment__in=environments, category=category, symbol=symbol)
    if not market.exists():
        raise NotFound("market")
    with transaction.atomic():
        _alone(user.pk)
        rows = of(user.pk)
        row = next((item for item in rows if (item.category, item.symbol) == (category, symbol)), None)
        if row is None:
            if len(rows) >= MOST:
                raise RuleBroken(
                    "too_many_favourites",
                    f"{MOST} favourites are the most. Nothing was changed. Remove one first.",
                )
            row = Favourite.objects.create(user_id=user.pk, category=category, symbol=symbol, place=len(rows))
            rows.append(row)
        if position is not None:
            rows.remove(row)
            rows.insert(position, row)
        return _numbered(rows)


def remove(user: AbstractBaseUser, category: str, symbol: str) -> list[Favourite]:
    """Takes a market off the list; repeatable."""
    with transaction.atomic():
        _alone(user.pk)
        Favourite.objects.filter(user_id=user.pk, category=category, symbol=symbol).delete()
        return _numbered(of(user.pk))


def _numbered(rows: list[Favourite]) -> list[Favourite]:
    moved = [(row, place) for place, row in enumerate(rows) if row.place != place]
    for row, place in moved:
        row.place = place
    Favourite.objects.bulk_update([row for row, _ in moved], ["place"])
    return rows


def _alone(user_id: int) -> None:
    """Two tabs that change one list take turns; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('favourites'), %s)", [user_id])
