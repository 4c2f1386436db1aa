"""One order is one POST: counted on the wire, whatever comes back."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from bybit.errors import ClockRefused, Duplicate, NotSent, Refused, Unknown
from bybit.gateway import Gateway, _Session
from bybit.models import Account
from bybit.types import NewOrder

ORDER = NewOrder(
    category="linear",
    symbol="BTCUSDT",
    side="Buy",
    order_type="Limit",
    qty=Decimal("1E-7"),
    price=Decimal("60000.10"),
    time_in_force="GTC",
    reduce_only=False,
    position_idx=0,
    order_link_id="link",
)


class Wire:
    """A server that counts requests and answers each with the same bytes; None resets the connection."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.bodies: list[bytes] = []
        self.answer: bytes | None = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            data = b""
            while True:
                got = peer.recv(65536)
                if not got:
                    return
                data += got
                head, found, body = data.partition(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.lower().split(b"\r\n")
                        if b"content-length" in line
                    ),
                    0,
                )
                if found and len(body) >= length:
                    self.bodies.append(body)
                    if self.answer is None:
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                        return
                    peer.sendall(self.answer)
                    data = b""

    def close(self) -> None:
        self._socket.close()


def ok(body: object, status: str = "200 OK", headers: str = "") -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n{headers}\r\n"
    )
    return head.encode() + text


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.close()


@pytest.fixture
def gateway(wire: Wire) -> Gateway:
    base = f"http://127.0.0.1:{wire.port}"
    return Gateway(_Session(api_key="key", api_secret="canary-secret", testnet=False, demo=False, base=base))


CASES: list[tuple[str, Callable[[], bytes | None], type[Exception]]] = [
    ("a refusal", lambda: ok({"retCode": 110007, "retMsg": "ab not enough"}), Refused),
    ("a duplicate", lambda: ok({"retCode": 110072, "retMsg": "dup"}), Duplicate),
    ("10002", lambda: ok({"retCode": 10002, "retMsg": "time"}), ClockRefused),
    (
        "10006",
        lambda: ok({"retCode": 10006, "retMsg": "slow"}, headers="X-Bapi-Limit-Reset-Timestamp: 1\r\n"),
        Unknown,
    ),
    ("-1", lambda: ok({"retCode": -1, "retMsg": "expired"}), Unknown),
    ("30034", lambda: ok({"retCode": 30034, "retMsg": "legacy"}), Unknown),
    ("a code never seen", lambda: ok({"retCode": 424242, "retMsg": "?"}), Unknown),
    ("no code at all", lambda: ok({}), Unknown),
    ("a list", lambda: ok([]), Unknown),
    ("no order id", lambda: ok({"retCode": 0, "retMsg": "OK", "result": {}}), Unknown),
    ("no result", lambda: ok({"retCode": 0, "retMsg": "OK", "result": None}), Unknown),
    ("broken JSON", lambda: ok(b'{"retCode": 0, "re'), Unknown),
    ("a page", lambda: ok(b"<html>", status="502 Bad Gateway"), Unknown),
    ("403", lambda: ok(b"<html>", status="403 Forbidden"), Unknown),
    ("a reset", lambda: None, Unknown),
    ("nonsense", lambda: b"\x00\x01\x02\r\n\r\n", Unknown),
]


@pytest.mark.parametrize(("what", "answer", "error"), CASES, ids=[case[0] for case in CASES])
def test_one_order_is_one_post(
    wire: Wire, gateway: Gateway, what: str, answer: Callable[[], bytes | None], error: type[Exception]
) -> None:
    wire.answer = answer()
    with pytest.raises(error) as caught:
        gateway.place(ORDER)
    assert len(wire.bodies) == 1
    if what.lstrip("-").isdigit() and what != "403":
        # The true code is not lost, as it is with pybit's own retries.
        assert caught.value.code == what  # type: ignore[attr-defined]
    assert "canary-secret" not in f"{caught.value!r}{gateway!r}{gateway._http!r}"


def test_numbers_go_out_as_plain_text_and_the_answer_is_an_id(wire: Wire, gateway: Gateway) -> None:
    wire.answer = ok({"retCode": 0, "retMsg": "OK", "result": {"orderId": "ex"}})
    assert gateway.place(ORDER) == "ex"
    sent = json.loads(wire.bodies[0])
    assert (sent["qty"], sent["price"], sent["orderLinkId"]) == ("0.0000001", "60000.1", "link")


def test_f02_a_refused_connection_is_proof_that_nothing_left() -> None:
    with socket.socket() as nobody:
        # Bound, but never listening.
        nobody.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        gateway = Gateway(_Session(api_key="key", api_secret="s", testnet=False, demo=False, base=base))
        with pytest.raises(NotSent):
            gateway.place(ORDER)


def test_the_embedded_servers_refuse_live_accounts() -> None:
    with pytest.raises(ValueError, match="refuse live accounts"):
        Account(id="real", label="Real", environment="live", api_key="k").save()


def test_proxy_variables_do_not_carry_orders_away(
    wire: Wire, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    wire.answer = ok({"retCode": 0, "retMsg": "OK", "result": {"orderId": "ex"}})
    assert gateway.place(ORDER) == "ex"
