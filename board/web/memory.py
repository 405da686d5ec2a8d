"""Pages as they were last sent, kept for whoever asks next: each until something that it shows has changed.

Bounded in bytes; what was asked for longest ago goes first.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import Message

from board.store.touches import COMPANY
from board.web.coding import CODINGS, IDENTITY, WORTH_IT, encode
from board.web.shown import Shown

BESIDE, BESIDE_FORM = 2_000, 3_500  # bytes that a page and each of its forms take beside their content, as measured
LARGE = 64 * 1024  # bytes; more is compressed beside the loop

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Form:
    """An answer that is ready to be sent: as two messages, or its head as bytes without the empty line."""

    start: Message
    body: Message
    head: bytes

    @property
    def content(self) -> bytes:
        content: bytes = self.body["body"]
        return content


def ready(status: int, headers: Headers, content: bytes) -> Form:
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())]
    lines += [b"%b: %b\r\n" % header for header in headers]
    return Form(
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": content},
        b"".join(lines),
    )


@dataclass(slots=True, eq=False)
class Page:
    """An answer that is the same for everybody; `headers` are those of all its forms. True from `made` to `until`."""

    status: int
    route: str
    headers: Headers
    content: bytes
    made: float
    until: float
    digest: bytes = b""
    size: int = BESIDE
    forms: dict[str, Form] = field(default_factory=dict)
    unchanged: dict[bytes, Form] = field(default_factory=dict)
    pressing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        own = next((value[1:-1] for name, value in self.headers if name == b"etag" and value.startswith(b'"')), None)
        self.headers = [header for header in self.headers if header[0] != b"etag"]
        self.digest = own or hashlib.blake2b(self.content, digest_size=12).hexdigest().encode()
        self.add(IDENTITY, self.content)

    def tag(self, coding: str) -> bytes:
        """The strong ETag of one form: of what it shows, so that every process has the same for the same bytes."""
        return b'"%b"' % self.digest if coding == IDENTITY else b'"%b-%b"' % (self.digest, coding.encode())

    def add(self, coding: str, content: bytes) -> None:
        headers = [*self.headers, (b"content-length", b"%d" % len(content))]
        if coding != IDENTITY:
            headers.append((b"content-encoding", coding.encode()))
        if self.status == 200:
            headers.append((b"etag", self.tag(coding)))
        self.forms[coding] = ready(self.status, headers, content)
        self.size += BESIDE_FORM + len(content)

    async def form(self, coding: str) -> Form:
        """Made at the first use, once for all who ask meanwhile."""
        if len(self.content) < WORTH_IT or (b"content-type", b"image/png") in self.headers:
            self.forms[coding] = self.forms[IDENTITY]
        if coding not in self.forms:
            async with self.pressing:
                if coding not in self.forms:
                    self.add(coding, await self.press(coding))
        return self.forms[coding]

    async def press(self, coding: str) -> bytes:
        if len(self.content) < LARGE:
            return encode(self.content, coding)
        return await asyncio.to_thread(encode, self.content, coding)

    def not_modified(self, known: bytes) -> Form | None:
        """The answer to who has this page already: `known` is an If-None-Match header."""
        if known in self.unchanged:
            return self.unchanged[known]
        if self.status != 200 or (self.digest not in known and known != b"*"):
            return None
        tags = [self.tag(coding) for coding in (IDENTITY, *CODINGS)]
        tag = next((tag for tag in tags if tag in known), tags[0])
        headers = [header for header in self.headers if header[0] != b"content-type"]
        self.unchanged[tag] = ready(304, [*headers, (b"etag", tag)], b"")
        return self.unchanged[tag]


@dataclass(slots=True, eq=False)
class Place:
    """Where a page is, or will be as soon as it is made."""

    shown: Shown
    making: "asyncio.Task[Page | None]"
    page: Page | None = None
    size: int = 0


class Memory:
    """`most` is in bytes. `heed` is for the stream: what changed is forgotten at once, in every form."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.under_way = 0  # pages that are being made, for which somebody waits
        self.places: OrderedDict[str, Place] = OrderedDict()
        self.by_topic: dict[str, set[str]] = {}

    def find(self, key: str, now: float) -> Page | None:
        place = self.places.get(key)
        page = place.page if place else None
        if page is None:
            return None
        if not page.made <= now <= page.until:
            self.forget(key)
            return None
        self.places.move_to_end(key)
        return page

    def making(self, key: str) -> "asyncio.Task[Page | None] | None":
        """Who makes this page just now, and has begun after all changes that were seen."""
        place = self.places.get(key)
        return place.making if place and place.page is None else None

    def begin(self, shown: Shown, making: "asyncio.Task[Page | None]") -> None:
        self.forget(shown.key)
        self.under_way += 1
        self.places[shown.key] = Place(shown, making)
        for topic in shown.topics:
            self.by_topic.setdefault(topic, set()).add(shown.key)
        making.add_done_callback(lambda made: self.end(shown.key, made))

    def end(self, key: str, made: "asyncio.Task[Page | None]") -> None:
        """Keeps what was made, unless something that it shows has changed meanwhile."""
        self.under_way -= 1
        page = None if made.cancelled() or made.exception() else made.result()
        place = self.places.get(key)
        if place is None or place.making is not made:
            return
        if page is None or page.status != 200:
            self.forget(key)
        else:
            place.page = page
            self.weigh(key)

    def weigh(self, key: str) -> None:
        """Counts the page again: it may have got another form."""
        place = self.places.get(key)
        if place and place.page:
            self.size += place.page.size - place.size
            place.size = place.page.size
            while self.size > self.most:
                self.forget(next(one for one, other in self.places.items() if other.page))

    def heed(self, topics: frozenset[str] | None) -> None:
        if topics is None or COMPANY in topics:
            self.forget_all()
        else:
            self.forget_each({key for topic in topics for key in self.by_topic.get(topic, ())})

    def forget_all(self) -> None:
        self.forget_each(list(self.places))

    def forget_each(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.forget(key)

    def forget(self, key: str) -> None:
        place = self.places.pop(key, None)
        if place is None:
            return
        self.size -= place.size
        for topic in place.shown.topics:
            self.by_topic[topic].discard(key)
            if not self.by_topic[topic]:
                del self.by_topic[topic]
