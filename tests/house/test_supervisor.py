"""The one command: comes up, restarts, refuses a second, and leaves nothing behind."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, Stack, announced, answers, start_stack, two_free_ports, wait_for
from webapp.embedded import Embedded
from webapp.postgres import UNREACHABLE_HOME, Postgres
from webapp.supervisor import MARK


def alive(data: Path) -> list[str]:
    """Every process of this house that still runs, PostgreSQL's own children included."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.environ().get(MARK) == str(data) or str(data) in words:
                found.append(words)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("house") / "data"
    yield data
    wait_for(lambda: not alive(data), 20, "nothing left running")
    moved = Postgres(Embedded(data)).home
    if UNREACHABLE_HOME in moved.parents:
        shutil.rmtree(moved.parent)


def test_a_past_that_is_not_there_starts_nothing(tmp_path: Path) -> None:
    words = ["demo", "--data", str(tmp_path / "data"), "--paper-history", str(tmp_path / "past.jsonl")]
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0 and "past.jsonl" in done.stderr
    assert not (tmp_path / "data" / "demo.lock").exists()


@pytest.mark.long
def test_a_house_comes_up_refuses_a_second_survives_a_kill_and_leaves_nothing(home: Path) -> None:
    folders = [home.parent, *home.parent.parents]
    modes = {folder: folder.stat().st_mode for folder in folders}
    port = two_free_ports()
    past = home.parent / "past.jsonl"
    past.write_text('{"at":1767000000000,"do":"transfer","coin":"USDC","amount":"12.5"}\n')
    first = start_stack(home, port, "--paper-history", str(past))
    try:
        wait_for(lambda: announced(first), 90, "READY")
        lines = [line for line in first.lines if line.split(" ")[0] in ("READY", "PAPER", "SIGN-IN")]
        assert lines[:2] == [f"READY http://localhost:{port}/", f"PAPER http://127.0.0.1:{port + 1}/"]
        assert lines[2].startswith(f"SIGN-IN http://localhost:{port}/#link=")
        assert first.paper.truth()["funds"]["USDC"]["wallet"] == "12.5"

        second = subprocess.run(
            [sys.executable, "manage.py", "demo", "--port", str(two_free_ports()), "--data", str(home)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode != 0
        assert "already runs" in second.stderr

        order = {
            "id": "1f0c2b9e-5f3c-4a35-9d2b-0b5a6c1d2e3f",
            "account": "paper",
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "order_type": "Market",
            "qty": "0.01",
        }
        assert first.api("POST", "/orders", order).status_code == 201
        wait_for(lambda: first.order(order["id"])["state"] == "filled", 15)
        left = first.children()["valkey"]
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(10)
    finally:
        if first.process.poll() is None:
            first.stop()

    again = start_stack(home, port)
    try:
        start = time.monotonic()
        wait_for(lambda: announced(again), 90, "READY after a kill")
        assert time.monotonic() - start < 40
        assert not psutil.pid_exists(left)
        wait_for(lambda: len(again.children()) == 9, 20, "all nine, with what starts after READY")
        again.tokens.clear()
        assert again.order(order["id"])["state"] == "filled"
        assert again.api("GET", "/positions").json()["items"][0]["size"] == "0.01"
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(30) == 0
    finally:
        if again.process.poll() is None:
            again.stop()
    wait_for(lambda: not alive(home), 15, "nothing left after Ctrl-C")
    assert {folder: folder.stat().st_mode for folder in folders} == modes


def test_f38_all_killed_at_once_come_back_and_are_heard(stack: Stack) -> None:
    """Their pipes' numbers are dealt anew, to others among them."""
    names = ("web", "stream", "worker", "resolver", "beat", "alerts")
    for _ in range(2):
        old = stack.children()
        lives = stack.said("tradepost.stream: paper: live")
        for name in names:
            psutil.Process(old[name]).kill()

        def all_anew(old: dict[str, int] = old) -> bool:
            return all(stack.children().get(name, old[name]) != old[name] for name in names)

        wait_for(all_anew, 20, "new processes")
        wait_for(lambda: stack.ready() and stack.live(), 60, "a house that is live")
        wait_for(
            lambda n=lives: stack.said("tradepost.stream: paper: live") > n, 20, "what the new stream says"
        )


@pytest.mark.parametrize("name", ["postgres", "valkey", "paper"])
def test_f41_f43_a_killed_server_comes_back_and_nothing_is_lost(stack: Stack, name: str) -> None:
    from tests.house.orders import agrees_with_the_exchange, flatten, market, until

    flatten(stack)
    order = market()
    assert stack.api("POST", "/orders", order).status_code == 201
    until(stack, order["id"], "filled")
    pid = stack.children()[name]
    psutil.Process(pid).kill()
    wait_for(lambda: stack.children().get(name, pid) != pid, 20, f"a new {name}")
    wait_for(lambda: answers(f"{stack.paper_url}/v5/market/time"), 30, "the exchange")
    wait_for(stack.ready, 60, "ready again")
    wait_for(stack.live, 60, "live again")
    stack.paper.control("limits", {"scale": "off"})
    after = market(side="Sell")
    # Refused while the house is catching up, and under the same id taken once it has.
    wait_for(lambda: stack.api("POST", "/orders", after).status_code == 201, 30, "an order that is taken")
    until(stack, after["id"], "filled")
    flatten(stack)
    agrees_with_the_exchange(stack)


def test_sqlite_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--data", str(tmp_path)],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin",
            "DATABASE_URL": "sqlite:///x.sqlite3",
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEY": "x" * 50,
            "CREDENTIALS_KEY": "y" * 50,
            "ALLOWED_HOSTS": "localhost",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SQLite is refused" in done.stderr


def test_half_a_real_configuration_fails_loudly(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--data", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": "/usr/bin", "REDIS_URL": "redis://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


def test_the_sockets_folder_is_ours_alone(stack: Stack) -> None:
    sockets = Embedded(stack.data).sockets
    assert sockets.stat().st_mode & 0o066 == 0
    assert (sockets / "postgres").stat().st_mode & 0o077 == 0
    for secret in stack.data.glob("*.secret"):
        assert secret.stat().st_mode & 0o077 == 0
