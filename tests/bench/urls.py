from django.http import HttpRequest, HttpResponse
from django.urls import path

from webapp.security.callers import of_request
from webapp.urls import urlpatterns as product


def empty(request: HttpRequest) -> HttpResponse:
    """Signs the caller in as the API does, and does nothing."""
    return HttpResponse(status=204 if of_request(request) else 401)


urlpatterns = [path("bench/empty", empty), *product]
