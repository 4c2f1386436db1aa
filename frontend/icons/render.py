"""Draws the icons: writes the SVG sources and renders them to PNG with a Chromium.

Run it after a change of the drawing: `python frontend/icons/render.py`. Its results are committed.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
OUT = HERE.parent / "public" / "icons"
GROUND = "#0e1116"


def post(pole: str, buy: str, sell: str, scale: float = 1) -> str:
    """A signpost: one board points on, one points back."""
    shift = 256 - 256 * scale
    return (
        f'<g transform="translate({shift:g} {shift:g}) scale({scale:g})" stroke-linejoin="round">'
        f'<path d="M238 84a18 18 0 0 1 36 0v344a18 18 0 0 1-36 0z" fill="{pole}"/>'
        f'<path d="M136 126h192l66 58-66 58H136z" fill="{buy}" stroke="{buy}" stroke-width="16"/>'
        f'<path d="M376 276H184l-66 58 66 58h192z" fill="{sell}" stroke="{sell}" stroke-width="16"/>'
        "</g>"
    )


def svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">{body}</svg>\n'


COLOURS = ("#e6e9ef", "#2fbf8f", "#ff7b72")
SOURCES = {
    "favicon": svg(f'<rect width="512" height="512" rx="112" fill="{GROUND}"/>' + post(*COLOURS)),
    "maskable": svg(f'<rect width="512" height="512" fill="{GROUND}"/>' + post(*COLOURS, scale=0.78)),
    "monochrome": svg(post("#fff", "#fff", "#fff", scale=0.9)),
}
FILES = [
    ("favicon", "icon-192.png", 192),
    ("favicon", "icon-512.png", 512),
    ("favicon", "favicon-48.png", 48),
    ("maskable", "maskable-512.png", 512),
    ("maskable", "apple-touch-180.png", 180),
    ("monochrome", "monochrome-512.png", 512),
]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, text in SOURCES.items():
        (HERE / f"{name}.svg").write_text(text)
    (OUT / "favicon.svg").write_text(SOURCES["favicon"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for source, name, size in FILES:
            page = browser.new_page(viewport={"width": size, "height": size})
            drawing = SOURCES[source].replace("<svg ", f'<svg width="{size}" height="{size}" ', 1)
            page.set_content(f'<body style="margin:0;display:flex">{drawing}</body>')
            page.screenshot(path=OUT / name, omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
