"""Checks what a board says against its record. Shares nothing with the board: needs Python 3.11 and `cryptography`.

    python verify.py https://issues.example.com [--key KEY] [--witness KEY] [--state FOLDER]
    python verify.py receipt.tlog-proof --key KEY

Ends with 0 where all holds, 1 where it could not be checked, 2 where the record contradicts itself or what was signed;
then a file with the evidence is written. Formats: RFC 6962 and RFC 9162 (tree), C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-tiles and tlog-proof (receipts).
"""

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # what lies beside this file may have names of Python's own modules: where it comes from, `locale`

import argparse
import hmac
import json
import re
import urllib.request
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
PLAIN = re.compile(r"[ !#-\[\]-~]*")
PROOF = "c2sp.org/tlog-proof@v1"


class Unreadable(Exception):
    """It could not be checked: something is missing or is not what it should be."""


# What reading raises where somebody answers with another thing than a record.
UNREADABLE = (Unreadable, OSError, ValueError, KeyError, TypeError, AttributeError, HTTPException, RecursionError)


class Tampered(Exception):
    """What was signed, kept or shown contradicts itself; `evidence` is what a third party can look at."""

    def __init__(self, what: str, **evidence: Any) -> None:
        super().__init__(what)
        self.evidence = evidence


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


def commitment(salt: bytes, name: str, value: str) -> str:
    """HMAC-SHA-256 with the salt as key, in base64url."""
    message = b"\x00".join((b"board-commit-v1", name.encode(), value.encode()))
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
    for name, opening in openings.items():
        if not isinstance(opening, dict) or opening.keys() != {"salt", "value"}:
            raise Unreadable(f"the opening of “{name}” is not a salt and a value")
        if commitment(unb64url(str(opening["salt"])), name, str(opening["value"])) != committed.get(name):
            raise Tampered(f"the words of “{name}” are not those that entry {leaf.get('index')} was made with")
        words[name] = str(opening["value"])
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


# — A whole board —

WIDTH = 256
SHOWN = {"issue.published": True, "issue.restored": True}
NOT_SHOWN = dict.fromkeys(("issue.filed", "issue.held", "issue.rejected", "issue.removed"), False)
COMMENTS = {"comment.held": False, "comment.rejected": False, "comment.published": True}


@dataclass
class Tree:
    """Grows leaf by leaf; `peaks` are the roots of its whole parts, the largest first, each with its size."""

    size: int = 0
    peaks: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        self.size += 1
        self.peaks.append((1, leaf_hash(leaf)))
        while len(self.peaks) > 1 and self.peaks[-1][0] == self.peaks[-2][0]:
            (count, right), (_, left) = self.peaks.pop(), self.peaks.pop()
            self.peaks.append((2 * count, interior(left, right)))

    @property
    def root(self) -> bytes:
        if not self.peaks:
            return sha256().digest()
        *others, (_, found) = self.peaks
        for _, peak in reversed(others):
            found = interior(peak, found)
        return found


