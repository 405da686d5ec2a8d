"""What customers and anyone else do: file, comment, confirm, dispute, withdraw, thank, correct, follow, “mine too”."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from board.actions.acting import Done, act, load, signed
from board.actions.company import make_area
from board.domain import decisions, letters, receipts
from board.domain import words as typed_words
from board.domain.events import Event, Words
from board.domain.faults import Fault
from board.domain.holding import why_hold
from board.domain.issue import Issue
from board.domain.leaf import milliseconds
from board.domain.links import Links
from board.domain.people import NEWCOMER, STRANGER, Actor, Poster, require
from board.domain.phrase import phrase
from board.domain.wording import Say
from board.domain.words import Filing
from board.errors import Conflict, Invalid, NotFound
from board.store import company, entries, intake, issues, moderation, outbox, own_data, record
from board.store.database import Tx, WriteTx

UNSURE = "General"
LOOKED_AT = phrase("Words like these are looked at before everybody can read them. Write them as a comment instead.")


@dataclass(frozen=True)
class Filed:
    """A new issue: its number, its private link, and whether it is held for a look."""

    number: int
    private_url: str
    held: bool
    done: Done


def read_filing(typed: Mapping[str, str], *, needs_email: bool) -> Filing:
    """A filing from the fields of a form or a request; raises Invalid with every field that is wrong."""
    return typed_words.filing(
        body=typed.get("body", ""),
        title=typed.get("title", ""),
        area=typed.get("area", ""),
        name=typed.get("name", ""),
        email=typed.get("email", ""),
        details=typed.get("private", ""),
        needs_email=needs_email,
    )


async def file(tx: WriteTx, filing: Filing, *, via: str, links: Links, say: Say, poster: Poster = NEWCOMER) -> Filed:
    """Files an issue; the filer gets the private link here. An address gets one mail, which asks whether it is theirs.

    Private details are the door's to keep: `privately.tell`.
    """
    setup = await company.read(tx)
    area = await known_area(tx, filing.area)
    number = await issues.next_number(tx)
    by = Actor(standing="filer", name=filing.name)
    text = f"{filing.title}\n{filing.body}"
    why = why_hold(
        setup.moderation, is_known=poster.is_known, text=text, held_words=setup.held_words, doubts=poster.doubts
    )
    events = decisions.file(
        number, area=area, via=via, words=signed(by, title=filing.title, body=filing.body), publish=why is None
    )
    done = Done(number, tuple(await record.append(tx, events)))
    await note(tx, done, poster, why)
    now_ms, is_own = milliseconds(tx.at), poster.email is not None and poster.email == filing.email
    await intake.add_filer(tx, issue=number, email=filing.email, confirmed_ms=now_ms if is_own else None)
    url = links.private(number)
    if filing.email:
        letter = letters.receipt(
            number=number,
            title=filing.title,
            company=setup.name,
            url=url if is_own else links.mail(number),
            held=why is not None,
            asks=not is_own,
            attached=receipts.text(done.events[0], company=setup.name, url=links.issue(number), say=say),
            say=say,
        )
        await outbox.put(tx, message_id=f"receipt.{number}", recipient=filing.email, letter=letter, now_ms=now_ms)
    return Filed(number, url, why is not None, done)


async def want_mail(tx: Tx, number: int, now_ms: int) -> None:
    """The filer's address said yes, also where it said no before."""
    filer = await intake.filer(tx, number)
    if filer and filer.email:
        await intake.confirm_filer(tx, number, now_ms)
        await own_data.hear_of(tx, filer.email, number)


async def note(tx: WriteTx, done: Done, poster: Poster, why: str | None) -> None:
    """Keeps privately whose browser it was, and why the words wait where they do."""
    seq = done.events[0].index
    if poster.mark is not None:
        await moderation.note_post(tx, seq=seq, issue=done.issue, voter=poster.mark, email=poster.email)
    if why is not None:
        await moderation.hold(tx, seq=seq, issue=done.issue, why=why)


