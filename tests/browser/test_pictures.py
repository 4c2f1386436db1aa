"""Pictures of every screen, sheet and state, for people to look at: `var/screenshots`. That each can be brought about,
and that nothing is cut or wider than its page, is all that is asserted; pixels are not compared."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT

from .played import Played
from .scenes import BARE, EVERYTHING, HELD, TICKET, Stage, still, through
from .test_fit import fits

OUT = ROOT / "var/screenshots"
FULL = [(390, 844), (1440, 900)]
SOME = [(320, 640), (768, 1024)]
SIZED = [(stage, size) for stage in EVERYTHING for size in FULL] + [
    (stage, size) for stage in (BARE, TICKET, HELD) for size in SOME
]
# A desk has a mouse, and is built closer for it.
MOUSE = pytest.mark.browser_context_args(has_touch=False, is_mobile=False)
TAKEN = [pytest.param(*case, marks=MOUSE if case[1][0] > 1000 else ()) for case in SIZED]


def name_of(case: Stage | tuple[int, int]) -> str:
    return case.name if isinstance(case, Stage) else f"{case[0]}x{case[1]}"


@pytest.mark.long
@pytest.mark.parametrize(("stage", "size"), TAKEN, ids=name_of)
def test_everything_can_be_looked_at(played: Played, page: Page, stage: Stage, size: tuple[int, int]) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    folder = OUT / f"{width}x{height}"
    folder.mkdir(parents=True, exist_ok=True)
    amiss: list[str] = []
    for name in through(stage, played):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            # The chart takes up the colours in a frame of the page's own time.
            played.run(250)
            still(page)
            page.screenshot(path=folder / f"{stage.name}-{name}-{scheme}.png")
        try:
            fits(page, f"{stage.name} {name}")
        except AssertionError as error:
            amiss.append(" ".join(str(error).splitlines()[:4]))
    assert amiss == [] or os.environ.get("PICTURES") == "all", amiss
