"""Bybit's own sites and their addresses. Pure. A key works only on the site that made it. Only sites for which Bybit
documents both REST and socket hosts: https://bybit-exchange.github.io/docs/v5/guide and /docs/v5/ws/connect"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """`rest` and `stream` are base addresses without a path; `who` says whose site it is."""

    name: str
    rest: str
    stream: str
    who: str


NOT_FOR = (
    "Bybit serves nobody in the United States, mainland China and some other places; see its terms. Tradepost builds "
    "no way round that."
)
REGIONS: dict[str, Region] = {
    "global": Region(
        "Bybit Global",
        "https://api.bybit.com",
        "wss://stream.bybit.com",
        "For who has an account at bybit.com.",
    ),
    "eu": Region(
        "Bybit EU",
        "https://api.bybit.eu",
        "wss://stream.bybit.eu",
        "For residents of the EEA with an account at bybit.eu. Keys are given to listed applications only, so a key "
        "of your own may be refused (10010).",
    ),
    "tr": Region(
        "Bybit Türkiye", "https://api.bybit.tr", "wss://stream.bybit.tr", "For accounts at bybit.tr."
    ),
    "kz": Region(
        "Bybit Kazakhstan", "https://api.bybit.kz", "wss://stream.bybit.kz", "For accounts at bybit.kz."
    ),
    "ge": Region(
        "Bybit Georgia",
        "https://api.bybitgeorgia.ge",
        "wss://stream.bybitgeorgia.ge",
        "For accounts at bybitgeorgia.ge.",
    ),
    "id": Region(
        "Bybit Indonesia", "https://api.bybit.id", "wss://stream.bybit.id", "For accounts at bybit.id."
    ),
    "jp": Region(
        "Bybit Japan", "https://api.manepa.jp", "wss://stream.manepa.jp", "For accounts at manepa.jp."
    ),
}
