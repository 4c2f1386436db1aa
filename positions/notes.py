"""What the owner writes about trips, days and orders."""

from positions.journal_schemas import NoteOut
from positions.models import Note


def write(account_id: str, kind: str, key: str, text: str, tags: list[str]) -> NoteOut:
    """Keeps a note; one without text and tags is taken away."""
    wanted = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    row, _ = Note.objects.update_or_create(
        account_id=account_id, kind=kind, key=key, defaults={"text": text, "tags": wanted}
    )
    shown = NoteOut.of(row)
    if not text and not wanted:
        row.delete()
    return shown


def find(account_id: str, kind: str, key: str) -> NoteOut | None:
    """The note on one thing."""
    row = Note.objects.filter(account_id=account_id, kind=kind, key=key).first()
    return None if row is None else NoteOut.of(row)


def all_of(account_id: str, kind: str | None) -> list[NoteOut]:
    """All notes of an account, newest first."""
    rows = Note.objects.filter(account_id=account_id)
    return [NoteOut.of(row) for row in (rows.filter(kind=kind) if kind else rows)]
