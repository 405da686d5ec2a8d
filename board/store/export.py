"""Everything public as files that other programs read: the record, the issues, the published policies.

With `private`, also every opening and every private table, for whoever runs the board.
"""

import json
from pathlib import Path
from typing import Any

from board.domain.proof import b64url
from board.domain.sheet import as_csv, public
from board.store import issues, record
from board.store.database import Database, Tx

BATCH = 500
PRIVATE_TABLES = (
    "openings", "actors", "people", "filers", "follows", "notes", "private_words", "readings",
    "sources", "company", "areas", "positions", "wishes", "bounces", "mentions",
)  # fmt: skip


async def export(db: Database, folder: Path, *, private: bool) -> int:
    """Writes record.jsonl, issues.jsonl, issues.csv and policies.jsonl; returns the number of events."""
    folder.mkdir(parents=True, exist_ok=True)
    async with db.reading() as tx:
        written = await write_record(tx, folder / "record.jsonl")
        await write_issues(tx, folder)
        await write_rows(tx, folder / "policies.jsonl", "SELECT sha256, text FROM policies ORDER BY sha256")
        if private:
            (folder / "private").mkdir(mode=0o700, exist_ok=True)
            for table in PRIVATE_TABLES:
                await write_rows(tx, folder / "private" / f"{table}.jsonl", f"SELECT * FROM {table}")
    return written


async def write_record(tx: Tx, file: Path) -> int:
    """One line an event, shaped as in the API: leaf, leaf_hash, openings, redactions."""
    seq, written = -1, 0
    with file.open("w", encoding="utf-8") as out:
        while lines := await record_lines(tx, seq, limit=BATCH):
            out.writelines(lines)
            seq, written = seq + len(lines), written + len(lines)
    return written


async def record_lines(tx: Tx, after: int, *, limit: int) -> list[str]:
    """The lines of the events behind `after`, as everybody may read them now; indices have no gaps."""
    events = await record.after(tx, after, limit=limit)
    if not events:
        return []
    first, last = events[0].index, events[-1].index
    opened = await record.openings(tx, first, last)
    gone = await record.redactions(tx, first, last)
    return [json.dumps(line(r, opened, gone), ensure_ascii=False) + "\n" for r in events]


def line(r: Any, opened: dict[int, list[record.Opening]], gone: dict[int, list[record.Redaction]]) -> dict[str, Any]:
    return {
        "leaf": r.leaf,
        "leaf_hash": b64url(r.leaf_hash),
        "openings": {o.field: {"salt": b64url(o.salt), "value": o.value} for o in opened.get(r.index, ())},
        "redactions": {x.field: {"by_event": x.by_event, "reason": x.reason} for x in gone.get(r.index, ())},
    }


async def write_issues(tx: Tx, folder: Path) -> None:
    """Every issue with its public facts; those that are not public without their words."""
    jsonl, table = folder / "issues.jsonl", folder / "issues.csv"
    with jsonl.open("w", encoding="utf-8") as lines, table.open("w", encoding="utf-8", newline="") as cells:
        number = 0
        cells.write(as_csv([], header=True))
        while rows := await issues.behind(tx, number, limit=BATCH):
            number = rows[-1]["number"]
            lines.writelines(json.dumps(public(row), ensure_ascii=False) + "\n" for row in rows)
            cells.write(as_csv(rows, header=False))


async def write_rows(tx: Tx, file: Path, sql: str) -> None:
    with file.open("w", encoding="utf-8") as out:
        for row in await tx.rows(sql):
            readable = {k: b64url(bytes(v)) if isinstance(v, bytes | memoryview) else v for k, v in row.items()}
            out.write(json.dumps(readable, ensure_ascii=False) + "\n")
