"""Looks the pinned packages up: `python -m tests.advisories`, part of `make check`.

Always, without a network: that every line of the lock files is pinned and hashed, that what is installed is what is
pinned, and that nothing stands on the committed list of bad versions. With a network, also OSV's advisories of today
(https://google.github.io/osv.dev/post-v1-querybatch/), in one request. When OSV does not answer it says so, and exits
0: a day without a network is no reason not to commit, and is never shown as a clean bill."""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_suffix(".txt")
OSV = "https://api.osv.dev/v1/querybatch"
WAIT_SECONDS = 4
OLD = timedelta(days=90)
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
Package = tuple[str, str, str]


@dataclass
class Known:
    """The committed list."""

    as_of: date = date.min
    bad: dict[Package, str] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)


def read_list(text: str, today: date) -> Known:
    known = Known()
    for line in text.splitlines():
        match line.split(maxsplit=4):
            case ["as-of", day]:
                known.as_of = date.fromisoformat(day)
            case ["bad", ecosystem, name, version, why]:
                known.bad[ecosystem, name, version] = why
            case ["accepted", advisory, until, *_] if date.fromisoformat(until) >= today:
                known.accepted.add(advisory)
    return known


def locked_python(text: str) -> tuple[set[Package], list[str]]:
    """What a requirements file pins, and the lines that are not pinned or carry no hash."""
    found, loose = set(), []
    for block in re.split(r"\n(?=\S)", text):
        if not block.strip() or block.startswith(("#", "-")):
            continue
        pin = PIN.match(block)
        if pin is None or "--hash=sha256:" not in block:
            loose.append(block.splitlines()[0][:80])
        else:
            found.add(("PyPI", pin[1].lower().replace("_", "-"), pin[2]))
    return found, loose


def locked_npm(text: str) -> tuple[set[Package], list[str]]:
    """What a package-lock.json pins, and the entries without an integrity hash."""
    found, loose = set(), []
    for path, row in json.loads(text)["packages"].items():
        if not path or row.get("link"):
            continue
        found.add(("npm", path.rpartition("node_modules/")[2], row["version"]))
        if "integrity" not in row:
            loose.append(path)
    return found, loose


def not_as_pinned(pinned: set[Package]) -> Iterator[str]:
    """Installed packages of another version than any that is pinned."""
    wanted: dict[str, set[str]] = {}
    for _, name, version in pinned:
        wanted.setdefault(name, set()).add(version)
    for package in metadata.distributions():
        name = str(package.metadata["Name"]).lower().replace("_", "-")
        if name in wanted and package.version not in wanted[name]:
            yield f"{name} {package.version} is installed, {', '.join(sorted(wanted[name]))} is pinned"


def of_today(packages: list[Package], url: str) -> dict[Package, list[str]]:
    """OSV's advisories by package. Raises OSError or ValueError when there is no answer to rely on."""
    queries = [
        {"package": {"ecosystem": where, "name": name}, "version": version}
        for where, name, version in packages
    ]
    request = urllib.request.Request(  # noqa: S310  # a fixed address, or the test's own
        url, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:  # noqa: S310
        results = json.load(answer)["results"]
    if len(results) != len(packages):
        raise ValueError("an answer of another length")
    told = zip(packages, results, strict=True)
    return {
        package: [row["id"] for row in result["vulns"]] for package, result in told if result.get("vulns")
    }


def main(root: Path = ROOT, url: str = "") -> int:
    today = datetime.now(UTC).date()
    known = read_list(LIST.read_text(), today)
    packages, faults = set(), []
    for path in sorted(root.glob("requirements*.txt")):
        found, loose = locked_python(path.read_text())
        packages |= found
        faults += [f"{path.name}: not pinned by a hash: {line}" for line in loose]
    faults += not_as_pinned(packages)
    for path in (
        root / "frontend/package-lock.json",
        *sorted(root.glob("frontend/tools/*/package-lock.json")),
    ):
        found, loose = locked_npm(path.read_text())
        packages |= found
        faults += [f"{path.relative_to(root)}: no integrity: {line}" for line in loose]
    faults += [f"{package[1]} {package[2]}: {known.bad[package]}" for package in packages & set(known.bad)]
    said = f"{len(packages)} packages: pinned, hashed, none on the list of {known.as_of}"
    if today - known.as_of > OLD:
        said += f"\nNOT CURRENT: that list is older than {OLD.days} days (tests/advisories.txt)."
    try:
        for package, ids in of_today(sorted(packages), url or os.environ.get("OSV_URL", OSV)).items():
            new = sorted(set(ids) - known.accepted)
            faults += [f"{package[1]} {package[2]}: {', '.join(new)} (https://osv.dev)"] if new else []
        said += "; OSV knows nothing against them today."
    except (OSError, ValueError, KeyError, TypeError) as error:
        said += f"\nNOT CHECKED against today's advisories: OSV did not answer ({type(error).__name__})."
    sys.stdout.write("\n".join([*faults, "the packages are not in order"] if faults else [said]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
