"""One post a row, with what the company made of it: what Fider, UserVoice, Canny and plain tables have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO

from board.importers.lines import (
    Found,
    Message,
    Options,
    Unreadable,
    area,
    conversation,
    encode,
    message,
    moment,
    person,
    words,
)
from board.importers.tables import plain_name, rows

FIELDS = (
    "id",
    "title",
    "body",
    "author",
    "created",
    "area",
    "tags",
    "status",
    "response",
    "responder",
    "responded",
    "shown",
    "original",
)
# What the company does about a post, by the words for it: the state or the resolution here.
IN_PROGRESS, FIXED, ANSWERED, DECLINED = (
    {"state": "in_progress"},
    {"resolution": "fixed"},
    {"resolution": "answered"},
    {"resolution": "declined"},
)
OUTCOMES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("planned", "started", "inprogress", "workingonit", "inreview"), IN_PROGRESS),
    **dict.fromkeys(("completed", "complete", "shipped", "done", "released", "fixed", "implemented"), FIXED),
    **dict.fromkeys(("alreadyexists", "answered", "solved", "resolved", "duplicate"), ANSWERED),
    **dict.fromkeys(("declined", "closed", "rejected", "notplanned", "wontdo", "willnotimplement"), DECLINED),
}
UNTOUCHED = frozenset({"", "open", "new", "active", "none"})
SHOWN = frozenset({"", "published", "approved", "public", "true", "yes"})


@dataclass(frozen=True, kw_only=True)
class Product:
    """Where posts come from: how readers call it, its code, and under which names it keeps what."""

    name: str
    code: str
    there: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ("title", "created")
    marks: frozenset[str] = field(default_factory=frozenset)


def read(stream: BinaryIO, product: Product, options: Options) -> Iterator[Found]:
    """A line for each post; raises Unreadable where a column is missing that no post goes without."""
    chosen: dict[str, list[str]] | None = None
    for row in rows(stream):
        if chosen is None and not row.why:
            chosen = columns(product, options, tuple(row.cells))
        if row.why:
            yield Found(row.place, b"", row.why)
            continue
        post = {one: first(row.cells, names) for one, names in (chosen or {}).items()}
        try:
            yield Found(row.place, encode(line(post, product, options)))
        except ValueError as wrong:
            yield Found(row.place, b"", str(wrong))


def first(cells: Mapping[str, str], names: list[str]) -> str:
    """What stands in the first of the columns in which something stands."""
    return next((cells[name].strip() for name in names if cells[name].strip()), "")


def columns(product: Product, options: Options, head: tuple[str, ...]) -> dict[str, list[str]]:
    """Under which names of the head each field may stand."""
    chosen: dict[str, list[str]] = {}
    for one in FIELDS:
        names = (plain_name(options.columns[one]),) if one in options.columns else product.columns.get(one, ())
        if found := [name for name in names if name in head]:
            chosen[one] = found
        elif one in options.columns:
            raise Unreadable(f"there is no column “{options.columns[one]}”; there are: {', '.join(head)}")
    for needed in product.needs:
        if needed not in chosen:
            raise Unreadable(
                f"no column is the {needed}: say which with --map {needed}=…; there are: {', '.join(head)}"
            )
    return chosen


def line(post: Mapping[str, str], product: Product, options: Options) -> dict[str, object]:
    """The import line of a post. Raises ValueError with the reason why there is none."""
    if plain_name(post.get("shown", "")) not in SHOWN:
        raise ValueError(f"was not public there ({post['shown']})")
    title, body = post.get("title", ""), words(post.get("body", ""))
    if not (title or body):
        raise ValueError("has no title and no text")
    filed, tags = moment(post.get("created")), post.get("tags", "").split(",")
    answer = response(post, product, options)
    return conversation(
        source=product.code,
        source_id=post.get("id") or made_id(post),
        title=title or body,
        area=area(options, tags=tags, own=post.get("area", ""), source=product.name),
        messages=(message("customer", body, at=filed, source_id="post", name=post.get("author")), answer),
        is_open=True,
    )


def made_id(post: Mapping[str, str]) -> str:
    """The same for the same post, where a table gives no number."""
    return sha256("\0".join(post.get(one, "") for one in ("title", "body", "author", "created")).encode()).hexdigest()[
        :32
    ]


def response(post: Mapping[str, str], product: Product, options: Options) -> Message | None:
    """The company's word; where it only set a status, that is said. When it did is known of a response only."""
    said, status = words(post.get("response", "")), post.get("status", "")
    code = plain_name(status)
    if not said and code in UNTOUCHED:
        return None
    known = post.get("responded")
    at = moment(known or options.now.isoformat())
    follows = OUTCOMES.get(code, {})
    original = f" It is the same as “{post['original']}”." if code == "duplicate" and post.get("original") else ""
    return message(
        "staff",
        (said or f"{product.there} this was marked “{status}”.") + original,
        at=at,
        source_id=f"status {code}" if not known else f"response {at} {code}",
        name=person(post.get("responder")),
        **follows,
    )
