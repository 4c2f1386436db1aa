"""The private socket of one account with a hand on it: frames wait here until a rule delivers, drops, doubles or holds
them. They are taken in by the listener's own code."""

import hashlib
import hmac
import json
import threading
import time
from typing import Any

from websockets.sync.client import connect

from bybit.models import Account
from bybit.stream import PRIVATE_TOPICS, Message
from orders.listener import Listener


class Wire:
    def __init__(self, account: Account) -> None:
        self._socket = connect(
            account.paper_url.replace("http", "ws") + "/v5/private", max_size=2**24, legacy=True
        )
        self._listener = Listener(account.pk, threading.Event())
        self._account = account
        self._number = 0
        self.waiting: list[Message] = []
        self._sign_in()

    def close(self) -> None:
        self._socket.close()

    def _say(self, **frame: Any) -> None:
        self._socket.send(json.dumps(frame))

    def _sign_in(self) -> None:
        expires = int((time.time() + 10) * 1000)
        sign = hmac.new(
            self._account.secret().reveal().encode(), f"GET/realtime{expires}".encode(), hashlib.sha256
        )
        self._say(op="auth", args=[self._account.api_key, expires, sign.hexdigest()])
        self._say(op="subscribe", args=list(PRIVATE_TOPICS))
        self.gather()
        self.waiting.clear()

    def gather(self) -> None:
        """Takes in all that the exchange has sent so far: its answer to a ping comes after it."""
        self._number += 1
        name = f"ping-{self._number}"
        self._say(op="ping", req_id=name)
        while True:
            frame = json.loads(self._socket.recv(timeout=10))
            if "topic" in frame:
                at_ms = frame.get("creationTime", 0)
                self.waiting.append(Message(frame["topic"], "", at_ms, frame["data"]))
            elif frame.get("req_id") == name:
                return

    def deliver(self, messages: list[Message]) -> None:
        self._listener._apply(messages)
