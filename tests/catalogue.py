"""`python -m tests.catalogue`: the table of docs/testing.md, out of the names of the tests. A test says in its name
which failures of the catalogue it plays: test_f26_…, test_f22_f36_…."""

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOC = ROOT / "docs" / "testing.md"
START, END = "<!-- catalogue -->\n", "<!-- /catalogue -->\n"

FAILURES = {
    1: "The answer is lost after Bybit took the order",
    2: "The request never arrived",
    3: "5xx, an HTML page, an unreadable body with 200",
    4: "Codes that prove nothing",
    5: "A definite refusal",
    6: "Taken, then rejected or cancelled by Bybit",
    7: "Rate limits and bans",
    8: "A clock apart, 10002",
    9: "An id that Bybit knows already",
    10: "Killed between commit and send",
    11: "Killed between Bybit's acceptance and our update",
    12: "Not found right after a create",
    13: "Reads that fail; late arrivals",
    14: "An exchange that hangs or drips",
    15: "Partial results of cancel-all and batches",
    16: "The stream is away, events are missed",
    17: "The stream cannot be opened, or not kept",
    18: "A silent socket; sign-in or subscription refused",
    19: "Poisoned messages",
    20: "Messages twice",
    21: "Messages out of order; reads older than the stream",
    22: "Each fill exactly once",
    23: "A fill ahead of its order, or of the answer",
    24: "Filled, and the executions are missing",
    25: "Filled in part, then cancelled",
    26: "A cancel races a fill",
    27: "A cancel without an answer",
    28: "An amend races a fill, or has no answer",
    29: "Orders made in Bybit's own app",
    30: "The life of a conditional order",
    31: "Take-profit, stop-loss, trailing stop",
    32: "Liquidation, ADL, settlement, funding",
    33: "The position mode is switched elsewhere",
    34: "Filters change; a market is delisted",
    35: "History forgets; pages are missing",
    36: "Our own writers side by side",
    37: "A position disagrees with the fills",
    38: "A worker or listener is killed in the middle",
    39: "A task is delivered twice",
    40: "Two beats, or none",
    41: "Redis restarted or emptied; the publisher killed",
    42: "Redis frozen or out of memory",
    43: "PostgreSQL killed, connections cut",
    44: "A disk that takes no more",
    45: "Loss of power",
    46: "Restored from an old backup",
    47: "Stops and restarts with a create in flight",
    48: "Our clock jumps; time zones",
    49: "A dependency changes its defaults",
    56: "Web push late, doubled, dead",
    57: "A copied session cookie",
    58: "What ends a session ends its sockets",
    59: "Keys: too mighty, unbound, ending, dead, changed",
    60: "Secrets at rest, in logs and answers",
    61: "A hostile page in another tab",
    63: "Headers, inline scripts, frames",
    64: "Passwords guessed",
    65: "Codes replayed, raced, guessed; recovery codes",
    67: "Outbound addresses that a user gives",
    70: "What is another's; rights of everybody on every route",
}


def files_of() -> dict[int, dict[str, int]]:
    """Per failure: the files that play it, and how many tests in each."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for numbers in re.findall(r"^def test_((?:f\d\d_)+)", path.read_text(), re.MULTILINE):
            for number in re.findall(r"f(\d\d)_", numbers):
                found[int(number)][str(path.relative_to(ROOT / "tests"))] += 1
    return found


def table() -> str:
    """The table, in Markdown."""
    played = files_of()
    lines = ["| | failure | played in |", "|---|---|---|"]
    for number, failure in FAILURES.items():
        where = ", ".join(
            f"`{name}`" + (f" ({count})" if count > 1 else "")
            for name, count in played.get(number, {}).items()
        )
        lines.append(f"| F{number:02} | {failure} | {where} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The table as the document has it."""
    return DOC.read_text().partition(START)[2].partition(END)[0]


def main() -> None:
    before, _, rest = DOC.read_text().partition(START)
    DOC.write_text(before + START + table() + END + rest.partition(END)[2])


if __name__ == "__main__":
    sys.exit(main())
