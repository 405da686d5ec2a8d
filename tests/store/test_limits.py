"""The buckets in the database: exact under many processes, forgotten when full, and without a name in them."""

import asyncio
import sys

from board.actions import limits as acts
from board.domain.limits import Limit, Sender
from board.store import limits
from board.store.company import Company
from board.store.database import Database

NOW = 1_800_000_000_000
FIVE = Limit(5, 600)
SECRET = b"a secret of the tests that is long enough"


async def taken(db: Database, key: bytes, limit: Limit, now_ms: int) -> int | None:
    async with db.saving() as tx:
        return await limits.take(tx, key, limit, now_ms)


async def test_a_bucket_gives_its_count_and_then_one_each_time_it_gets_one_back(db: Database) -> None:
    at_once = [await taken(db, b"key", FIVE, NOW) for _ in range(7)]
    assert at_once == [NOW + n * 120_000 for n in range(1, 6)] + [None, None]
    assert await taken(db, b"key", FIVE, NOW + 119_999) is None
    assert await taken(db, b"key", FIVE, NOW + 120_000) == NOW + 720_000
    assert await taken(db, b"key", FIVE, NOW + 120_000) is None
    assert await taken(db, b"another", FIVE, NOW) == NOW + 120_000


async def test_a_clock_that_was_ahead_for_a_while_locks_nobody_out(db: Database) -> None:
    year = 365 * 86_400_000
    assert [await taken(db, b"key", FIVE, NOW + year) for _ in range(5)][-1] == NOW + year + 600_000
    assert [await taken(db, b"key", FIVE, NOW) for _ in range(6)][-2:] == [NOW + 600_000, None]


async def test_of_many_processes_that_take_at_once_the_count_gets_one(url: str) -> None:
    command = (sys.executable, "-m", "tests.store.taker", url, "40", "25")
    started = [await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(4)]
    said = [(await process.communicate())[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert sum(int(given) for given in said) == 25


async def test_full_buckets_are_forgotten_and_others_kept(db: Database) -> None:
    for key in (b"first", b"second"):
        await taken(db, key, FIVE, NOW)
    await taken(db, b"second", FIVE, NOW)
    await acts.clear(db, NOW + 120_001)
    async with db.reading() as tx:
        assert await limits.full_ms(tx, b"first") == 0
        assert await limits.full_ms(tx, b"second") == NOW + 240_000


async def test_clearing_waits_for_nobody_who_takes(db: Database) -> None:
    if db.sqlite:  # its writers take turns
        return
    await taken(db, b"key", FIVE, NOW)
    async with db.saving() as tx:
        await limits.take(tx, b"key", FIVE, NOW + 200_000)
        await asyncio.wait_for(acts.clear(db, NOW + 200_000), 5)
    async with db.reading() as tx:
        assert await limits.full_ms(tx, b"key") == NOW + 320_000


async def test_no_address_stands_in_the_buckets(db: Database) -> None:
    sender = Sender(network="192.0.2.7", email="ada@elsewhere.example")
    async with db.saving() as tx:
        await acts.take(tx, Company(), "file", sender, secret=SECRET, now_ms=NOW)
    async with db.reading() as tx:
        kept = [bytes(row["key_hash"]) for row in await tx.rows("SELECT key_hash FROM buckets")]
    assert len(kept) == 4
    assert {len(key) for key in kept} == {32}
    assert not any(word in key for key in kept for word in (b"192", b"ada", b"file"))
