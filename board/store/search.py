"""Full-text search over public issues: beside the connection, the one place where the dialects differ."""

import json
import math
import re
from collections import defaultdict
from typing import Any

from board.domain.excerpts import excerpt
from board.domain.text import without_tags
from board.store import entries
from board.store.database import Tx

INDEX_LENGTH = 100_000  # characters of an issue that are indexed
WORD = re.compile(r"\w+")
MOST_WORDS = 12
LOOKED_THROUGH = 1_000  # issues that hold the words: of more, the newest (or oldest) ones are taken
ENOUGH = 100  # found issues with which no wider search is made
NEAR = 2_000  # issues that PostgreSQL reads one by one before it asks its index
FAR = 30_000  # issues to which its index is held then
SHORT = 3  # letters of words that say nothing of what an issue is about
ALIKE, SAMPLE, FREQUENT = 100, 500, 0.01
COMPLETIONS = 30


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


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())[:MOST_WORDS]


def query(text: str) -> str:
    """All words in PostgreSQL's query language, the last one as a beginning, too."""
    return " & ".join(words(text)) + ":*"


async def found(tx: Tx, text: str, *, oldest: bool = False) -> list[int]:
    """The public issues that hold the words: all of them, or of very many the newest (oldest) ones.

    How much is looked through does not grow with the board.
    """
    find = found_in_fts5 if tx.sqlite else found_in_gin
    return await find(tx, text, "ASC" if oldest else "DESC") if words(text) else []


async def found_in_fts5(tx: Tx, text: str, order: str) -> list[int]:
    """FTS5 reads whole words in the order of rows, and stops; for a beginning it first reads all that begins so.

    So frequent words that begin so are asked for before, as they stand in the newest issues.
    """
    *terms, last = [f'"{term}"' for term in words(text)]
    numbers: list[int] = []
    for ways in ([last], await completions(tx, words(text)[-1]), [f"{last}*"]):
        if ways and len(numbers) < ENOUGH:
            asked = " AND ".join([*terms, f"({' OR '.join(ways)})"])
            rows = await tx.rows(
                f"SELECT rowid AS issue FROM search WHERE search MATCH :query ORDER BY rowid {order} LIMIT :most",
                query=asked,
                most=LOOKED_THROUGH,
            )
            numbers = [row["issue"] for row in rows]
    return numbers


async def completions(tx: Tx, beginning: str) -> list[str]:
    """The words of the newest issues that begin so, in FTS5's spelling."""
    rows = await tx.rows(
        "SELECT title || ' ' || body AS text FROM (SELECT title, body FROM search ORDER BY rowid DESC LIMIT :most)"
        " AS newest WHERE title || ' ' || body LIKE '%' || :beginning || '%'",
        beginning=beginning,
        most=SAMPLE,
    )
    found = {word for row in rows for word in WORD.findall(row["text"].lower()) if word.startswith(beginning)}
    return [f'"{word}"' for word in sorted(found)[:COMPLETIONS]]


async def found_in_gin(tx: Tx, text: str, order: str) -> list[int]:
    """GIN finds all or nothing, so what is frequent is looked for in the nearest issues first, then farther off."""
    asked = query(text)
    rows = await tx.rows(
        "SELECT issue FROM (SELECT issue, words @@ to_tsquery('english', :query) AS is_hit FROM"
        f" (SELECT issue, words FROM search ORDER BY issue {order} LIMIT {NEAR}) AS near) AS looked_at"
        f" WHERE is_hit ORDER BY issue {order} LIMIT {LOOKED_THROUGH}",
        query=asked,
    )
    farther = f"> (SELECT MAX(issue) - {FAR}" if order == "DESC" else f"< (SELECT MIN(issue) + {FAR}"
    for within in (f"issue {farther} FROM search)", "1 = 1"):
        if len(rows) < ENOUGH:
            rows = await tx.rows(
                "WITH hits AS MATERIALIZED"
                f" (SELECT issue FROM search WHERE words @@ to_tsquery('english', :query) AND {within})"
                f" SELECT issue FROM hits ORDER BY issue {order} LIMIT {LOOKED_THROUGH}",
                query=asked,
            )
    return [row["issue"] for row in rows]


