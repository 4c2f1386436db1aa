"""API keys: who may sign, for which account, with which rights, until when."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

FULL_RIGHTS: dict[str, list[str]] = {
    "ContractTrade": ["Order", "Position"],
    "Spot": ["SpotTrade"],
    "Wallet": [],
    "Options": [],
    "Derivatives": ["DerivativesTrade"],
    "CopyTrading": [],
    "BlockTrade": [],
    "Exchange": [],
    "NFT": [],
    "Affiliate": [],
    "Earn": [],
    "FiatP2P": [],
    "FiatBitPay": [],
    "FiatGlobalPay": [],
    "FiatConvertBroker": [],
    "BitCard": [],
    "ByXPost": [],
}


@dataclass(slots=True)
class ApiKey:
    """A key. The secret is kept out of repr, so that it cannot end up in a log line."""

    key: str
    secret: str = field(repr=False)
    account: str
    read_only: bool = False
    permissions: dict[str, list[str]] = field(default_factory=lambda: dict(FULL_RIGHTS))
    expires_ms: int = 0
    created_ms: int = 0
    number: int = 1

    def signs(self, payload: bytes, signature: str) -> bool:
        """Whether the signature (hex, lower case) is this key's HMAC-SHA256 of the payload."""
        expected = hmac.new(self.secret.encode(), payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))

    def may(self, right: str) -> bool:
        """Whether the key has a right of ContractTrade ("Order", "Position"; Derivatives implies both) or of Spot
        ("SpotTrade")."""
        if right == "SpotTrade":
            return right in self.permissions.get("Spot", [])
        return right in self.permissions.get("ContractTrade", []) or bool(self.permissions.get("Derivatives"))

    def expired(self, now_ms: int) -> bool:
        """Whether the key's life has ended."""
        return 0 < self.expires_ms <= now_ms
