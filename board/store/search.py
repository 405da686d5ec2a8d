"""Full-text search over public issues: beside the connection, the one place where the dialects differ.

Excerpts mark what was found with the control characters HIT and END, which no text can hold; the
reader escapes and replaces them.
"""

import re

from board.domain.text import without_tags
from board.store import entries
from board.store.database import Tx

HIT, END = "\x02", "\x03"
INDEX_LENGTH = 100_000  # characters of an issue that are indexed
WORD = re.compile(r"\w+")
MOST_WORDS = 12


async def index(tx: Tx, issue: int) -> None:
    """Makes the issue findable by its public words, or not at all where it is not public."""
    await forget(tx, issue)
    row = await tx.row("SELECT title FROM issues WHERE number = :issue AND visibility = 'public'", issue=issue)
    if row is None:
        return
    texts = "".join([line(html) for html in await entries.public_texts(tx, issue)])
    key = "rowid" if tx.sqlite else "issue"
    await tx.run(
        f"INSERT INTO search ({key}, title, body) VALUES (:issue, :title, :body)",
        issue=issue,
        title=row["title"] or "",
        body=texts[:INDEX_LENGTH],
    )


async def add(tx: Tx, issue: int, html: str) -> None:
    """Makes the issue findable by its newest words, too, where it is findable."""
    await tx.run(
        f"UPDATE search SET body = substr(body || :text, 1, {INDEX_LENGTH})"
        f" WHERE {'rowid' if tx.sqlite else 'issue'} = :issue",
        issue=issue,
        text=line(html),
    )


def line(html: str) -> str:
    return without_tags(html) + "\n"


async def forget(tx: Tx, issue: int) -> None:
    await tx.run(f"DELETE FROM search WHERE {'rowid' if tx.sqlite else 'issue'} = :issue", issue=issue)


async def scrub(tx: Tx) -> None:
    """Takes deleted words out of the index itself: FTS5 keeps them until it is optimized."""
    tx.has_erased = True
    if tx.sqlite:
        await tx.run_long("INSERT INTO search (search) VALUES ('optimize')")


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())[:MOST_WORDS]


def query(tx: Tx, text: str, *, some: bool = False) -> str | None:
    """The text in the database's query language: all words (or some), the last one as a beginning."""
    terms = words(text)
    if some:
        terms = [term for term in terms if len(term) > 3]
    if not terms:
        return None
    if tx.sqlite:
        quoted = [f'"{term}"' for term in terms]
        quoted[-1] += "*"
        return (" OR " if some else " ").join(quoted)
    return (" | " if some else " & ").join([*terms[:-1], f"{terms[-1]}:*"])


def matches(tx: Tx) -> str:
    """The condition on `issues` that a row is found by the bound `:query`."""
    if tx.sqlite:
        return "issues.number IN (SELECT rowid FROM search WHERE search MATCH :query)"
    return "issues.number IN (SELECT issue FROM search WHERE words @@ to_tsquery('english', :query))"


async def excerpts(tx: Tx, text: str, numbers: list[int]) -> dict[int, str]:
    """For each issue found: the words around the first hit."""
    asked = query(tx, text)
    if asked is None or not numbers:
        return {}
    listed = ", ".join(str(int(number)) for number in numbers)
    if tx.sqlite:
        sql = (
            f"SELECT rowid AS issue, snippet(search, -1, '{HIT}', '{END}', '…', 24) AS excerpt FROM search"
            f" WHERE search MATCH :query AND rowid IN ({listed})"
        )
    else:
        options = f"StartSel={HIT}, StopSel={END}, MaxWords=28, MinWords=16, MaxFragments=1"
        sql = (
            f"SELECT issue, ts_headline('english', title || ' — ' || body, to_tsquery('english', :query), '{options}')"
            f" AS excerpt FROM search WHERE issue IN ({listed})"
        )
    return {row["issue"]: row["excerpt"] for row in await tx.rows(sql, query=asked)}


async def similar(tx: Tx, text: str, *, limit: int) -> list[int]:
    """The public issues that share most with the text, best first."""
    asked = query(tx, text, some=True)
    if asked is None:
        return []
    if tx.sqlite:
        sql = "SELECT rowid AS issue FROM search WHERE search MATCH :query ORDER BY rank LIMIT :limit"
    else:
        sql = (
            "SELECT issue FROM search, to_tsquery('english', :query) asked WHERE words @@ asked"
            " ORDER BY ts_rank(words, asked) DESC LIMIT :limit"
        )
    return [row["issue"] for row in await tx.rows(sql, query=asked, limit=limit)]