async def known_area(tx: WriteTx, slug: str) -> str:
    """The area that was named; where none was, the only one there is, else the general one."""
    known = [area.slug for area in await company.areas(tx)]
    if not slug:
        return known[0] if len(known) == 1 else await make_area(tx, UNSURE)
    if slug not in known:
        raise Invalid({"area": "Choose one of the areas in the list."})
    return slug


async def comment(tx: WriteTx, number: int, *, by: Actor, body: str, via: str, poster: Poster = NEWCOMER) -> Done:
    """A public comment; where the policy says so it is recorded and waits for a moderator's look."""
    setup = await company.read(tx)
    is_known = poster.is_known or (by.standing == "filer" and await issues.is_public(tx, number))
    why = why_hold(setup.moderation, is_known=is_known, text=body, held_words=setup.held_words, doubts=poster.doubts)
    done = await act(
        tx, number, by, lambda i, at: decisions.comment(i, by=by, words=signed(by, body=body), via=via, at=at)
    )
    await note(tx, done, poster, why)
    if why is None:
        return done
    held = await record.append(tx, decisions.hold_comment(await load(tx, number), done.events[0].index))
    return Done(number, (*done.events, *held))


async def confirm(tx: WriteTx, number: int, *, by: Actor, body: str | None = None, grade: int | None = None) -> Done:
    """The customer says that it is cured, with thanks and a grade (1–5) if they like."""
    given = {key: value for key, value in {"body": body, "grade": str(grade) if grade else None}.items() if value}
    return await with_words(tx, number, by, given, decisions.confirm)


async def dispute(tx: WriteTx, number: int, *, by: Actor, body: str) -> Done:
    before = await load(tx, number)
    done = await with_words(tx, number, by, {"body": body}, decisions.dispute)
    await take_back_followers(tx, number, before.merged_into)
    return done


async def take_back_followers(tx: WriteTx, number: int, into: int | None) -> None:
    """Whatever ends a merge sends the followers back who came by it, however far they were brought."""
    if into is None:
        return
    await intake.send_followers_back(tx, source=number, into=into)
    await issues.recount(tx, into)
    while (row := await issues.find(tx, into)) and row["merged_into"] is not None:
        await intake.let_go_along(tx, source=into, into=row["merged_into"])
        into = row["merged_into"]
        await issues.recount(tx, into)


async def withdraw(tx: WriteTx, number: int, *, by: Actor, body: str | None = None) -> Done:
    given = {"body": body} if body else {}
    return await with_words(tx, number, by, given, decisions.withdraw)


async def with_words(tx: WriteTx, number: int, by: Actor, words: Words, decide: Callable[..., list[Event]]) -> Done:
    """Does the act with its words; where they wait for a look it is done without, and they follow as a held comment."""
    body = words.get("body")
    waits = body is not None and await is_looked_at_first(tx, number, by, body)
    given = {field: value for field, value in words.items() if not (waits and field == "body")}
    done = await act(tx, number, by, lambda i, at: decide(i, by=by, words=given, at=at))
    if not waits or body is None:
        return done
    said = await comment(tx, number, by=by, body=body, via="web")
    return Done(number, (*done.events, *said.events))


async def is_looked_at_first(tx: Tx, number: int, by: Actor, words: str) -> bool:
    """Whether the company's policy holds these words of the filer, whom the public reads already."""
    row = await issues.find(tx, number)
    if by.standing != "filer" or row is None or row["visibility"] != "public":
        return False
    setup = await company.read(tx)
    return why_hold(setup.moderation, is_known=True, text=words, held_words=setup.held_words) is not None


async def thank(tx: WriteTx, number: int, *, by: Actor, body: str) -> Done:
    if await is_looked_at_first(tx, number, by, body):
        raise Invalid({"body": LOOKED_AT})
    return await act(tx, number, by, lambda i, at: decisions.thank(i, by=by, words=signed(by, body=body), at=at))


