"""The look-over before words become public: what looks private in them is shown, and whoever wrote them decides."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from board.domain import finds
from board.domain.finds import LABELS, LIMIT, MASKS, Find
from board.domain.phrase import phrase
from board.domain.text import clean
from board.domain.wording import Say
from board.errors import Invalid
from board.store import company, entries
from board.store.company import Company
from board.store.database import Tx
from board.web import json, limits, session
from board.web.home import is_number
from board.web.page import TooLarge, form, frame, page

FIELDS = ("title", "body", "name", "whose")  # what everybody will read
CHOICES = ("move", "mask", "publish")
SINGLY = 30  # finds that are decided one by one; more of them together
Typed = dict[str, str]


class WouldBePublic(Invalid):
    """Words that look private and about which nobody has decided; nothing is published yet."""

    title = "This would be public"

    def __init__(self, typed: Typed, found: dict[str, list[Find]], *, has_box: bool = False) -> None:
        self.typed, self.found, self.has_box = typed, found, has_box
        super().__init__(
            {
                field: phrase(
                    "Looks private: {kinds}. Take it out, or say that it may be public.",
                    kinds=", ".join(dict.fromkeys(LABELS[one.kind] for one in found_there)),
                )
                for field, found_there in found.items()
            }
        )

    @property
    def errors(self) -> list[dict[str, str | int]]:
        """One line for each find; its place counts characters of the text as it would be kept."""
        return [
            {"field": field, "detail": self.fields[field], "kind": one.kind, "start": one.start, "end": one.end}
            for field, found_there in self.found.items()
            for one in found_there
        ]


async def settled(
    request: Request, typed: Typed, *, right: str | None = None, has_box: bool = False, corrects: int | None = None
) -> Typed:
    """What was typed, changed as its writer decided; raises WouldBePublic while something is undecided.

    `right` is what the act takes of staff: nobody else is asked. With `has_box` finds can move to where the company
    alone reads them. What was let through is named in `confirmed`, so that the same words are not asked about again;
    nor is what stands already in the words that are corrected, of the issue `corrects`.
    """
    board = request.app.state.board
    async with board.db.reading() as tx:
        if right:
            await session.require_staff(tx, request, right)
        setup = await company.read(tx)
        stands = await standing(tx, corrects, typed.get("target", "")) if corrects else {}
    found = await run_in_threadpool(found_in, typed, setup, stands)
    wishes = {mark: wish(typed, mark, has_box=has_box) for mark in marks(typed, found)}
    if not all(wishes.values()):
        raise WouldBePublic(typed, found, has_box=has_box)
    return carried_out(typed, found, wishes, board.renderer.say, has_box=has_box)


async def check(request: Request, given: Typed, *, corrects: tuple[int, int] | None = None) -> None:
    """For programs, which say at once whether something private may be public; raises WouldBePublic.

    Nobody is asked about what stands already in the words that are corrected, by their issue and index.
    """
    async with request.app.state.board.db.reading() as tx:
        setup = await company.read(tx)
        stands = await standing(tx, corrects[0], str(corrects[1])) if corrects else {}
    if found := await run_in_threadpool(found_in, given, setup, stands):
        raise WouldBePublic(given, found)


async def standing(tx: Tx, issue: int, target: str) -> Typed:
    """The words at the target as everybody reads them already; nothing where they are not public."""
    entry = await entries.one(tx, int(target)) if is_number(target) else None
    if entry is None or entry["issue"] != issue or entry["status"] != "public":
        return {}
    return {field: words or "" for field, words in (await entries.wording(tx, int(target), FIELDS)).items()}


def found_in(typed: Typed, setup: Company, stands: Typed | None = None) -> dict[str, list[Find]]:
    """The finds of each field about which its writer has not decided before, and which do not stand there already."""
    regions = finds.region_codes(setup.phone_regions)
    confirmed = set(typed.get("confirmed", "").split())
    for words in (stands or {}).values():
        confirmed |= {mark_of(words, one) for one in finds.find(words, setup.order_pattern, regions)}
    found = {}
    for field in FIELDS:
        words = shown(typed, field)
        there = finds.find(words, setup.order_pattern, regions)
        if left := [one for one in there if mark_of(words, one) not in confirmed]:
            found[field] = left
    return found


def shown(typed: Typed, field: str) -> str:
    """The words of the field as they would be kept."""
    return clean(typed.get(field, ""), lines=field == "body")


def mark_of(words: str, one: Find) -> str:
    """What names the words of a find in a form: the same for the same words, wherever they stand."""
    return sha256(f"{one.kind} {words[one.start : one.end]}".encode()).hexdigest()[:16]


def marks(typed: Typed, found: dict[str, list[Find]]) -> dict[str, tuple[str, str]]:
    """The different finds by their marks, each with its kind and its words."""
    return {
        mark_of(words, one): (one.kind, words[one.start : one.end])
        for field, there in found.items()
        for words in (shown(typed, field),)
        for one in there
    }


def wish(typed: Typed, mark: str, *, has_box: bool) -> str | None:
    """What the writer wants done with a find; all together can be taken out, but not published unseen."""
    one, together = typed.get(f"find-{mark}"), typed.get("find-all")
    chosen = one or (together if together != "publish" else None)
    return chosen if chosen in CHOICES and (has_box or chosen != "move") else None


def carried_out(
    typed: Typed, found: dict[str, list[Find]], wishes: dict[str, str | None], say: Say, *, has_box: bool
) -> Typed:
    """The fields with each find where its writer wants it."""
    kept = {key: value for key, value in typed.items() if not key.startswith("find-")}
    for field, there in found.items():
        words = shown(typed, field)
        kept[field] = finds.mask(words, (one for one in there if wishes[mark_of(words, one)] != "publish"), say)
    if has_box and shown(kept, "body") != shown(typed, "body") and kept.get("title", "").endswith("…"):
        kept["title"] = ""  # cut from the first sentence, it may end within a find: it is made again from what is left
    moved = [
        f"{say(LABELS[kind])}: {words}" for mark, (kind, words) in marks(typed, found).items() if wishes[mark] == "move"
    ]
    if moved:
        kept["private"] = "\n".join(filter(None, (kept.get("private", ""), *moved)))
    if published := [mark for mark, chosen in wishes.items() if chosen == "publish"]:
        kept["confirmed"] = " ".join((*typed.get("confirmed", "").split(), *published))
    return kept


async def ask(request: Request, would: WouldBePublic) -> Response:
    """The page that shows what would be public, and asks about each find."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
    say, typed = request.app.state.board.renderer.say, would.typed
    asked = [
        {"mark": mark, "kind": kind, "label": say(LABELS[kind]), "gone": say(MASKS[kind]), "words": words}
        | {"chosen": wish(typed, mark, has_box=would.has_box) or proposed(kind, has_box=would.has_box)}
        for mark, (kind, words) in marks(typed, would.found).items()
    ]
    return page(
        request,
        around,
        "would_be_public.html",
        status=would.status,
        texts=[
            {"field": field, "typed": typed[field], "parts": list(parts(shown(typed, field), there, say))}
            for field, there in would.found.items()
        ],
        asked=asked if len(asked) <= SINGLY else [],
        count=len(asked),
        has_box=would.has_box,
        carried={k: v for k, v in typed.items() if k not in would.found and not k.startswith("find-")},
    )


