"""The read model of issues: rows for the list and the case, kept by `apply` in the transaction of the append."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from board.domain import events as e
from board.domain.clocks import Target
from board.domain.events import Words
from board.domain.leaf import Recorded
from board.store import company, entries, scrub, search, tallies, touches
from board.store.database import Tx
from board.store.projection import NO_WORD, Row, due, entry, last_word, project

COLUMNS = (
    "number, title, area, state, resolution, confirmation, visibility, reason, author, imported, turn, turn_since,"
    " filed_seq, filed_at, first_answer_at, settled_at, settled_time, paused_s, paused_since, due_at, promise_seq,"
    " promise_due, promise_missed, owner, merged_into, reopened, comments, last_event, last_hash, stage"
)
WORD_COLUMNS = "last_word, last_word_seq, last_word_role, last_word_name, last_word_at"
READ = f"SELECT {COLUMNS}, {WORD_COLUMNS}, owner_person, followers, mine_too FROM issues "
KEPT = f"{COLUMNS}, {WORD_COLUMNS}"
NAMES = [name.strip() for name in KEPT.split(",")]

CHANGES_WORDS = (
    e.IssueHeld,
    e.IssuePublished,
    e.IssueRestored,
    e.IssueRemoved,
    e.IssueRejected,
    e.CommentHeld,
    e.CommentPublished,
    e.CommentRejected,
    e.TextCorrected,
    e.TextRedacted,
)

Before = Row | None  # an issue as it was before an event

# The stages (`projection.stage`) of each filter. All of them are public; only those of the queue `held` are not.
WITH_COMPANY = ("company", "company_disputed")
WITH_CUSTOMER = ("customer", "customer_disputed")
OPEN = (*WITH_COMPANY, *WITH_CUSTOMER)
CLOSED = ("closed", "cured", "confirmed")
SETTLED = ("resolved", *CLOSED)
STATES = {
    "open": OPEN,
    "company": WITH_COMPANY,
    "customer": WITH_CUSTOMER,
    "overdue": WITH_COMPANY,
    "cured": ("resolved", "cured", "confirmed"),
    "confirmed": ("confirmed",),
    "disputed": ("company_disputed", "customer_disputed"),
    "closed": CLOSED,
    "all": (*OPEN, *SETTLED),
}
# What is late is counted and listed by an index on the time; it costs what is late, not what is there.
LATE = "due_at < :now"
IS_OPEN = f"stage IN {OPEN}"
UNREAD = "SELECT issue FROM private_words WHERE by_filer = 1 AND read_ms IS NULL"


def at(stages: Sequence[str], *conditions: str) -> list[str]:
    """A condition for each stage, so that an index gives the rows of each in the order of any sort."""
    return [" AND ".join([f"stage = '{stage}'", *conditions]) for stage in stages]


# Each queue as conditions that exclude each other; for each of them an index has the rows in the order of the queue.
QUEUES = {
    "mine": [f"owner_person = :person AND {IS_OPEN}"],
    "unanswered": [f"first_answer_at IS NULL AND {IS_OPEN}"],
    "overdue": at(WITH_COMPANY, LATE),
    "waiting": at((*WITH_CUSTOMER, "resolved")),
    "disputed": at(STATES["disputed"]),
    "private": [f"number IN ({UNREAD})"],
    "held": at(["held"]),
    "all": at(OPEN),
}
SORTS = {
    "active": ("last_event", "DESC"),
    "new": ("filed_at", "DESC"),
    "oldest": ("filed_at", "ASC"),
    "too": ("mine_too", "DESC"),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a list is asked for. `after` is the sort value and the number of the last row of the page before."""

    state: str = "open"
    area: str | None = None
    text: str | None = None
    sort: str = "active"
    after: tuple[Any, int] | None = None
    limit: int = 50


async def apply(tx: Tx, r: Recorded, words: Words, before: Before) -> list[str]:
    """Brings the read model up to the event; returns the topics that the event belongs to."""
    if r.issue is None:
        return []
    row = project(before, r, words, await target(tx, before, r.event))
    made = entry(row, r, words)
    row |= last_word(made)
    await keep(tx, before, row)
    await tallies.move(tx, before, row)
    await entries.apply(tx, row, r, words, made)
    if made["body_html"] is not None and row["visibility"] == "public":
        await search.add(tx, r.issue, made["body_html"])
    return topics(before, row)


