"""Which formats can be read, and which one a file is in."""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from board.importers import fider, github, posts, zendesk
from board.importers.lines import Found, Options, Unreadable
from board.importers.products import CANNY, FIDER, TABLE, USERVOICE
from board.importers.tables import plain_name

LOOKED_AT = 1 << 16
Reader = Callable[[BinaryIO, Options], Iterator[Found]]


def own_lines(stream: BinaryIO, options: Options) -> Iterator[Found]:
    """The board's own import lines, as they are."""
    for number, line in enumerate(stream, 1):
        yield Found(f"line {number}", line.removesuffix(b"\n"))


READERS: dict[str, Reader] = {
    "board": own_lines,
    "fider": fider.read,
    "github": github.read,
    "uservoice": lambda stream, options: posts.read(stream, USERVOICE, options),
    "canny": lambda stream, options: posts.read(stream, CANNY, options),
    "zendesk": zendesk.read,
    "csv": lambda stream, options: posts.read(stream, TABLE, options),
}
JSON_SIGNS = {
    "board": re.compile(r'"messages"\s*:.*"by"\s*:|"source_id"'),
    "zendesk": re.compile(r'"(?:requester_id|requester|submitter_id|raw_subject)"|zendesk\.com'),
    "github": re.compile(r'"(?:authorAssociation|author_association|createdAt|pull_request|stateReason)"|github\.com'),
}


def guess(stream: BinaryIO) -> str:
    """The format of a file, by how it begins; raises Unreadable where that is not clear."""
    start = stream.read(LOOKED_AT)
    stream.seek(0)
    if start.startswith(fider.ZIP):
        return "fider"
    text = start.decode("utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace").strip()
    if not text:
        return "board"
    if text[0] in "{[":
        return next((name for name, signs in JSON_SIGNS.items() if signs.search(text)), "board")
    return of_table(text.splitlines()[0], text)


def of_table(head: str, text: str) -> str:
    columns = set(filter(None, map(plain_name, re.split(r"[,;\t|]", head))))
    if len(columns) < 2:
        raise Unreadable("this file is in no format that is clear from how it begins: say which with --from")
    if columns >= FIDER.marks:
        return "fider"
    if columns & USERVOICE.marks:
        return "uservoice"
    return "canny" if "canny.io" in text or len(columns & CANNY.marks) >= 4 else "csv"
