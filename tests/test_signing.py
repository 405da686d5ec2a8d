"""The record is signed soon, by one after the other, and never as two records."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from board import verify
from board.errors import Unsigned
from board.signing import Signer
from board.store.database import Database
from tests.cast import LOG_KEY, VKEY, answer, file_issue, head

KEY = load_pem_private_key(LOG_KEY.read_bytes(), password=None)
assert isinstance(KEY, Ed25519PrivateKey)
SIGN, PUBLIC = KEY.sign, KEY.public_key().public_bytes_raw()
LOG = verify.read_key(VKEY)
Signers = Callable[[], Signer]


@pytest.fixture
def signers(db: Database, tmp_path: Path) -> Signers:
    """Signers of as many processes as are wanted, on one host."""
    return lambda: Signer(db, public=PUBLIC, sign=SIGN, folder=tmp_path)


async def test_what_is_signed_is_the_records_own_tree(db: Database, signers: Signers) -> None:
    await file_issue(db)
    index = await head(db)
    opened = verify.open_checkpoint((await signers().covering("", index)).note, LOG)
    assert opened.size == index + 1


async def test_what_was_signed_once_is_given_again_until_there_is_more(db: Database, signers: Signers) -> None:
    signer, number = signers(), await file_issue(db)
    first = await signer.covering("", 0)
    assert await signer.covering("", 1) is first
    await answer(db, number)
    assert (await signer.covering("", await head(db))).checkpoint.size == await head(db) + 1


async def test_processes_sign_beside_each_other_and_never_backwards(db: Database, signers: Signers) -> None:
    several, number, sizes = [signers() for _ in range(4)], await file_issue(db), list[int]()
    for _ in range(5):
        await answer(db, number)
        index = await head(db)
        signed = await asyncio.gather(*[signer.covering("", index) for signer in several])
        assert {each.note for each in signed} == {signed[0].note}
        sizes.append(signed[0].checkpoint.size)
    assert sizes == sorted(sizes)
    assert several[0].wrong is None


async def change(db: Database, statement: str) -> None:
    """As somebody does who has the database itself."""
    async with db.saving() as tx:
        if tx.sqlite:
            for row in await tx.rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"):
                await tx.run(f"DROP TRIGGER {row['name']}")
        else:
            await tx.run("ALTER TABLE events DISABLE TRIGGER USER")
        await tx.run(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE seq = 2",
        "UPDATE events SET leaf_hash = (SELECT leaf_hash FROM events WHERE seq = 0) WHERE seq = 1",
        "UPDATE head SET seq = 2",
    ],
    ids=["an event is deleted", "an event is exchanged", "an old backup is restored"],
)
async def test_another_record_than_the_one_that_was_signed_is_never_signed(
    db: Database, signers: Signers, tmp_path: Path, statement: str
) -> None:
    number = await file_issue(db)
    await signers().covering("", await head(db))
    before = (tmp_path / "log.signed").read_text()
    await change(db, statement)
    if "head" not in statement:
        await answer(db, number)
    signer = signers()
    with pytest.raises(Unsigned):
        await signer.covering("", 0)
    assert (tmp_path / "log.signed").read_text() == before


async def test_a_board_with_another_key_signs_nothing(db: Database, tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()
    public = other.public_key().public_bytes_raw()
    signer = Signer(db, public=public, sign=other.sign, folder=tmp_path)
    with pytest.raises(Unsigned, match="key"):
        await signer.covering("", 0)
    assert signer.wrong
    assert not (tmp_path / "log.signed").exists()


@pytest.mark.parametrize("content", ["", "nonsense", "a\n\n— b AAAA\n"])
async def test_where_nobody_can_tell_what_was_signed_nothing_is(signers: Signers, tmp_path: Path, content: str) -> None:
    (tmp_path / "log.signed").write_text(content)
    with pytest.raises(Unsigned, match="cannot be read"):
        await signers().covering("", 0)
    assert (tmp_path / "log.signed").read_text() == content


async def test_signing_goes_on_where_the_fault_is_mended(signers: Signers, tmp_path: Path) -> None:
    signer = signers()
    (tmp_path / "log.signed").write_text("nonsense")
    with pytest.raises(Unsigned):
        await signer.covering("", 0)
    (tmp_path / "log.signed").unlink()
    await signer.covering("", 0)
    assert signer.wrong is None