def proposed(kind: str, *, has_box: bool) -> str:
    """Nobody needs a password, not even the company."""
    return "move" if has_box and kind != "secret" else "mask"


def parts(words: str, there: list[Find], say: Say) -> Iterator[dict[str, Any]]:
    """The words in pieces; a find has the label of its kind."""
    at = 0
    for one in there:
        yield {"words": words[at : one.start], "label": None}
        yield {"words": words[one.start : one.end], "label": say(LABELS[one.kind])}
        at = one.end
    yield {"words": words[at:], "label": None}


async def look(request: Request) -> Response:
    """Where something looks private in words that are still being typed; nothing of them is kept."""
    text = (await form(request)).get("text", "")
    if len(text) > LIMIT:
        raise TooLarge(phrase("At most {most:,} characters are looked over at once.", most=LIMIT))
    await limits.spend(request, "look")
    async with request.app.state.board.db.reading() as tx:
        setup = await company.read(tx)
    regions = finds.region_codes(setup.phone_regions)
    found = await run_in_threadpool(finds.find, text, setup.order_pattern, regions)
    say = request.app.state.board.renderer.say
    places = [{"kind": o.kind, "label": say(LABELS[o.kind]), "start": o.start, "end": o.end} for o in found]
    return json.answer({"finds": places})
