"""The arithmetic of the record: leaf hashes, commitments to words, and the names of signing keys.

RFC 6962 hashing; key ids and verifier keys as in C2SP signed-note.
"""

import hmac
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256

ED25519 = 0x01  # the log's own signatures
COSIGNATURE = 0x04  # a witness's timestamped Ed25519 signatures
COMMIT_DOMAIN = b"board-commit-v1"


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(00 || leaf): RFC 6962 §2.1."""
    return sha256(b"\x00" + leaf).digest()


def commitment(salt: bytes, field: str, value: str) -> str:
    """Binds a field of an event to its words without showing them: 43 characters of base64url.

    `value` is taken byte for byte, so it must be in its final form; raises UnicodeEncodeError for lone surrogates.
    """
    message = b"\x00".join((COMMIT_DOMAIN, field.encode(), value.encode()))
    return b64url(hmac.digest(salt, message, "sha256"))


def b64url(raw: bytes) -> str:
    """RFC 4648 §5, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    """The inverse of `b64url`; raises ValueError for any other spelling of the same bytes."""
    with suppress(ValueError):
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if b64url(raw) == text:
            return raw
    raise ValueError(f"not base64url without padding: {text!r}")


def key_id(name: str, public_key: bytes, kind: int = ED25519) -> bytes:
    """The first 4 bytes of SHA-256(name || 0A || kind || public key)."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


def vkey(name: str, public_key: bytes, kind: int = ED25519) -> str:
    """`name+hex8(key id)+base64(kind || public key)`; raises ValueError for a name that would not read back."""
    if not name or "+" in name or name.split() != [name]:
        raise ValueError(f"a key's name is not empty and holds no plus sign or white space: {name!r}")
    key = b64encode(bytes([kind]) + public_key).decode("ascii")
    return f"{name}+{key_id(name, public_key, kind).hex()}+{key}"
