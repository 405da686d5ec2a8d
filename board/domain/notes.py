"""Signed notes and checkpoints, to and from text: C2SP signed-note, tlog-checkpoint and tlog-cosignature.

A note is a text that ends with a newline, a blank line, and one line a signature: `— name base64(key id || signature)`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

PROOF = "c2sp.org/tlog-proof@v1"
MOST_SIGNATURES = 100
KEY_ID = 4  # bytes
NAME = re.compile(r"[^\s+]+")
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Signature:
    """`name` and `key_id` say whose it is; `blob` is what follows them."""

    name: str
    key_id: bytes
    blob: bytes


@dataclass(frozen=True)
class Note:
    """`text` is what is signed, with its last newline."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: so many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes


def write(text: str, signatures: Iterable[Signature]) -> str:
    """The note; `text` ends with a newline."""
    return text + "\n" + "".join(line(each) for each in signatures)


def line(signature: Signature) -> str:
    return f"— {signature.name} {b64(signature.key_id + signature.blob)}\n"


def read(note: str) -> Note:
    """Whose the signatures are and whether they hold is not looked at; raises ValueError for what is no note."""
    if any(ord(sign) < 32 and sign != "\n" for sign in note):
        raise ValueError("a note holds no control characters")
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or not text or lines.pop() != "" or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise ValueError("a note is a text, a blank line, and lines of signatures")
    return Note(text + "\n", tuple(read_line(each) for each in lines))


def read_line(text: str) -> Signature:
    dash, name, blob, *more = [*text.split(" "), "", ""][:4]
    raw = unb64(blob)
    if dash != "—" or any(more) or not NAME.fullmatch(name) or len(raw) <= KEY_ID or text.count(" ") != 2:
        raise ValueError(f"not a signature: {text[:80]!r}")
    return Signature(name, raw[:KEY_ID], raw[KEY_ID:])


def unb64(text: str) -> bytes:
    """Padded base64 in its one spelling; raises ValueError for any other."""
    raw = b64decode(text, validate=True)
    if b64(raw) != text:
        raise ValueError(f"not base64 as it is written: {text[:80]!r}")
    return raw


def write_checkpoint(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.origin}\n{checkpoint.size}\n{b64(checkpoint.root)}\n"


def read_checkpoint(text: str) -> Checkpoint:
    """Lines behind the third are extensions, and passed over; raises ValueError for what is no checkpoint."""
    origin, size, root, *more = [*text.split("\n"), "", "", ""]
    if not origin or not NUMBER.fullmatch(size) or text.count("\n") < 3 or not text.endswith("\n"):
        raise ValueError("a checkpoint has an origin, a size and a root, each on its line")
    raw = unb64(root)
    if len(raw) != 32 or "" in more[: text.count("\n") - 3]:
        raise ValueError("a checkpoint's root has 32 bytes, and no line of it is empty")
    return Checkpoint(origin, int(size), raw)


def cosigned(time: int, checkpoint: str) -> bytes:
    """What a witness signs: that it saw the checkpoint then (seconds since 1970), and nothing that contradicts it."""
    return f"cosignature/v1\ntime {time}\n{checkpoint}".encode()


def cosignature(time: int, signature: bytes) -> bytes:
    return time.to_bytes(8, "big") + signature


def read_cosignature(blob: bytes) -> tuple[int, bytes]:
    """When it was signed, and the signature; raises ValueError for another length."""
    if len(blob) != 72:
        raise ValueError("a cosignature has 8 bytes of time and 64 of signature")
    return int.from_bytes(blob[:8], "big"), blob[8:]


def write_proof(extra: bytes, index: int, hashes: Iterable[bytes], note: str) -> str:
    """A receipt (C2SP tlog-proof): what it is about, its place, the way up to the root, and the signed checkpoint."""
    lines = (PROOF, f"extra {b64(extra)}", f"index {index}", *map(b64, hashes))
    return "\n".join(lines) + "\n\n" + note


def b64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
