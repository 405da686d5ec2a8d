"""Replays the record into empty tables and compares: whatever is kept for reading must follow from the events alone.

What is private (who owns, who follows, “mine too”) is not in the record and stays as it is.
"""

from dataclasses import dataclass
from typing import Any

from board.store import entries, issues, record, touches
from board.store.database import WriteTx

BATCH = 500  # events that are held in memory
MOST = 100  # differences that are told
LENGTH = 60  # characters of a value that are shown


@dataclass(frozen=True)
class Table:
    """A table of the read model: its key, the columns that follow from the record, and what a row is called."""

    name: str
    key: str
    columns: str
    called: str
    where: str = "1 = 1"


async def compare(tx: WriteTx) -> list[str]:
    """Makes the read model anew from the record; returns a sentence for each difference to what was kept before.

    Commit to keep what was made anew, roll back to change nothing.
    """
    if not tx.sqlite:  # between two statements many events may be folded
        await tx.run("SET LOCAL idle_in_transaction_session_timeout = 0")
    tables = derived(tx)
    for table in tables:
        await set_aside(tx, table)
    await replay(tx)
    await bring_private_back(tx)
    await touches.touch(tx, touches.COMPANY)
    found = [sentence for table in tables for sentence in await differences(tx, table)]
    for table in tables:
        await tx.run(f"DROP TABLE {table.name}_before")
    return found[:MOST]


def derived(tx: WriteTx) -> tuple[Table, ...]:
    found = "rowid" if tx.sqlite else "issue"
    return (
        Table("issues", "number", f"{issues.COLUMNS}, {issues.WORD_COLUMNS}", "issue {}"),
        Table("entries", "seq", entries.COLUMNS, "the entry of event {}"),
        Table("topics", "topic || ' ' || CAST(seq AS TEXT)", "topic, seq, prev", "the place in topic {}"),
        Table("search", found, f"{found} AS issue, title, body", "what is found of issue {}"),
        Table(
            "tallies",
            "area || ' ' || stage || ' ' || unanswered",
            "area, stage, unanswered, number",
            "the sum at {}",
            "number <> 0",
        ),
        Table("first_answers", "area || ' ' || step", "area, step, number", "the first answers of {}", "number <> 0"),
        Table("moderated", "month || ' ' || kind || ' ' || reason", "month, kind, reason, number", "the sum of {}"),
    )


async def set_aside(tx: WriteTx, table: Table) -> None:
    private = ", owner_person, followers, mine_too" if table.name == "issues" else ""
    await tx.run(
        f"CREATE TEMPORARY TABLE {table.name}_before AS"
        f" SELECT {table.key} AS kept_key, {table.columns}{private} FROM {table.name} WHERE {table.where}"
    )
    await tx.run(f"DELETE FROM {table.name}")


async def replay(tx: WriteTx) -> None:
    seq = -1
    while batch := await record.after(tx, seq, limit=BATCH):
        words = await record.all_openings(tx, seq + 1, batch[-1].index)
        for recorded in batch:
            before = await issues.with_target(tx, recorded.issue)
            await record.derive(tx, recorded, {o.field: o.value for o in words.get(recorded.index, ())}, before)
        await issues.show_words(tx, batch)
        seq = batch[-1].index


async def bring_private_back(tx: WriteTx) -> None:
    await tx.run(
        "UPDATE issues SET"
        " owner_person = (SELECT owner_person FROM issues_before WHERE issues_before.number = issues.number),"
        " followers = COALESCE((SELECT followers FROM issues_before WHERE issues_before.number = issues.number), 0),"
        " mine_too = COALESCE((SELECT mine_too FROM issues_before WHERE issues_before.number = issues.number), 0)"
    )


async def differences(tx: WriteTx, table: Table) -> list[str]:
    """A sentence for each row that is not the same now, the first ones only."""
    now = f"SELECT {table.key} AS kept_key, {table.columns} FROM {table.name} WHERE {table.where}"
    names = ", ".join(column.split()[-1] for column in table.columns.split(", "))
    before = f"SELECT kept_key, {names} FROM {table.name}_before"
    keys = await tx.rows(
        f"SELECT DISTINCT kept_key FROM (SELECT * FROM ({now} EXCEPT {before}) AS made"
        f" UNION ALL SELECT * FROM ({before} EXCEPT {now}) AS gone) AS differing ORDER BY kept_key LIMIT :most",
        most=MOST,
    )
    return [await difference(tx, table, row["kept_key"], now=now, before=before) for row in keys]


async def difference(tx: WriteTx, table: Table, key: Any, *, now: str, before: str) -> str:
    made = await tx.row(f"SELECT * FROM ({now}) AS made WHERE kept_key = :key", key=key)
    kept = await tx.row(f"{before} WHERE kept_key = :key", key=key)
    called = table.called.format(key)
    if kept is None:
        return f"{called} was missing"
    if made is None:
        return f"{called} is not in the record"
    columns = [column for column in made if made[column] != kept[column]]
    told = [f"{column} was {shown(kept[column])}, the record says {shown(made[column])}" for column in columns]
    return f"{called}: {'; '.join(told)}"


def shown(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= LENGTH else text[:LENGTH] + "…"
