"""A browser that takes pushes, and a push service as a real HTTP server: what they need, and no code of ours."""

import base64
import json
import os
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Receiver:
    """A browser's half of one subscription."""

    def __init__(
        self, endpoint: str, private: ec.EllipticCurvePrivateKey | None = None, auth: bytes = b""
    ) -> None:
        self.endpoint = endpoint
        self.private = private or ec.generate_private_key(CURVE)
        self.auth = auth or os.urandom(16)
        self.point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def body(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "p256dh": packed(self.point), "auth": packed(self.auth)}

    def open(self, body: bytes) -> bytes:
        """Decrypts as RFC 8291 and RFC 8188 say, the other way round than the sender."""
        salt, (size, length) = body[:16], struct.unpack(">IB", body[16:21])
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs)
        shared = self.private.exchange(ec.ECDH(), public)
        info = b"WebPush: info\x00" + self.point + theirs
        secret = HKDF(algorithm=SHA256(), length=32, salt=self.auth, info=info).derive(shared)
        root = HKDF.extract(SHA256(), salt, secret)
        key = HKDFExpand(SHA256(), 16, b"Content-Encoding: aes128gcm\x00").derive(root)
        nonce = HKDFExpand(SHA256(), 12, b"Content-Encoding: nonce\x00").derive(root)
        text = AESGCM(key).decrypt(nonce, sealed, None)
        assert text.rstrip(b"\x00").endswith(b"\x02"), "the last record carries its mark"
        return text.rstrip(b"\x00")[:-1]


@dataclass
class Push:
    """One request that the service was sent."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    def notification(self, receiver: Receiver) -> dict[str, Any]:
        told = json.loads(receiver.open(self.body))
        found: dict[str, Any] = told["notification"]
        assert (told["web_push"], told["app_badge"]) == (8030, found["app_badge"])
        return found

    def signed(self) -> tuple[str, dict[str, Any]]:
        """The public key and the claims of the signature, once it was proved."""
        scheme, _, rest = self.headers["authorization"].partition(" ")
        assert scheme == "vapid"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        text, _, mark = parts["t"].rpartition(".")
        raw = unpacked(mark)
        proof = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, unpacked(parts["k"]))
        public.verify(proof, text.encode(), ec.ECDSA(SHA256()))
        head, claims = (json.loads(unpacked(part)) for part in text.split("."))
        assert head == {"typ": "JWT", "alg": "ES256"}
        return parts["k"], claims


class PushService:
    """Answers 201, or what `answers` has for a path: a status, "hang", or a status with headers; a list is used up
    one by one."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.answers: dict[str, Any] = {}
        self._over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.pushes.append(Push(self.path, headers, body))
                answer = service.answers.get(self.path, 201)
                if isinstance(answer, list):
                    answer = answer.pop(0) if answer else 201
                if answer == "hang":
                    service._over.wait(30)
                    self.close_connection = True
                    return
                status, more = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **more}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def receiver(self, name: str) -> Receiver:
        return Receiver(f"{self.url}/{name}")

    def of(self, receiver: Receiver) -> list[Push]:
        return [push for push in self.pushes if self.url + push.path == receiver.endpoint]

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