async def correct(tx: WriteTx, number: int, *, by: Actor, target: int, words: dict[str, str]) -> Done:
    """New words for one's own text at `target`; fields that are the same as before are left alone.

    What is looked at first cannot come this way: nobody reads a harmless text and finds another one there later.
    """
    entry = await entries.one(tx, target)
    if entry is None or entry["issue"] != number:
        raise NotFound("There are no words at this place.")
    now = await entries.wording(tx, target, words)
    changed = {field: value for field, value in words.items() if value != now[field]}
    is_read = entry["status"] == "public"  # what is held stays held under its new words
    waits = is_read and await is_looked_at_first(tx, number, by, "\n".join(changed.values()))

    def decide(issue: Issue, at: datetime) -> list[Event]:
        correct = partial(decisions.correct, issue, by=by, target=target, at=at)
        correct(words=words)  # refuses what is not theirs, also where nothing has changed
        if changed and waits:
            raise Invalid(dict.fromkeys(changed, LOOKED_AT))
        return correct(words=changed) if changed else []

    return await act(tx, number, by, decide)


async def follow(tx: WriteTx, number: int, *, email: str, links: Links, say: Say, is_own: bool = False) -> None:
    """Asks the address whether it wants to follow, the same whether it does already or not; not where it `is_own`."""
    row = await issues.find(tx, number)
    if row is None or row["visibility"] != "public":
        raise Conflict("This issue cannot be followed.")
    wish = await intake.follow(tx, issue=number, email=email, now_ms=milliseconds(tx.at))
    if is_own:
        await own_data.hear_of(tx, email, number)
        await confirm_follow(tx, wish.id, milliseconds(tx.at))
        return
    setup = await company.read(tx)
    letter = letters.follow_question(
        number=number, title=row["title"] or "", company=setup.name, url=links.follow(wish.id), say=say
    )
    # An address that has not said yes gets this one message, however often anybody types it.
    await outbox.put(tx, message_id=f"follow.{wish.id}", recipient=email, letter=letter, now_ms=milliseconds(tx.at))


async def confirm_follow(tx: Tx, follow: int, now_ms: int) -> int:
    """The address said yes; returns the issue's number."""
    found = await intake.follow_by_id(tx, follow)
    if found is None:
        raise NotFound("You do not follow this issue any more.")
    await intake.confirm_follow(tx, follow, now_ms)
    await issues.recount(tx, found.issue)
    return found.issue


async def stop_telling(tx: Tx, number: int) -> None:
    """Ends the mails about the issue to whoever filed it, or whose address was typed."""
    filer = await intake.filer(tx, number)
    if filer and filer.email:
        await own_data.be_quiet(tx, filer.email, number)
        await outbox.give_up_about(tx, number, filer.email, error=str(Fault("unwanted")))


async def stop_following(tx: Tx, follow: int) -> int | None:
    """Ends the mails; returns the issue's number, None where they had ended before.

    An address that says no to the question is not asked again, whoever types it.
    """
    found = await intake.follow_by_id(tx, follow)
    if found is None:
        return None
    if not found.confirmed:
        await own_data.be_quiet(tx, found.email, found.issue)
    await intake.stop_following(tx, follow)
    await issues.recount(tx, found.issue)
    filer = await intake.filer(tx, found.issue)
    if filer is None or filer.email != found.email:  # else they wait for who filed it
        await outbox.give_up_about(tx, found.issue, found.email, error=str(Fault("unwanted")))
    return found.issue


async def mine_too(tx: WriteTx, number: int, *, voter: bytes, by: Actor = STRANGER) -> None:
    """One for each voter (an opaque hash); anyone on a public issue."""
    require(by, "mine_too")
    row = await issues.find(tx, number)
    if row is None or row["visibility"] != "public":
        raise Conflict("This issue is not open to others now.")
    await intake.add_mine_too(tx, number, voter)
    await issues.recount(tx, number)
