"""`python -m tests.seeded [NAME ...]`: shows that the suites can fail. Each patch of this folder is a bug that has cost
somebody money; it is put into a copy of the tree, and the suite that claims it must fail, for the reason it names."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Large, and the same with every bug: the copy looks at ours.
SHARED = (".venv", "frontend/node_modules")
LEFT_OUT = (".git", "var", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__")
PASSED, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Bug:
    """One patch: which tests claim that it cannot live, and what their failure must name."""

    path: Path
    claimed_by: tuple[str, ...]
    fails_with: str

    @classmethod
    def read(cls, path: Path) -> "Bug":
        heads = dict(re.findall(r"^(Claimed-by|Fails-with): (.+)$", path.read_text(), re.MULTILINE))
        return cls(path, tuple(heads["Claimed-by"].split()), heads["Fails-with"])

    def applies(self, tree: Path, *, check: bool = False) -> bool:
        words = ["git", "apply", *(["--check"] if check else []), str(self.path)]
        return subprocess.run(words, cwd=tree, capture_output=True, check=False).returncode == 0


def bugs() -> list[Bug]:
    return [Bug.read(path) for path in sorted(HERE.glob("*.patch"))]


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tradepost-seeded-"))
    folder.chmod(0o755)
    tree = folder / "tree"

    def ignore(at: str, names: list[str]) -> set[str]:
        base = Path(at).relative_to(ROOT)
        return {name for name in names if name in LEFT_OUT or str(base / name) in SHARED}

    shutil.copytree(ROOT, tree, ignore=ignore, symlinks=True)
    for name in SHARED:
        if (ROOT / name).exists():
            (tree / name).symlink_to(ROOT / name)
    try:
        yield tree
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(tree: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, done.stdout + done.stderr


def wrong_with(bug: Bug) -> str:
    """Why the suite is no proof against this bug; "" when it is."""
    with copy_of_the_tree() as tree:
        if not bug.applies(tree):
            return "the patch no longer applies"
        code, text = run(tree, bug.claimed_by)
    if code == PASSED:
        return "the suite did not notice"
    if code != FAILED:
        return f"the suite did not run:\n{text[-2000:]}"
    return "" if re.search(bug.fails_with, text) else f"it failed, but not for the bug:\n{text[-2000:]}"


def wrong_without(claimed_by: tuple[str, ...]) -> str:
    """Why the suite proves nothing at all: it fails on the tree as it is."""
    with copy_of_the_tree() as tree:
        code, text = run(tree, claimed_by)
    return "" if code == PASSED else f"it fails without a bug:\n{text[-2000:]}"


def main() -> int:
    chosen = [
        bug for bug in bugs() if not sys.argv[1:] or any(name in bug.path.name for name in sys.argv[1:])
    ]
    failures = 0
    for tests in sorted({bug.claimed_by for bug in chosen}):
        failures += _tell(" ".join(tests), wrong_without(tests))
    for bug in chosen:
        failures += _tell(bug.path.stem, wrong_with(bug))
    return 1 if failures else 0


_started = time.monotonic()


def _tell(what: str, problem: str) -> int:
    sys.stdout.write(f"{time.monotonic() - _started:6.0f} s  {what}: {problem or 'as it should be'}\n")
    sys.stdout.flush()
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
