"""The look at our packages fails when it should, and never calls clean what is unchecked."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests import advisories
from tests.conftest import free_port

HASH = "--hash=sha256:" + "0" * 64
LOCK = {"packages": {"": {}, "node_modules/left": {"version": "1.0.0", "integrity": "sha512-x"}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend/package-lock.json").write_text(json.dumps(LOCK))
    (tmp_path / "requirements.txt").write_text(
        f"right==1.0 ; python_version > '3' \\\n    {HASH}\n    # via x\n"
    )
    return tmp_path


@pytest.fixture
def osv() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """An OSV that knows what a test tells it, by name."""
    told: dict[str, list[str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            results = [
                {"vulns": [{"id": one} for one in told.get(row["package"]["name"], [])]} for row in asked
            ]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"results": results}).encode())

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    server.server_close()


def test_a_clean_house_is_called_clean(
    root: Path, osv: tuple[str, dict[str, list[str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert advisories.main(root, osv[0]) == 0
    said = capsys.readouterr().out
    assert "2 packages" in said
    assert "NOT CHECKED" not in said


@pytest.mark.parametrize("name", ["left", "right"])
def test_an_advisory_of_today_fails(root: Path, osv: tuple[str, dict[str, list[str]]], name: str) -> None:
    osv[1][name] = ["GHSA-1"]
    assert advisories.main(root, osv[0]) == 1


def test_without_a_network_it_says_what_it_did_not_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(root, f"http://127.0.0.1:{free_port()}/") == 0
    assert "NOT CHECKED against today's advisories" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("requirements.txt", "right==1.0\n"),
        ("requirements.txt", f"right>=1.0 \\\n    {HASH}\n"),
        ("requirements.txt", f"litellm==1.82.7 \\\n    {HASH}\n"),
        ("requirements.txt", f"pytest==0.0.1 \\\n    {HASH}\n"),
        ("frontend/package-lock.json", '{"packages": {"node_modules/left": {"version": "1.0.0"}}}'),
        (
            "frontend/package-lock.json",
            '{"packages": {"node_modules/rc": {"version": "1.2.9", "integrity": "x"}}}',
        ),
    ],
)
def test_offline_too_it_fails_for(root: Path, file: str, text: str) -> None:
    (root / file).write_text(text)
    assert advisories.main(root, f"http://127.0.0.1:{free_port()}/") == 1


def test_the_real_lock_files_are_in_order() -> None:
    assert advisories.main(url=f"http://127.0.0.1:{free_port()}/") == 0
