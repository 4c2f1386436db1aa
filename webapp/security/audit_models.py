"""The audit log's table. Rows are only ever added, by webapp.security.audit; the database itself refuses the rest."""

from typing import Any

from django.db import models


class AuditEntry(models.Model):
    """What somebody did about the house's locks, in one chain: each entry's hash covers the hash before it."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    # Text, not a reference: a user may go, the entry stays.
    who = models.CharField(max_length=150, blank=True)
    account = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=45, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        app_label = "security"
        ordering = ["-number"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"

    def content(self) -> dict[str, Any]:
        """What the hash covers, in one form only."""
        return {
            "number": self.number,
            "at": self.at.isoformat(timespec="microseconds"),
            "kind": self.kind,
            "who": self.who,
            "account": self.account,
            "address": self.address,
            "detail": self.detail,
            "previous": self.previous,
        }
