"""Signs the record: how many events it has, and the root over them. What was signed once is never contradicted.

What was signed last stands in a file outside of the database. Before each signature the database must still hold the
tree that stands there; where it does not, nothing is signed any more: an old backup was restored, or the record was
changed.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from board.domain import notes
from board.domain.leaf import Recorded
from board.domain.notes import Checkpoint, Signature
from board.domain.phrase import phrase
from board.domain.proof import key_id, vkey
from board.errors import Unsigned
from board.store import nodes, record
from board.store.database import Database, Tx

Sign = Callable[[bytes], bytes]
GUARD = "log.signed"  # in the data directory


@dataclass(frozen=True)
class Signed:
    """A checkpoint and the note that it was signed in."""

    checkpoint: Checkpoint
    note: str


class Signer:
    """`wrong` says why nothing can be signed; None while all is well."""

    def __init__(self, db: Database, *, public: bytes, sign: Sign, folder: Path) -> None:
        self.db, self.public, self._sign = db, public, sign
        self._guard = Guard(folder / GUARD)
        self._turn = asyncio.Lock()
        self._newest: Signed | None = None
        self._epoch = ""
        self.wrong: str | None = None

    async def covering(self, epoch: str, index: int) -> Signed:
        """A signed checkpoint whose tree holds the event; whoever asks meanwhile shares it. Raises Unsigned."""
        async with self._turn:
            if self._newest is None or self._epoch != epoch or self._newest.checkpoint.size <= index:
                try:
                    self._newest, self._epoch = await self._sign_newest(), epoch
                    self.wrong = None
                except Unsigned as why:
                    self.wrong = str(why)
                    raise
            return self._newest

    async def _sign_newest(self) -> Signed:
        while True:
            before = await asyncio.to_thread(self._guard.read)
            async with self.db.reading() as tx:
                signed = self._signed(await continued(tx, before, self.public))
            if await asyncio.to_thread(self._guard.move, before.note if before else "", signed.note):
                return signed

    def _signed(self, checkpoint: Checkpoint) -> Signed:
        text = notes.write_checkpoint(checkpoint)
        signature = Signature(checkpoint.origin, key_id(checkpoint.origin, self.public), self._sign(text.encode()))
        return Signed(checkpoint, notes.write(text, [signature]))


async def continued(tx: Tx, before: Signed | None, public: bytes) -> Checkpoint:
    """The record as it is now, if it holds all that was signed before; raises Unsigned."""
    try:
        now = await newest(tx, public)
        if before:
            await hold_together(tx, before, now)
    except LookupError as gap:
        raise Unsigned(phrase("Something is missing in the record: {what}.", what=str(gap))) from None
    return now


async def newest(tx: Tx, public: bytes) -> Checkpoint:
    """Of the record as it is now; raises Unsigned where this process does not hold its key."""
    opened = await record.first(tx)
    if opened is None or not is_key_of(opened, public):
        raise Unsigned(phrase("The key here is not the one that the record was begun with. Put that one back."))
    _, head = await record.head(tx)
    return Checkpoint(opened.board, head + 1, await nodes.root(tx, head + 1))


def is_key_of(opened: Recorded, public: bytes) -> bool:
    return getattr(opened.event, "vkey", None) == vkey(opened.board, public)


async def hold_together(tx: Tx, before: Signed, now: Checkpoint) -> None:
    """Raises Unsigned unless the record still begins with all that was signed before."""
    old = before.checkpoint
    is_kept = old.origin == now.origin and old.size <= now.size and await nodes.root(tx, old.size) == old.root
    if not is_kept:
        raise Unsigned(
            phrase(
                "{size} events were signed before, and the {now} events of the database do not begin with them."
                " Was an old backup restored? Bring back the newest one: whoever has seen what was signed can prove"
                " that this is another record.",
                size=old.size,
                now=now.size,
            )
        )


class Guard:
    """The file with what was signed last; one process at a time moves it on, and never from what it has not seen."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> Signed | None:
        """Raises Unsigned where the file cannot be read or is none."""
        try:
            note = self.file.read_text(encoding="utf-8")
            return Signed(notes.read_checkpoint(notes.read(note).text), note)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as wrong:
            raise Unsigned(
                phrase("What was signed last cannot be read in {file}: {why}", file=str(self.file), why=str(wrong))
            ) from None

    def move(self, before: str, after: str) -> bool:
        """Whether the file could be moved on; False where another process was first."""
        try:
            with self._alone():
                found = self.read()
                if (found.note if found else "") != before:
                    return False
                if before != after:
                    replace(self.file, after)
                return True
        except OSError as wrong:
            raise Unsigned(
                phrase("What is signed cannot be kept in {file}: {why}", file=str(self.file), why=str(wrong.strerror))
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with open(self.file.with_name(self.file.name + ".lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def replace(file: Path, content: str) -> None:
    """Durably, and whole or not at all."""
    draft = file.with_name(file.name + ".new")
    with draft.open("w", encoding="utf-8") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def forget(folder: Path) -> None:
    """What was signed of a made-up record binds nobody when it is gone."""
    (folder / GUARD).unlink(missing_ok=True)
