"""axe on every screen, sheet and state, in both schemes. A floor, not a proof: what axe does not see is beside it:
targets for a thumb, and no live region around a number that ticks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from .played import Played
from .scenes import DOORS, EVERYTHING, HELD, STATES, TICKET, Stage, still, through
from .test_fit import LIVE, SMALL

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """runOnly => axe.run(document, { runOnly, resultTypes: ['violations'] }).then(found => found.violations
  .map(rule => rule.id + ': ' + rule.nodes.map(node => node.target + ' ' + node.failureSummary).join('; ')))"""
UNSETTLED = next(stage for stage in STATES if stage.name == "state-unsettled")
DAILY = (TICKET, HELD, UNSETTLED, *DOORS)


def clean(page: Page, where: str) -> None:
    """All rules in one scheme; the other differs from it in nothing but its colours."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    for scheme, rules in (("light", TAGS), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        still(page)
        assert page.evaluate(RUN, rules) == [], f"{where}, {scheme}"
    assert page.evaluate(SMALL, 44) == [], where
    assert page.evaluate(LIVE) == 0, where


@pytest.mark.long
@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("palette", ["blue-orange", "swapped"])
@pytest.mark.parametrize("stage", EVERYTHING, ids=lambda stage: stage.name)
def test_everything_can_be_read_in_the_other_colours(
    played: Played, page: Page, stage: Stage, palette: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 1600})
    page.emulate_media(reduced_motion="reduce")
    for name in through(stage, played):
        # One of the scenes chooses colours itself.
        page.evaluate("palette => document.documentElement.dataset.palette = palette", palette)
        page.evaluate(AXE.read_text())
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            still(page)
            assert page.evaluate(RUN, ["color-contrast"]) == [], f"{name}, {scheme}"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(stage, id=stage.name, marks=[] if stage in DAILY else pytest.mark.long)
        for stage in EVERYTHING
    ],
)
def test_everything_is_clean(played: Played, page: Page, stage: Stage) -> None:
    # So tall that nothing lies under the bar at the bottom: axe takes what could be scrolled into sight for covered.
    page.set_viewport_size({"width": 390, "height": 1600})
    page.emulate_media(reduced_motion="reduce")
    for name in through(stage, played):
        clean(page, f"{stage.name} {name}")