@dataclass
class Record:
    """What the entries say so far: where each issue's chain ends, and what may be read of it."""

    origin: str
    time: str = ""
    chains: dict[int, tuple[int, str]] = field(default_factory=dict)
    shown: dict[int, bool] = field(default_factory=dict)
    comments: dict[int, bool] = field(default_factory=dict)
    redacted: set[tuple[int, str]] = field(default_factory=set)
    unopened: dict[tuple[int, str], int | None] = field(default_factory=dict)  # place and field → issue
    opened: int = 0

    def take(self, index: int, text: str) -> dict[str, Any]:
        """The next entry; raises Tampered where it does not follow from those before."""
        leaf = read_leaf(text)
        if (leaf.get("index"), leaf.get("board")) != (index, self.origin) or str(leaf.get("time")) < self.time:
            raise Tampered(f"entry {index} has another place, another record or an earlier time", leaf=text)
        self.time, issue, event = str(leaf["time"]), leaf.get("issue"), str(leaf.get("event"))
        if isinstance(issue, int):
            if self.chains.get(issue) != ((leaf["prev"], leaf.get("prev_hash")) if "prev" in leaf else None):
                raise Tampered(f"entry {index} does not follow the last one of issue {issue}", leaf=text)
            self.chains[issue] = index, b64url(leaf_hash(text.encode()))
            self.shown[issue] = {**SHOWN, **NOT_SHOWN}.get(event, self.shown.get(issue, False))
        if event in COMMENTS:
            self.comments[int(leaf["target"])] = COMMENTS[event]
        if event == "text.redacted":
            self.redacted |= {(int(leaf["target"]), str(name)) for name in leaf["fields"]}
        return leaf

    def show(self, leaf: dict[str, Any], told: dict[str, Any]) -> None:
        """Holds the words that the board shows against the entry."""
        words = check_openings(leaf, dict(told.get("openings", {})))
        self.opened += len(words)
        later = dict(told.get("redactions", {}))
        for name in leaf.get("commit", {}).keys() - words.keys() - later.keys():
            self.unopened[leaf["index"], name] = leaf.get("issue")

    def missing(self) -> list[tuple[int, str]]:
        """Words that should be there: of public issues, neither held nor taken out by an entry that says so."""
        return sorted(
            (index, name)
            for (index, name), issue in self.unopened.items()
            if (issue is None or self.shown[issue])
            and self.comments.get(index, True)
            and (index, name) not in self.redacted
        )