async def with_target(tx: Tx, number: int | None) -> Before:
    """The issue with what its area aims at; None where there is none."""
    if number is None:
        return None
    return await tx.row(
        f"SELECT {KEPT}, first_answer_s, resolve_s FROM issues LEFT JOIN areas ON slug = area WHERE number = :number",
        number=number,
    )


async def target(tx: Tx, before: Row | None, event: e.Event) -> Target:
    """What the issue's area aims at, after an event that may move it there."""
    if before is None or isinstance(event, e.IssueMoved):
        return await company.target(tx, getattr(event, "area", ""))
    return Target(before["first_answer_s"], before["resolve_s"])


async def keep(tx: Tx, before: Row | None, row: Row) -> None:
    """Writes what has changed: an index is touched only where its columns are."""
    changed = [name for name in NAMES if before is None or row[name] != before[name]]
    values = {name: row[name] for name in {*changed, "number"}}
    if before is None:
        await tx.run(
            f"INSERT INTO issues ({', '.join(changed)}) VALUES ({', '.join(f':{name}' for name in changed)})", **values
        )
    else:
        changes = ", ".join(f"{name} = :{name}" for name in changed)
        await tx.run(f"UPDATE issues SET {changes} WHERE number = :number", **values)


async def show_words(tx: Tx, written: Sequence[Recorded]) -> None:
    """After events that change what may be read: the last public word and the search index follow."""
    changed = {r.issue for r in written if r.issue is not None and isinstance(r.event, CHANGES_WORDS)}
    for issue in sorted(changed):
        await show_last_word(tx, issue)
        await search.index(tx, issue)
    if erased := [r.index for r in written if isinstance(r.event, e.TextRedacted)]:
        await scrub.scrub(tx, erased[-1])


async def show_last_word(tx: Tx, issue: int) -> None:
    await tx.run(
        "UPDATE issues SET last_word = :last_word, last_word_seq = :last_word_seq, last_word_role = :last_word_role,"
        " last_word_name = :last_word_name, last_word_at = :last_word_at WHERE number = :issue",
        issue=issue,
        **{**NO_WORD, **last_word(await entries.last_word(tx, issue))},
    )


def topics(before: Row | None, row: Row) -> list[str]:
    """The issue, its area (both areas where it moves), and the issue that it is merged into or split from."""
    found = {f"issue:{row['number']}", f"area:{row['area']}"}
    if before:
        found.add(f"area:{before['area']}")
        found |= {f"issue:{other}" for other in (before["merged_into"], row["merged_into"]) if other is not None}
    return sorted(found)


async def find(tx: Tx, number: int) -> Row | None:
    return await tx.row(READ + "WHERE number = :number", number=number)


async def is_public(tx: Tx, number: int) -> bool:
    return bool(await tx.value("SELECT visibility = 'public' FROM issues WHERE number = :number", number=number))


async def next_number(tx: Tx) -> int:
    return int(await tx.value("SELECT COALESCE(MAX(number), 0) + 1 FROM issues"))


async def listed(tx: Tx, wanted: Wanted, now: str) -> list[Row]:
    """A page of public issues, one row more than `limit` where another page follows."""
    conditions, values = [LATE] if wanted.state == "overdue" else [], {"now": now, "area": wanted.area}
    if wanted.area:
        conditions.append("area = :area")
    if wanted.text is None:
        return await page(tx, at(STATES[wanted.state], *conditions), values, wanted)
    found = await search.found(tx, wanted.text, oldest=wanted.sort == "oldest")
    stages = ", ".join(f"'{stage}'" for stage in STATES[wanted.state])
    # Joined with nothing, so that no index on the stage is taken for a way to the few that are found.
    conditions += [search.among(tx), f"stage || '' IN ({stages})"]
    return await page(tx, [" AND ".join(conditions)], {**values, "found": search.given(tx, found)}, wanted)


async def queued(tx: Tx, queue: str, wanted: Wanted, *, person: int, now: str) -> list[Row]:
    """A page of a staff queue; those who wait longest for the company come first."""
    return await page(tx, QUEUES[queue], {"person": person, "now": now}, wanted)


