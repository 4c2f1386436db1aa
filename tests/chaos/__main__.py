"""`make chaos MINUTES=20`: a house of its own, a steady flow of orders, something broken every few seconds; then
everything is made whole, and the record must be the exchange's. Exit 1 on any violation."""

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.chaos import marks
from tests.chaos.flow import Flow
from tests.chaos.harm import Harm, Harmer, quietly
from tests.conftest import ROOT, Stack, announced, answers, start_stack, two_free_ports, wait_for
from tests.truth import Story

CALM_SECONDS = 120.0


class Chaos:
    def __init__(self, stack: Stack, seed: int, rate: float) -> None:
        self.stack, self.seed = stack, seed
        self.rng = random.Random(seed)
        self.flow = Flow(stack, rate, seed)
        self.harmer = Harmer(stack, self.rng, lambda: quietly(stack.witness.look))
        self.harms: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {}
        self.lost_marks: list[str] = []
        self._measuring: list[threading.Thread] = []
        self.struck_at = 0.0

    def run(self, minutes: float) -> Story:
        """Raises AssertionError when the two sides do not become one."""
        deadline = time.monotonic() + minutes * 60
        self.flow.start()
        pause = threading.Event()
        while time.monotonic() < deadline:
            pause.wait(self.rng.uniform(3, 15))
            self._strike()
        self.flow.stop()
        self.harmer.calm()
        for thread in self._measuring:
            thread.join(marks.PATIENCE_SECONDS + 5)
        wait_for(lambda: self.stack.ready() and self.stack.live(), CALM_SECONDS, "a house that is live")
        story = self.stack.witness.settled(CALM_SECONDS)
        self.stack.witness.journaled(CALM_SECONDS)
        return story

    def _strike(self) -> None:
        left: list[marks.Mark] = []
        self.struck_at = time.monotonic()
        resting = self.flow.resting[-1] if self.flow.resting else None
        try:
            harm = self.harmer.strike(lambda: quietly(lambda: left.append(marks.leave(self.stack, resting))))
        except (OSError, AssertionError) as error:
            # The exchange was still away because of what was done before.
            self.harms[f"missed ({type(error).__name__})"] += 1
            return
        self.harms[harm.name] += 1
        if left and (left[0].orders or left[0].fills):
            thread = threading.Thread(target=self._measure, args=(harm, left[0]), daemon=True)
            thread.start()
            self._measuring.append(thread)

    def _measure(self, harm: Harm, mark: marks.Mark) -> None:
        seconds = marks.caught_up(self.stack.witness.dsn, mark, harm.over)
        if seconds is None:
            self.lost_marks.append(harm.name)
            return
        # What was struck again before it had recovered says nothing of the first blow.
        alone = not harm.over < self.struck_at < harm.over + seconds
        self.times.setdefault(harm.name.split()[0] if alone else "overlapped", []).append(seconds)


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the greatest, in seconds."""
    ordered = sorted(values)
    marks_at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: ordered[min(len(ordered) - 1, int(len(ordered) * at))] for name, at in marks_at.items()}
    return {name: round(value, 2) for name, value in (found | {"max": ordered[-1]}).items()}


def figures(chaos: Chaos, story: Story, minutes: float) -> dict[str, object]:
    everything = [seconds for times in chaos.times.values() for seconds in times]
    rows = story.ours["orders"]
    return {
        "seed": chaos.seed,
        "minutes": minutes,
        "orders": len(rows),
        "states": dict(Counter(f"{row['state']} {row['reject_code']}".strip() for row in rows)),
        "creates": len(story.creates),
        "fills": len(story.ours["fills"]),
        "events": len(story.ours["events"]),
        "answers": dict(chaos.flow.answers.most_common()),
        "answer_seconds": quantiles(chaos.flow.seconds or [0.0]),
        "harms": dict(chaos.harms.most_common()),
        "converged_seconds": {name: quantiles(times) for name, times in sorted(chaos.times.items())}
        | {"all": quantiles(everything or [0.0])},
    }


def violations(chaos: Chaos, story: Story) -> list[str]:
    known = {str(row["id"]) for row in story.ours["orders"]}
    lost = [f"answered for, and not in the record: {key}" for key in chaos.flow.answered - known]
    late = [f"not caught up in {marks.PATIENCE_SECONDS} s after {name}" for name in chaos.lost_marks]
    return lost + late


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos")
    words.add_argument("--minutes", type=float, default=20)
    words.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    words.add_argument("--rate", type=float, default=6, help="commands a second")
    words.add_argument("--keep", action="store_true", help="keeps the data folder")
    chosen = words.parse_args()
    sys.stdout.write(f"seed {chosen.seed}\n")
    sys.stdout.flush()
    data = Path(tempfile.mkdtemp(prefix="tradepost-chaos-"))
    stack = start_stack(data, two_free_ports(), "--seed", str(chosen.seed))
    try:
        wait_for(lambda: announced(stack), 120, "READY")
        wait_for(lambda: answers(f"{stack.paper_url}/v5/market/time"), 10)
        stack.paper.control("limits", {"scale": "off"})
        chaos = Chaos(stack, chosen.seed, chosen.rate)
        story = chaos.run(chosen.minutes)
        found = violations(chaos, story)
        text = json.dumps(figures(chaos, story, chosen.minutes), indent=1)
    except AssertionError as error:
        found, text = [str(error)], "{}"
    finally:
        stack.stop()
        (ROOT / "var").mkdir(exist_ok=True)
        (ROOT / "var" / "chaos.log").write_text("\n".join(stack.lines))
        if not chosen.keep:
            shutil.rmtree(data, ignore_errors=True)
    (ROOT / "var" / "chaos.json").write_text(text)
    sys.stdout.write(f"{text}\n")
    for problem in found:
        sys.stdout.write(f"VIOLATION {problem}\n")
    sys.stdout.write(f"seed {chosen.seed}: {'broken' if found else 'whole'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
