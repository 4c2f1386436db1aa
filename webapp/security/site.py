"""The admin, for looking: behind the console's own sign-in, so that there is one door and one second factor. It changes
nothing; its lists can be taken away as CSV, and some of them ask Bybit again."""

import csv
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from webapp.security import audit, sessions
from webapp.security.callers import rights_of

# More than this is what the exports of the API are for: they need no memory.
MOST_ROWS = 10_000
# What a spreadsheet would take for the beginning of a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def export_csv(modeladmin: Any, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponse | None:
    """The chosen rows as the list shows them."""
    try:
        sessions.require_fresh(request)
    except sessions.StepUp:
        text = "This asks for a fresh proof. Sign in to the console again, then do this within two minutes."
        messages.error(request, text)
        return None
    names = [name for name in modeladmin.get_list_display(request) if name != "action_checkbox"]
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{queryset.model._meta.model_name}.csv"'
    out = csv.writer(response)
    out.writerow(names)
    rows = list(queryset[:MOST_ROWS])
    for row in rows:
        out.writerow([_cell(modeladmin, row, name) for name in names])
    audit.record("admin_export", request=request, table=queryset.model._meta.label, rows=len(rows))
    return response


export_csv.short_description = "Export the chosen rows as CSV"  # type: ignore[attr-defined]


def _cell(modeladmin: Any, row: Any, name: str) -> str:
    value = getattr(modeladmin, name)(row) if hasattr(modeladmin, name) else getattr(row, name)
    text = "" if value is None else str(value() if callable(value) else value)
    plain = not isinstance(value, str)
    return text if plain or not text.startswith(RISKY) else f"'{text}"


class AuditSite(admin.AdminSite):
    site_header = "Tradepost: the record"
    site_title = "Tradepost"
    index_title = "What happened"
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.add_action(export_csv)
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        """Owners only, on real servers with a second factor, and never by a recovery code alone."""
        user = request.user
        if not user.is_authenticated or sessions.is_recovered(request):
            return False
        return "manage" in rights_of(user, verified=bool(request.session.get(sessions.VERIFIED)))

    def _to_the_console(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("/")

    # The console's doors are throttled, audited and ask for the second factor: there are no others.
    login = logout = password_change = password_change_done = _to_the_console  # type: ignore[assignment]
