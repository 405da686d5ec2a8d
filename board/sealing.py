"""What must be read again but not from the database alone: sealed with AES-GCM under a key derived from the secret."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_LENGTH = 12


@dataclass(frozen=True)
class Box:
    """`about` binds a sealed text to its place: moved to another row, it does not open."""

    key: bytes

    def seal(self, text: str, about: str) -> str:
        nonce = secrets.token_bytes(NONCE_LENGTH)
        return base64.b64encode(nonce + AESGCM(self.key).encrypt(nonce, text.encode(), about.encode())).decode()

    def open(self, sealed: str, about: str) -> str | None:
        """The text; None where it was not sealed by this board, or for another place."""
        kept = base64.b64decode(sealed)
        try:
            return AESGCM(self.key).decrypt(kept[:NONCE_LENGTH], kept[NONCE_LENGTH:], about.encode()).decode()
        except InvalidTag:
            return None

    def mark(self, text: str) -> bytes:
        """By which a short text is known again, and cannot be guessed without the key."""
        return hmac.digest(self.key, b"mark " + text.encode("utf-8", "replace"), hashlib.sha256)


def box(secret: bytes, purpose: str) -> Box:
    """The box of one purpose; the others cannot open what is in it."""
    return Box(HKDF(SHA256(), 32, salt=None, info=f"board {purpose}".encode()).derive(secret))
