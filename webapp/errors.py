"""The one shape of every error."""

from typing import Any

from django.http import HttpResponse, JsonResponse


class Forbidden(Exception):
    """Signed in, but without the right."""


def error_response(status: int, code: str, message: str, **detail: Any) -> HttpResponse:
    """`{"error": {"code", "message", "detail"}}`."""
    return JsonResponse({"error": {"code": code, "message": message, "detail": detail}}, status=status)
