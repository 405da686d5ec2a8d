"""A board is checked from outside, and every way to write its history anew is found."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from board import verify
from board.actions import customers, moderators
from board.domain.proof import leaf_hash, vkey
from board.store.database import Database
from board.verify import Checked, Tampered, Unreadable
from tests.cast import ADA, CY, MO, VKEY, answer, do, file_issue
from tests.web.wire import Wire, served


@pytest.fixture
async def wire(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """A board behind its server, with a few things in it."""
    async with served(sqlite_url, tmp_path) as board:
        await live_a_little(board.db)
        yield board


async def live_a_little(db: Database) -> None:
    number = await file_issue(db)
    await answer(db, number)
    said = await do(db, customers.comment, number, by=ADA, body="My number is 12.", via="web")
    assert said.index
    await do(db, moderators.redact, number, by=MO, target=said.index, fields=("body",), reason="privacy_request")
    removed = await file_issue(db, title="Something else")
    await do(db, moderators.remove, removed, by=MO, reason="abuse")
    await do(db, customers.comment, number, by=CY, body="Late here, too.", via="web")


async def check(wire: Wire, state: Path | None = None) -> Checked:
    return await asyncio.to_thread(verify.check_board, verify.Site(wire.base), None, (), state)


async def run(wire: Wire, folder: Path) -> int:
    given = [wire.base, "--state", str(folder / "state"), "--evidence", str(folder / "evidence.json")]
    return await asyncio.to_thread(verify.main, given)


async def forge(wire: Wire, *statements: str, again: bool = True) -> None:
    """As the company may, which has the database, the key and the file with what was signed last."""
    async with wire.db.saving() as tx:
        for row in await tx.rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"):
            await tx.run(f"DROP TRIGGER {row['name']}")
        for statement in statements:
            await tx.run(statement)
    if again:
        (wire.board.settings.data_dir / "log.signed").unlink(missing_ok=True)
        wire.board.signer._newest = None


async def rewrite(wire: Wire, seq: int, old: str, new: str) -> None:
    """An entry in other words, with the hash that belongs to them."""
    async with wire.db.reading() as tx:
        leaf = str(await tx.value("SELECT leaf FROM events WHERE seq = :seq", seq=seq))
    changed = leaf.replace(old, new)
    assert changed != leaf
    hashed = leaf_hash(changed.encode()).hex()
    await forge(wire, f"UPDATE events SET leaf = '{changed}', leaf_hash = X'{hashed}' WHERE seq = {seq}")


async def test_an_honest_board_holds_and_goes_on_holding(wire: Wire, tmp_path: Path) -> None:
    first = await check(wire, tmp_path / "state")
    assert first.checkpoint.size == await wire.head() + 1
    assert first.record.redacted
    assert first.record.opened > 5
    await answer(wire.db, 1)
    second = await check(wire, tmp_path / "state")
    assert (second.before, second.checkpoint.size) == (first.checkpoint.size, first.checkpoint.size + 1)


async def test_it_says_in_words_what_holds(wire: Wire, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(wire, tmp_path) == 0
    said = capsys.readouterr().out
    assert "It holds" in said
    assert "compare it with one that you know" in said


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE openings SET value = 'All is well.' WHERE field = 'body'", "not those that entry"),
        ("DELETE FROM openings WHERE seq = 1 AND field = 'title'", "without an entry that says so"),
        ("DELETE FROM issues WHERE number = 1", "without an entry that says so"),
        ("UPDATE entries SET status = 'held' WHERE kind = 'update.posted'", "without an entry that says so"),
        ("UPDATE events SET leaf_hash = zeroblob(32) WHERE seq = 3", "the root that was signed"),
    ],
    ids=["words are changed", "words are dropped", "an issue is dropped", "an answer is hidden", "a hash is changed"],
)
async def test_what_is_changed_in_the_database_is_found(
    wire: Wire, tmp_path: Path, statement: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await forge(wire, statement)
    assert await run(wire, tmp_path) == 2
    assert says in capsys.readouterr().err
    assert says in json.loads((tmp_path / "evidence.json").read_text())["what"]


async def test_an_entry_that_is_deleted_is_found(wire: Wire, tmp_path: Path) -> None:
    await forge(wire, "DELETE FROM events WHERE seq = 2")
    assert await run(wire, tmp_path) in (1, 2)
    with pytest.raises((Tampered, Unreadable)):
        await check(wire)


async def test_a_back_dated_entry_is_found(wire: Wire) -> None:
    await rewrite(wire, 2, "T12:", "T11:")
    with pytest.raises(Tampered, match="earlier time"):
        await check(wire)


async def test_an_entry_that_was_exchanged_breaks_the_chain_behind_it(wire: Wire) -> None:
    await rewrite(wire, 1, '"via":"web"', '"via":"api"')
    with pytest.raises(Tampered, match="does not follow the last one of issue 1"):
        await check(wire)


async def test_a_history_that_was_written_anew_is_found_by_who_looked_before(wire: Wire, tmp_path: Path) -> None:
    await check(wire, tmp_path / "state")
    last = await wire.head()
    await rewrite(wire, last, '"via":"web"', '"via":"api"')
    assert (await check(wire)).before == 0  # a stranger sees a record that holds
    with pytest.raises(Tampered, match="last look"):
        await check(wire, tmp_path / "state")


async def test_a_record_that_has_become_shorter_is_found_by_who_looked_before(wire: Wire, tmp_path: Path) -> None:
    await check(wire, tmp_path / "state")
    last = await wire.head()
    await forge(wire, f"DELETE FROM events WHERE seq = {last}", f"UPDATE head SET seq = {last}")
    with pytest.raises(Tampered, match="had"):
        await check(wire, tmp_path / "state")


async def test_another_key_than_at_the_first_look_is_found(wire: Wire, tmp_path: Path) -> None:
    await check(wire, tmp_path / "state")
    (kept,) = (tmp_path / "state").glob("*.key")
    kept.write_text(vkey("board.example/log", bytes(32)))
    with pytest.raises(Unreadable, match="not signed by"):
        await check(wire, tmp_path / "state")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://board.example", "nonsense"])
async def test_where_there_is_no_board_nothing_is_claimed(url: str, tmp_path: Path) -> None:
    assert await asyncio.to_thread(verify.main, [url, "--evidence", str(tmp_path / "e.json")]) == 1
    assert not (tmp_path / "e.json").exists()


async def test_a_receipt_is_checked_from_its_file(wire: Wire, tmp_path: Path) -> None:
    given = await wire.browser().get("/log/receipts/1.tlog-proof")
    file = tmp_path / "receipt.tlog-proof"
    file.write_text(given.text, encoding="utf-8")
    assert await asyncio.to_thread(verify.main, [str(file), "--key", VKEY]) == 0
    assert await asyncio.to_thread(verify.main, [str(file)]) == 1
    assert await asyncio.to_thread(verify.main, [str(file), "--key", VKEY + "x"]) == 1


async def test_the_checker_runs_where_it_lies_beside_the_board_s_own_files(wire: Wire) -> None:
    command = [sys.executable, str(verify.__file__), wire.base]
    told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("It holds: ")


async def test_the_board_gives_its_checker_away(wire: Wire) -> None:
    given = await wire.browser().get("/log/verify.py")
    assert given.text == Path(verify.__file__).read_text(encoding="utf-8")
    assert given.headers["content-type"] == "text/plain; charset=utf-8"
    about = (await wire.browser().get("/about")).text
    assert f"python verify.py {wire.base}" in about
    assert VKEY in about
