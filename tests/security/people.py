"""Users, browsers and authenticators as the tests of the locks need them."""

import json
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django_otp.oath import hotp

from webapp.security.models import Access, Authenticator

PASSWORD = "correct horse battery"


def person(name: str = "ann", role: str = "owner") -> Any:
    user = get_user_model().objects.create_user(username=name, password=PASSWORD)
    user.is_superuser = user.is_staff = role == "owner"
    user.save()
    Access.objects.create(user=user, role=role)
    return user


class App:
    """An authenticator on a phone. Each half minute has one code; `next` takes those that the server accepts now, in
    their order, so that a test need not wait for the clock."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._used = -1

    @classmethod
    def enrolled(cls, user: Any) -> "App":
        row, seed = Authenticator.start(user, "Phone")
        Authenticator.objects.filter(pk=row.pk).update(confirmed=True)
        return cls(seed)

    def at(self, drift: int) -> str:
        return f"{hotp_of(self.seed, int(time.time()) // 30 + drift):06d}"

    def next(self) -> str:
        step = max(int(time.time()) // 30 - 1, self._used + 1)
        self._used = step
        return f"{hotp_of(self.seed, step):06d}"


def hotp_of(seed: str, step: int) -> int:
    import base64

    return int(hotp(base64.b32decode(seed), step))


class Page:
    """A browser's page: cookies, its token, JSON both ways."""

    def __init__(self, address: str = "192.0.2.1", **extra: Any) -> None:
        self.address = address
        self.client = Client(enforce_csrf_checks=True, REMOTE_ADDR=address, **extra)
        self.csrf = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"X-CSRFToken": self.csrf, **headers}
        answer = self.client.generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={name: value for name, value in given.items() if value},
        )
        if (
            path.startswith(("/session", "/setup"))
            and answer.status_code == 200
            and answer.json().get("csrf")
        ):
            self.csrf = answer.json()["csrf"]
        return answer

    def sign_in(self, name: str = "ann", password: str = PASSWORD) -> Any:
        return self.call("POST", "/session", {"username": name, "password": password})

    def session(self) -> Any:
        return self.call("GET", "/session").json()


def code_of(answer: Any) -> tuple[int, str]:
    """Status and error code."""
    return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""