async def filed_between(
    tx: Tx, since: str, until: str, *, stages: Sequence[str], areas: Sequence[str] = (), limit: int
) -> list[Row]:
    """The issues at these stages that were filed in the span, the newest first; of some areas only, or of all."""
    within = "filed_at >= :since AND filed_at <= :until"
    values: dict[str, Any] = {"since": since, "until": until, **{f"area{i}": area for i, area in enumerate(areas)}}
    of_areas = [f"area = :area{i} AND {within}" for i in range(len(areas))] or [within]
    branches = [branch for one in of_areas for branch in at(stages, one)]
    return (await page(tx, branches, values, Wanted(sort="new", limit=limit)))[:limit]


async def page(tx: Tx, branches: list[str], values: dict[str, Any], wanted: Wanted) -> list[Row]:
    """The first rows of each branch, by an index, and of them the first ones.

    The limit is written out: of a value that it does not know, PostgreSQL expects a tenth of the table.
    """
    column, order = SORTS[wanted.sort]
    ahead, limit = "", int(wanted.limit) + 1
    if wanted.after:
        ahead = f" AND ({column}, number) {'<' if order == 'DESC' else '>'} (:after_value, :after_number)"
        values = values | {"after_value": wanted.after[0], "after_number": wanted.after[1]}
    firsts = " UNION ALL ".join(
        f"SELECT * FROM (SELECT number, {column} AS place FROM issues WHERE {branch}{ahead}"
        f" ORDER BY {column} {order}, number {order} LIMIT {limit}) AS first_of_branch"
        for branch in branches
    )
    first = f"SELECT number FROM ({firsts}) AS firsts ORDER BY place {order}, number {order} LIMIT {limit}"
    return await tx.rows(f"{READ}WHERE number IN ({first}) ORDER BY {column} {order}, number {order}", **values)


async def by_number(tx: Tx, numbers: list[int]) -> list[Row]:
    """The public ones of these issues, in the order asked for."""
    if not numbers:
        return []
    listed = ", ".join(str(int(number)) for number in numbers)
    rows = await tx.rows(f"{READ} WHERE visibility = 'public' AND number IN ({listed})")
    return sorted(rows, key=lambda row: numbers.index(row["number"]))


async def merged_into(tx: Tx, number: int) -> list[Row]:
    return await tx.rows(
        "SELECT number, title FROM issues WHERE merged_into = :number AND visibility = 'public' ORDER BY number",
        number=number,
    )


async def counts(tx: Tx, now: str) -> dict[str, int]:
    """How many public issues each filter of the list holds."""
    kept = await tallies.by_stage(tx)
    found = {state: sum(kept[stage] for stage in stages) for state, stages in STATES.items()}
    return {**found, "overdue": await overdue(tx, now)}


async def stage_counts(tx: Tx, area: str | None) -> dict[str, int]:
    """How many public issues of the area, or of all, are open, unanswered, cured and confirmed."""
    kept = await tallies.by_stage(tx, area=area)
    unanswered = await tallies.by_stage(tx, area=area, unanswered=True)
    found = {state: sum(kept[stage] for stage in STATES[state]) for state in ("open", "cured", "confirmed")}
    return {**found, "unanswered": sum(unanswered[stage] for stage in OPEN)}


async def unanswered(tx: Tx, areas: Sequence[str], sort: Literal["oldest", "new"]) -> Row | None:
    """The issue in these areas that waits longest for a first answer, or the one that was filed last."""
    if not areas:
        return None
    values = {f"area{place}": area for place, area in enumerate(areas)}
    branches = [f"first_answer_at IS NULL AND {IS_OPEN} AND area = :{name}" for name in values]
    found = await page(tx, branches, values, Wanted(sort=sort, limit=0))
    return found[0] if found else None


async def overdue(tx: Tx, now: str) -> int:
    return int(await tx.value(f"SELECT COUNT(*) FROM issues WHERE stage IN {WITH_COMPANY} AND {LATE}", now=now))


async def next_due(tx: Tx, now: str) -> str | None:
    """When the next issue becomes overdue."""
    first = " UNION ALL ".join(
        f"SELECT MIN(due_at) AS due FROM issues WHERE {condition}" for condition in at(WITH_COMPANY, "due_at >= :now")
    )
    found: str | None = await tx.value(f"SELECT MIN(due) FROM ({first}) AS firsts", now=now)
    return found