class Site:
    """A board somewhere."""

    def __init__(self, url: str) -> None:
        if not re.match(r"https?://", url):
            raise Unreadable("give the address of a board, with https://, or the file of a receipt")
        self.url = url.rstrip("/")

    def open(self, path: str) -> Any:
        request = urllib.request.Request(self.url + path, headers={"Accept-Encoding": "identity"})  # noqa: S310
        try:
            return urllib.request.urlopen(request, timeout=60)  # noqa: S310
        except (OSError, ValueError, HTTPException) as wrong:
            raise Unreadable(f"{self.url}{path}: {wrong}") from None

    def read(self, path: str) -> bytes:
        with self.open(path) as answer:
            return bytes(answer.read())

    def entries(self, size: int) -> Iterator[str]:
        """Those that were signed, from the log's own bundles."""
        for tile in range(-(-size // WIDTH)):
            count = min(WIDTH, size - tile * WIDTH)
            bundle = self.read(f"/log/tile/entries/{groups(tile)}" + (f".p/{count}" if count < WIDTH else ""))
            for _ in range(count):
                length = 2 + int.from_bytes(bundle[:2], "big")
                if len(bundle) < length:
                    raise Unreadable(f"tile {tile} of the entries is cut short")
                yield bundle[2:length].decode("ascii", "replace")
                bundle = bundle[length:]

    def told(self, size: int) -> Iterator[dict[str, Any]]:
        """The same with their words, as the board gives its whole record away."""
        with self.open("/data/events.jsonl") as lines:
            for _ in range(size):
                line = lines.readline()
                if not line:
                    raise Unreadable("the board gives away fewer events than it has signed")
                yield dict(json.loads(line))


def groups(number: int) -> str:
    *far, near = f"{number:,}".split(",")
    return "".join(f"x{int(group):03}/" for group in far) + f"{int(near):03}"


@dataclass(frozen=True)
class Checked:
    checkpoint: Checkpoint
    record: Record
    before: int


def check_board(site: Site, log: Key | None, witnesses: tuple[Key, ...], state: Path | None) -> Checked:
    """Everything that the board has signed, with its words; raises Unreadable or Tampered."""
    note = site.read("/log/checkpoint").decode("utf-8", "replace")
    log = log or own_key(site, state)
    now = open_checkpoint(note, log, witnesses)
    kept = state / f"{sha256(log.name.encode()).hexdigest()[:16]}.note" if state else None
    old_note = kept.read_text(encoding="utf-8") if kept and kept.exists() else None
    old = open_checkpoint(old_note, log) if old_note else None
    signed = {"before": old_note, "now": note}
    if old and old.size > now.size:
        raise Tampered(f"the record has {now.size} entries, and had {old.size} when you looked last", **signed)
    grown, found = Tree(), Record(now.origin)
    for index, (text, told) in enumerate(zip(site.entries(now.size), site.told(now.size), strict=True)):
        grown.add(text.encode())
        if told.get("leaf") != text:
            raise Tampered(f"entry {index} of the log is not what the board shows", leaf=text, shown=told, **signed)
        found.show(found.take(index, text), told)
        if old and grown.size == old.size and grown.root != old.root:
            raise Tampered(f"the first {old.size} entries are not those of your last look", **signed)
    if grown.root != now.root:
        raise Tampered("the entries do not give the root that was signed", root=b64url(grown.root), **signed)
    if missing := found.missing():
        raise Tampered(f"words are gone without an entry that says so: {missing[:20]}", missing=missing, **signed)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(note, encoding="utf-8")
    return Checked(now, found, old.size if old else 0)


def own_key(site: Site, state: Path | None) -> Key:
    """The key that the record itself names, and that of the first look from then on."""
    kept = state / f"{sha256(site.url.encode()).hexdigest()[:16]}.key" if state else None
    if kept and kept.exists():
        return read_key(kept.read_text(encoding="utf-8"))
    leaf = read_leaf(next(site.entries(1)))
    key = read_key(str(leaf.get("vkey")))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(str(leaf["vkey"]), encoding="utf-8")
    return key


# — The command —


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Checks a board, or a receipt, against its record.")
    parser.add_argument("what", help="the address of a board, or the file of a receipt")
    parser.add_argument("--key", help="the record's key, as you know it from elsewhere")
    parser.add_argument("--witness", action="append", default=[], help="a key of whoever watches the record")
    parser.add_argument(
        "--state", type=Path, help="a folder for what you saw last, so that the next look goes on from it"
    )
    parser.add_argument("--evidence", type=Path, default=Path("evidence.json"))
    given = parser.parse_args(arguments)
    try:
        print(check(given))
    except UNREADABLE as why:
        print(f"Could not be checked: {why}", file=sys.stderr)
        return 1
    except Tampered as found:
        given.evidence.write_text(json.dumps({"what": str(found), **found.evidence}, indent=1), encoding="utf-8")
        print(f"IT DOES NOT HOLD: {found}. The evidence is in {given.evidence}.", file=sys.stderr)
        return 2
    return 0


def check(given: argparse.Namespace) -> str:
    """What was found, in words."""
    log = read_key(given.key) if given.key else None
    witnesses = tuple(read_key(each) for each in given.witness)
    if Path(given.what).is_file():
        if log is None:
            raise Unreadable("give the record's key with --key; the board shows it at /about")
        proven = check_receipt(Path(given.what).read_text(encoding="utf-8"), log, witnesses)
        leaf, size = proven.leaf, proven.checkpoint.size
        return f"It holds: entry {leaf['index']} ({leaf['event']}, {leaf['time']}) stands among {size} signed entries."
    found = check_board(Site(given.what), log, witnesses, given.state)
    size, record = found.checkpoint.size, found.record
    lines = [
        f"It holds: {size} entries of {found.checkpoint.origin}, up to {record.time}, in {len(record.chains)} issues.",
        f"{record.opened} texts are those that were recorded; {len(record.redacted)} were taken out, as entries say.",
        f"Nothing of the {found.before} entries that you saw before has changed." if found.before else "",
        "" if log else "The key was taken from the record itself: compare it with one that you know from elsewhere.",
        *[f"{name} saw it." for name in found.checkpoint.seen],
    ]
    return "\n".join(line for line in lines if line)


if __name__ == "__main__":
    sys.exit(main())