def among(tx: Tx) -> str:
    """The condition on `issues` that a row is one of the bound `:found`, as `given` made them."""
    if tx.sqlite:
        return "number IN (SELECT value FROM json_each(:found))"
    return "number = ANY(CAST(:found AS BIGINT[]))"


def given(tx: Tx, numbers: list[int]) -> Any:
    return json.dumps(numbers) if tx.sqlite else numbers


async def excerpts(tx: Tx, text: str, numbers: list[int]) -> dict[int, str]:
    """For each issue found: the words around the first hit."""
    terms = words(text)
    if not terms or not numbers:
        return {}
    key, listed = "rowid" if tx.sqlite else "issue", ", ".join(str(int(number)) for number in numbers)
    rows = await tx.rows(f"SELECT {key} AS issue, title, body FROM search WHERE {key} IN ({listed})")
    return {row["issue"]: excerpt(row["title"], row["body"], terms) for row in rows}


async def similar(tx: Tx, text: str, *, limit: int) -> list[int]:
    """The public issues that share most with the text, best first; a rare word counts for more than a frequent one."""
    terms = [term for term in dict.fromkeys(words(text)) if len(term) > SHORT]
    newest = await tx.value(f"SELECT MAX({'rowid' if tx.sqlite else 'issue'}) FROM search")
    if not terms or newest is None:
        return []
    holders = await (holders_in_fts5 if tx.sqlite else holders_in_gin)(tx, terms, newest)
    scores: defaultdict[int, float] = defaultdict(float)
    for share, numbers in holders:
        for number in numbers:
            scores[number] += math.log(2 / share)
    return sorted(scores, key=lambda number: (-scores[number], -number))[:limit]


Holders = list[tuple[float, list[int]]]  # for each word: the share of issues that hold it, and some of them


async def holders_in_fts5(tx: Tx, terms: list[str], newest: int) -> Holders:
    """The newest issues that hold each word; how far they reach back tells its share."""
    each = await first_of_each(
        tx,
        terms,
        f"SELECT rowid AS issue FROM search WHERE search MATCH :{{name}} ORDER BY rowid DESC LIMIT {ALIKE}",
        [f'"{term}"' for term in terms],
    )
    return [(len(n) / (newest - n[-1] + 1 if len(n) == ALIKE else newest), n) for n in each if n]


async def holders_in_gin(tx: Tx, terms: list[str], newest: int) -> Holders:
    """Of the newest issues those that hold a frequent word; of all those that hold a rare one."""
    hits = ", ".join(f"words @@ to_tsquery('english', :t{place}) AS t{place}" for place in range(len(terms)))
    rows = await tx.rows(
        f"SELECT issue, {hits} FROM (SELECT issue, words FROM search ORDER BY issue DESC LIMIT {SAMPLE}) AS near",
        **{f"t{place}": term for place, term in enumerate(terms)},
    )
    near = {term: [row["issue"] for row in rows if row[f"t{place}"]] for place, term in enumerate(terms)}
    frequent = {term for term in terms if len(near[term]) >= SAMPLE * FREQUENT}
    rare = [term for term in terms if term not in frequent]
    each = await first_of_each(
        tx,
        rare,
        f"SELECT issue FROM search WHERE words @@ to_tsquery('english', :{{name}}) LIMIT {ALIKE}",
        rare,
    )
    return [(len(near[term]) / len(rows), near[term]) for term in frequent] + [(len(n) / newest, n) for n in each if n]


async def first_of_each(tx: Tx, terms: list[str], select: str, queries: list[str]) -> list[list[int]]:
    """What the statement finds for each word, in one call."""
    if not terms:
        return []
    each = [
        f"SELECT {place} AS term, issue FROM ({select.format(name=f't{place}')}) AS holders"
        for place in range(len(terms))
    ]
    found: list[list[int]] = [[] for _ in terms]
    for row in await tx.rows(" UNION ALL ".join(each), **{f"t{place}": asked for place, asked in enumerate(queries)}):
        found[row["term"]].append(row["issue"])
    return found