async def queue_counts(tx: Tx, *, person: int, now: str) -> dict[str, int]:
    kept, unanswered = await tallies.by_stage(tx), await tallies.by_stage(tx, unanswered=True)
    mine = await tx.value(f"SELECT COUNT(*) FROM issues WHERE owner_person = :person AND {IS_OPEN}", person=person)
    private = await tx.value(f"SELECT COUNT(DISTINCT issue) FROM ({UNREAD}) AS unread")
    return {
        "mine": int(mine),
        "unanswered": sum(unanswered[stage] for stage in OPEN),
        "overdue": await overdue(tx, now),
        "waiting": sum(kept[stage] for stage in (*WITH_CUSTOMER, "resolved")),
        "disputed": sum(kept[stage] for stage in STATES["disputed"]),
        "private": int(private),
        "held": kept["held"],
        "all": sum(kept[stage] for stage in OPEN),
    }


async def due_for_lapse(tx: Tx, before: str, *, limit: int) -> list[int]:
    """Issues that were resolved before the time and never confirmed; those that are removed wait for their return."""
    rows = await tx.rows(
        "SELECT number FROM issues WHERE state = 'resolved' AND confirmation = 'asked' AND settled_time <= :before"
        " AND visibility <> 'removed' ORDER BY settled_time, number LIMIT :limit",
        before=before,
        limit=limit,
    )
    return [row["number"] for row in rows]


async def due_for_missing(tx: Tx, now: str, *, limit: int) -> list[int]:
    """Issues whose promised word did not come in time."""
    rows = await tx.rows(
        "SELECT number FROM issues WHERE promise_due < :now AND promise_missed = 0"
        " ORDER BY promise_due, number LIMIT :limit",
        now=now,
        limit=limit,
    )
    return [row["number"] for row in rows]


async def newly_late(tx: Tx, *, after: str, until: str) -> list[Row]:
    """Issues on which the company's word was due at a time in this span, the oldest first."""
    return await tx.rows(
        READ + f"WHERE stage IN {WITH_COMPANY} AND due_at > :after AND due_at <= :until ORDER BY due_at, number",
        after=after,
        until=until,
    )


async def set_owner(tx: Tx, number: int, person: int) -> None:
    """Who owns the issue, privately; the public name stands in the record."""
    await tx.run("UPDATE issues SET owner_person = :person WHERE number = :number", number=number, person=person)


async def recount(tx: Tx, number: int) -> None:
    """The numbers of followers and of “mine too”, from the private tables."""
    # The row is taken first: of two who count at once, the second one then sees what the first has written.
    await tx.run("UPDATE issues SET followers = followers WHERE number = :number", number=number)
    await tx.run(
        "UPDATE issues SET"
        " followers = (SELECT COUNT(*) FROM follows WHERE issue = :number AND confirmed_ms IS NOT NULL),"
        " mine_too = (SELECT COUNT(*) FROM mine_too WHERE issue = :number) WHERE number = :number",
        number=number,
    )
    await touches.touch(tx, "board", f"issue:{number}")


async def refresh_due(tx: Tx, area: str, target: Target) -> None:
    """Brings the due times of an area's open issues in line with its new target."""
    for row in await tx.rows(READ + "WHERE area = :area AND turn = 'company'", area=area):
        await tx.run(
            "UPDATE issues SET due_at = :due WHERE number = :number", due=due(row, target), number=row["number"]
        )


async def waiting_for_customers(tx: Tx, *, after: str, until: str) -> list[Row]:
    """Issues on which the customer's word is wanted since a time in this span: an answer, or whether the cure holds."""
    return await tx.rows(
        READ + "WHERE turn = 'customer' AND visibility = 'public' AND imported = 0"
        " AND COALESCE(settled_time, turn_since) > :after AND COALESCE(settled_time, turn_since) <= :until"
        " ORDER BY number",
        after=after,
        until=until,
    )


async def behind(tx: Tx, number: int, *, limit: int) -> list[Row]:
    """The issues with higher numbers, whatever their visibility: for exports, which hide what is not public."""
    return await tx.rows(READ + "WHERE number > :number ORDER BY number LIMIT :limit", number=number, limit=limit)
