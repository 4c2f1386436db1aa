"""The audit log: one chain, written by many at once, that shows every change made behind its back."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from orders.models import OrderEvent
from tests.security.evidence import some_evidence
from tests.security.people import Page, person
from webapp.security import audit
from webapp.security.models import AuditEntry

pytestmark = pytest.mark.django_db


def _without_triggers(statement: str, params: Any = ()) -> None:
    """What a thief with the database's own superuser would do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, params)


def test_the_database_refuses_to_change_or_delete_an_entry() -> None:
    audit.record("sign_in", who="ann")
    for statement in (
        "UPDATE security_auditentry SET who = 'bob'",
        "DELETE FROM security_auditentry",
        # The suite itself empties tables, and has this trigger off.
        "ALTER TABLE security_auditentry ENABLE TRIGGER audit_no_truncate; TRUNCATE security_auditentry",
    ):
        with (
            pytest.raises(ProgrammingError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEntry.objects.get().who == "ann"


@pytest.mark.django_db(transaction=True)
def test_writers_side_by_side_make_one_line() -> None:
    def write(name: str) -> None:
        for _ in range(10):
            audit.record("sign_in", who=name)
        connection.close()

    threads = [threading.Thread(target=write, args=(f"user{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = audit.verify()
    assert (verdict.entries, verdict.broken) == (60, None)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE security_auditentry SET who = 'eve' WHERE number = 3", 3),
        ("UPDATE security_auditentry SET detail = '{\"n\": 9}' WHERE number = 2", 2),
        ("UPDATE security_auditentry SET at = at + interval '1 microsecond' WHERE number = 4", 4),
        ("DELETE FROM security_auditentry WHERE number = 2", 3),
        ("UPDATE security_auditentry SET previous = repeat('0', 64) WHERE number = 5", 5),
    ],
)
def test_the_first_broken_entry_is_named(statement: str, broken: int) -> None:
    for n in range(5):
        audit.record("sign_in", who="ann", n=n)
    call_command("verify_audit", verbosity=0)
    _without_triggers(statement)
    assert audit.verify().broken == broken
    with pytest.raises(CommandError, match=f"Entry {broken} "):
        call_command("verify_audit")


def test_exports_and_settings_are_written_down_and_reads_are_not() -> None:
    user = person()
    some_evidence(timezone.now(), 1)[0].order.account.members.add(user)
    page = Page()
    page.sign_in()
    page.call("GET", "/executions")
    assert page.call("GET", "/journal/export?kind=fills&account=acc&x=%00%22").status_code == 200
    assert page.call("GET", "/executions?format=csv").status_code == 200
    zone = {"account": "acc", "time_zone": "Europe/Berlin"}
    assert page.call("PUT", "/journal/time-zone", zone).status_code == 200
    assert page.call("PUT", "/journal/time-zone", {**zone, "time_zone": "Nowhere"}).status_code == 422
    entries = list(AuditEntry.objects.order_by("number").values_list("kind", "who", "detail"))
    assert [entry[:2] for entry in entries] == [
        ("sign_in", "ann"),
        ("export_journal", "ann"),
        ("list_executions", "ann"),
        ("set_time_zone", "ann"),
    ]
    assert entries[1][2]["asked"] == {"kind": "fills", "account": "acc", "x": '"'}
    assert entries[3][2]["asked"] == zone


def test_a_log_cut_short_shows_by_an_anchor(capsys: Any) -> None:
    for _ in range(3):
        audit.record("sign_in", who="ann")
    call_command("verify_audit")
    anchor = capsys.readouterr().out.strip().rpartition(" ")[2]
    _without_triggers("DELETE FROM security_auditentry WHERE number = 3")
    assert audit.verify().broken is None
    with pytest.raises(CommandError, match="written down"):
        call_command("verify_audit", "--anchor", anchor)


def test_an_entry_made_under_an_older_key_still_holds(settings: Any) -> None:
    old = settings.SECRET_KEY
    audit.record("sign_in", who="ann")
    settings.SECRET_KEY = "another"
    audit.record("sign_in", who="bob")
    assert audit.verify().broken == 1
    settings.SECRET_KEY_FALLBACKS = [old]
    assert audit.verify().broken is None


def test_the_evidence_of_orders_is_sealed_and_a_changed_row_is_found() -> None:
    now = timezone.now()
    rows = some_evidence(now - timedelta(minutes=5), 3)
    (young,) = some_evidence(now, 1)
    assert audit.seal_orders() is False
    entry = AuditEntry.objects.get(kind="orders_sealed")
    assert (entry.detail["last"], entry.detail["count"]) == (rows[-1].pk, 3)
    audit.seal_orders()
    assert AuditEntry.objects.count() == 1, "there is nothing new, and the young row is left for later"
    OrderEvent.objects.filter(pk=young.pk).update(kind="other")
    assert audit.verify().broken is None
    OrderEvent.objects.filter(pk=rows[1].pk).update(body={"qty": "2"})
    verdict = audit.verify()
    assert verdict.broken == entry.number
    assert "evidence of orders" in verdict.problem
