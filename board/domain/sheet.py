"""The table of issues that other programs read: its columns with their kinds and meanings, and its cells.

Everything that makes or explains the table is made from `COLUMNS`.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from board.domain.phrase import Phrase, phrase

Kind = Literal["number", "text", "time"]
# Where a spreadsheet would see a formula begin; where people write 1,5 it parts the cells of any table at semicolons.
FORMULA = re.compile(r"(^|;)(?= *[=+\-@\t\r\n＝＋－＠])")


@dataclass(frozen=True)
class Column:
    """`is_words`: typed by somebody, so empty where the issue is not shown. Times are RFC 3339 in UTC."""

    name: str
    kind: Kind
    meaning: Phrase
    is_words: bool = False


COLUMNS = (
    Column("number", "number", phrase("The issue’s number, as in its address.")),
    Column("title", "text", phrase("Its title; empty where the words were removed or are not shown."), is_words=True),
    Column("area", "text", phrase("The slug of its area.")),
    Column("state", "text", phrase("new, acknowledged, in_progress, waiting_on_customer, resolved or closed.")),
    Column("resolution", "text", phrase("How it ended; empty while it is open.")),
    Column("confirmation", "text", phrase("What the customer says of it: none, asked, confirmed, disputed, lapsed.")),
    Column("visibility", "text", phrase("public, or why its words are not shown: unverified, held, removed.")),
    Column("reason", "text", phrase("Why it was removed or rejected.")),
    Column("turn", "text", phrase("Whose word is wanted: company, customer or nobody.")),
    Column("turn_since", "time", phrase("Since when.")),
    Column("filed_at", "time", phrase("When it was filed; of an imported one, where it came from.")),
    Column("first_answer_at", "time", phrase("When the company first answered.")),
    Column("settled_at", "time", phrase("When it was resolved or closed.")),
    Column("promise_due", "time", phrase("Until when the company has promised its next word.")),
    Column("owner", "text", phrase("Who of the company looks after it."), is_words=True),
    Column("merged_into", "number", phrase("The issue with which it was joined.")),
    Column("reopened", "number", phrase("How often it was opened again.")),
    Column("comments", "number", phrase("How many comments everybody can read.")),
    Column("last_event", "number", phrase("The index of its newest event in the record.")),
    Column("followers", "number", phrase("How many follow it by mail.")),
    Column("mine_too", "number", phrase("How many have it, too.")),
)  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)


def public(row: Mapping[str, Any]) -> dict[str, Any]:
    """What everybody may know of an issue; without words where it is not shown."""
    is_public = row["visibility"] == "public"
    return {c.name: row[c.name] if is_public or not c.is_words else None for c in COLUMNS}


def as_csv(rows: Iterable[Mapping[str, Any]], *, header: bool) -> str:
    """Rows of the table as lines of RFC 4180."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if header:
        writer.writerow(NAMES)
    writer.writerows([cell(value) for value in public(row).values()] for row in rows)
    return out.getvalue()


def cell(value: Any) -> Any:
    """A cell in which no spreadsheet finds a formula."""
    return FORMULA.sub(r"\1'", value) if isinstance(value, str) else value
