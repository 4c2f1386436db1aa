"""A paper exchange as a process of its own, and its control calls."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Paper:
    """A paper exchange and its control calls."""

    url: str

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        answer = requests.request(method, f"{self.url}/_paper/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, **body: Any) -> None:
        self.control("fault", body)

    def clear(self) -> None:
        self.control("fault", method="DELETE")

    def journal(self, order_link_id: str, path: str = "/v5/order/create") -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/_paper/journal", params={"orderLinkId": order_link_id}, timeout=10)
        return [item for item in answer.json()["items"] if item["path"] == path]

    def truth(self, account: str = "paper") -> dict[str, Any]:
        answer = requests.get(f"{self.url}/_paper/truth", params={"account": account}, timeout=10)
        found: dict[str, Any] = answer.json()
        return found

    def last(self, symbol: str) -> str:
        query = {"category": "linear", "symbol": symbol}
        answer = requests.get(f"{self.url}/v5/market/tickers", params=query, timeout=10)
        return str(answer.json()["result"]["list"][0]["lastPrice"])


def start_paper(port: int, data: Path) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "bybit.paper", "--port", str(port), "--seed", "7", "--data", str(data)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False
