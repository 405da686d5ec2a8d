"""Checks what a board says against its record. Shares nothing with the board: needs Python 3.11 and `cryptography`.

Formats: RFC 6962 and RFC 9162 (tree), C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof (receipts).
"""

import hmac
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
PLAIN = re.compile(r"[ !#-\[\]-~]*")
PROOF = "c2sp.org/tlog-proof@v1"


class Unreadable(Exception):
    """It could not be checked: something is missing or is not what it should be."""


class Tampered(Exception):
    """What was signed, kept or shown contradicts itself."""


# — The tree —


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def interior(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_by_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes | None:
    """The root to which the proof leads (RFC 9162 §2.1.3.2); None where it is not of the right length."""
    if not 0 <= index < size:
        return None
    here, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = interior(each, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = interior(found, each)
        here, last = here >> 1, last >> 1
    return found if last == 0 else None


def is_grown(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether the new tree begins with all leaves of the old one (RFC 9162 §2.1.4.2)."""
    if old == new or old == 0:
        return not proof and (old != new or old_root == new_root) and old <= new
    if old > new or not proof:
        return False
    known = [old_root, *proof] if old & (old - 1) == 0 else proof
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = known[0]
    for each in known[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = interior(each, first), interior(each, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = interior(second, each)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# — Entries and their words —


def read_leaf(text: str) -> dict[str, Any]:
    """The leaf behind its text; raises Tampered unless the text is the one spelling of it."""
    try:
        leaf = json.loads(text)
        is_canonical = isinstance(leaf, dict) and json.dumps(leaf, sort_keys=True, separators=(",", ":")) == text
    except (ValueError, RecursionError):
        is_canonical = False
    if not is_canonical or not text.isascii() or "\\" in text or len(text) > 65_535 or not is_plain(leaf):
        raise Tampered(f"an entry is not written in the one way that entries have: {text[:200]!r}")
    found: dict[str, Any] = leaf
    return found


def is_plain(value: object) -> bool:
    match value:
        case bool():
            return False
        case int():
            return 0 <= value < 2**53
        case str():
            return PLAIN.fullmatch(value) is not None
        case list():
            return all(is_plain(item) for item in value)
        case dict():
            return all(is_plain(key) and is_plain(item) for key, item in value.items())
    return False


def commitment(salt: bytes, field: str, value: str) -> str:
    """HMAC-SHA-256 with the salt as key, in base64url."""
    message = b"\x00".join((b"board-commit-v1", field.encode(), value.encode()))
    return b64url(hmac.digest(salt, message, "sha256"))


def b64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    try:
        raw = b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raw = b""
    if b64url(raw) != text:
        raise Unreadable(f"not base64url: {text[:80]!r}")
    return raw


def check_openings(leaf: dict[str, Any], openings: dict[str, Any]) -> dict[str, str]:
    """The words that the openings show, by field; raises Tampered where they are not those that were recorded."""
    committed = leaf.get("commit", {})
    words: dict[str, str] = {}
    for field, opening in openings.items():
        if not isinstance(opening, dict) or opening.keys() != {"salt", "value"}:
            raise Unreadable(f"the opening of “{field}” is not a salt and a value")
        if commitment(unb64url(str(opening["salt"])), field, str(opening["value"])) != committed.get(field):
            raise Tampered(f"the words of “{field}” are not those that entry {leaf.get('index')} was made with")
        words[field] = str(opening["value"])
    return words


# — Notes and keys —


@dataclass(frozen=True)
class Key:
    name: str
    kind: int
    id: bytes
    public: bytes


@dataclass(frozen=True)
class Checkpoint:
    """`text` is what was signed; `seen` are the times (seconds since 1970) at which witnesses say they saw it."""

    origin: str
    size: int
    root: bytes
    text: str
    seen: dict[str, int]


def read_key(vkey: str) -> Key:
    """From `name+hex8(id)+base64(kind || public key)`."""
    name, _, rest = vkey.strip().partition("+")
    hex_id, _, key = rest.partition("+")
    try:
        raw = b64decode(key, validate=True)
    except ValueError:
        raw = b""
    made = sha256(name.encode() + b"\n" + raw).digest()[:4]
    if not name or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE) or made.hex() != hex_id:
        raise Unreadable(f"not a key as boards and witnesses give it: {vkey[:120]!r}")
    return Key(name, raw[0], made, raw[1:])


def read_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The signed text, and for each signature the name and what stands in base64."""
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or lines.pop() or not lines or any(ord(sign) < 32 and sign != "\n" for sign in note):
        raise Unreadable("not a signed note")
    return text + "\n", [read_signature(line) for line in lines]


def read_signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1]:
        raise Unreadable(f"not a signature: {line[:80]!r}")
    return parts[1], unb64(parts[2])


def unb64(text: str) -> bytes:
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if not raw or b64encode(raw).decode("ascii") != text:
        raise Unreadable(f"not base64: {text[:80]!r}")
    return raw


def open_checkpoint(note: str, log: Key, witnesses: tuple[Key, ...] = ()) -> Checkpoint:
    """The checkpoint, if the log has signed it; whose key is not known is passed over. Raises Tampered for a
    signature of a known key that does not hold.
    """
    text, signatures = read_note(note)
    keys = {(key.name, key.id): key for key in (log, *witnesses)}
    is_signed, seen = False, dict[str, int]()
    for name, blob in signatures:
        key = keys.get((name, blob[:4]))
        if key is None:
            continue
        at = holds(key, text, blob[4:])
        if key is log:
            is_signed = True
        else:
            seen[name] = at
    origin, size, root = read_checkpoint(text)
    if not is_signed or origin != log.name:
        raise Unreadable(f"the checkpoint is not signed by {log.name}")
    return Checkpoint(origin, size, root, text, seen)


def holds(key: Key, text: str, signature: bytes) -> int:
    """When a witness signed, 0 for the log's own signature; raises Tampered where it does not hold."""
    at, message = 0, text
    if key.kind == COSIGNATURE:
        at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = f"cosignature/v1\ntime {at}\n{text}"
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message.encode())
    except InvalidSignature:
        raise Tampered(f"the signature of {key.name} does not hold") from None
    return at


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    origin, size, root, *_ = [*text.split("\n"), "", ""]
    if not origin or not NUMBER.fullmatch(size):
        raise Unreadable("not a checkpoint")
    raw = unb64(root)
    if len(raw) != 32:
        raise Unreadable("a checkpoint's root has 32 bytes")
    return origin, int(size), raw


# — Receipts —


@dataclass(frozen=True)
class Proven:
    """An entry that stands in the record, with the words that the receipt shows."""

    leaf: dict[str, Any]
    words: dict[str, str]
    checkpoint: Checkpoint


def check_receipt(text: str, log: Key, witnesses: tuple[Key, ...] = ()) -> Proven:
    """Needs no network. Raises Unreadable or Tampered."""
    head, _, note = text.partition("\n\n")
    kind, extra, place, *hashes = [*head.split("\n"), "", ""][: max(3, head.count("\n") + 1)]
    if kind != PROOF or not extra.startswith("extra ") or not place.startswith("index "):
        raise Unreadable("not a receipt")
    index = place.removeprefix("index ")
    if not NUMBER.fullmatch(index):
        raise Unreadable("a receipt names the place of its entry")
    try:
        given = json.loads(unb64(extra.removeprefix("extra ")))
        entry, openings = str(given.pop("leaf")), dict(given.pop("openings", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("the receipt holds no entry") from None
    if given:
        raise Unreadable(f"the receipt holds something unknown: {', '.join(given)[:80]}")
    checkpoint = open_checkpoint(note, log, witnesses)
    leaf = read_leaf(entry)
    if leaf.get("index") != int(index) or leaf.get("board") != checkpoint.origin:
        raise Tampered("the entry says that it stands at another place, or in another record")
    proof = [unb64(line) for line in hashes]
    if root_by_inclusion(int(index), checkpoint.size, leaf_hash(entry.encode()), proof) != checkpoint.root:
        raise Tampered("the entry does not stand in the record that was signed")
    return Proven(leaf, check_openings(leaf, openings), checkpoint)
