"""A person's rights over what the board keeps of them: to have it, to move, to have peace, to be forgotten."""

from dataclasses import dataclass
from typing import Any

from board.actions import moderators, privately
from board.actions.acting import load
from board.domain import letters
from board.domain.issue import Issue
from board.domain.leaf import milliseconds
from board.domain.links import Links
from board.domain.people import Actor
from board.domain.wording import Say
from board.domain.words import address
from board.errors import Invalid, NotFound
from board.sealing import Box
from board.store import company, intake, issues, outbox, own_data, people, wishes
from board.store.database import Tx, WriteTx
from board.store.people import Session

NAMES = frozenset({"author.name"})
TEXTS = frozenset({"title", "body", "grade"})
HOURS = 24


@dataclass(frozen=True)
class Person:
    """Somebody as the board knows them: by the session of a browser, and its mark."""

    session: Session
    mark: bytes

    @property
    def email(self) -> str | None:
        return self.session.email


async def everything(tx: Tx, who: Person, *, box: Box, url: str) -> dict[str, Any]:
    """All that is kept of the person, as plain values for JSON."""
    filed = await people.granted(tx, who.session)
    posted = [number for number in await own_data.issues_posted_to(tx, who.mark) if number not in filed]
    follows = await intake.follows_of(tx, who.email) if who.email else []
    return {
        "address": who.email,
        "mail": None if who.email is None else not await own_data.is_quiet(tx, who.email),
        "mail_wishes": await mail_wishes(tx, who.email),
        "issues": [await issue_data(tx, number, who, box, url) for number in filed],
        "comments": [await text_data(tx, number, who, is_filer=False) for number in posted],
        "follows": [f"{url}/issues/{follow.issue}" for follow in follows],
        "mine_too": [f"{url}/issues/{number}" for number in await own_data.mine_too_of(tx, who.mark)],
        "reports": await own_data.reports_of(tx, who.mark),
        "appeals": await own_data.appeals_of(tx, who.mark),
        "sessions": [
            {"browser": one.browser, "network": one.network, "created_ms": one.created_ms, "seen_ms": one.seen_ms}
            for one in [who.session]
        ],
    }


async def mail_wishes(tx: Tx, email: str | None) -> dict[str, Any] | None:
    """What the person has said about the mail that they want."""
    said = (await wishes.of(tx, [email])).get(email) if email else None
    if said is None:
        return None
    unwanted = {"unwanted": sorted(said.unwanted), "unwanted_areas": sorted(said.areas)}
    return {"pace": said.pace, "time_zone": said.zone, **unwanted}


async def issue_data(tx: Tx, number: int, who: Person, box: Box, url: str) -> dict[str, Any]:
    filer = await intake.filer(tx, number)
    told = await privately.opened(tx, number, box)
    return {
        "url": f"{url}/issues/{number}",
        "address": filer.email if filer else None,
        "texts": await text_data(tx, number, who, is_filer=True),
        "appeals": await own_data.appeals_about(tx, number),
        "private": [{"by": "you" if t.by_filer else "company", "at": t.at.isoformat(), "text": t.text} for t in told],
    }


async def text_data(tx: Tx, number: int, who: Person, *, is_filer: bool) -> list[dict[str, Any]]:
    return [
        {key: row[key] for key in ("issue", "seq", "kind", "at", "status", "field", "value")}
        for row in await own_data.own_texts(tx, number, who.mark, is_filer=is_filer)
    ]


async def ask_to_move(tx: WriteTx, who: Person, typed: str, *, links: Links, say: Say) -> None:
    """Asks the new address whether it is theirs; until it says so nothing changes."""
    new = address(typed, needed=True)
    if who.email is None or new is None:
        raise Invalid({"email": "Sign in by mail first, so that we know which address to change."})
    now_ms = milliseconds(tx.at)
    secret = await people.new_link(
        tx, purpose="address", email=f"{who.email} {new}", now_ms=now_ms, lasts_ms=HOURS * 3_600_000
    )
    name = (await company.read(tx)).name
    letter = letters.new_address(company=name, url=f"{links.base}/me/address/{secret}", hours=HOURS, say=say)
    await outbox.put(tx, message_id=f"address.{now_ms}.{new}", recipient=new, letter=letter, now_ms=now_ms)


async def move(tx: Tx, secret: str, *, now_ms: int, say: Say) -> None:
    """The new address said yes: all that belonged to the old one is its own now, and the old one is told."""
    link = await people.use_link(tx, secret, now_ms, purposes=("address",))
    if link is None or link.email is None:
        raise NotFound("This link was used already, or is too old. Ask for a new one on your page.")
    old, _, new = link.email.partition(" ")
    followed = await own_data.followed_by(tx, old)
    await own_data.move_address(tx, old=old, new=new)
    for number in followed:
        await issues.recount(tx, number)
    letter = letters.address_moved(company=(await company.read(tx)).name, say=say)
    await outbox.put(tx, message_id=f"moved.{now_ms}.{old}", recipient=old, letter=letter, now_ms=now_ms)


async def set_mail(tx: Tx, who: Person, *, wanted: bool) -> None:
    """No mail about issues any more, whoever sends it; or again."""
    if who.email is None:
        raise Invalid({"email": "Sign in by mail first, so that we know which address you mean."})
    if wanted:
        await own_data.be_heard(tx, who.email)
        return
    await set_quiet(tx, who.email)


async def set_quiet(tx: Tx, email: str) -> None:
    followed = await own_data.followed_by(tx, email)
    for follow in await intake.follows_of(tx, email):
        await intake.stop_following(tx, follow.id)
    await own_data.be_quiet(tx, email)
    for number in followed:
        await issues.recount(tx, number)


async def erase(tx: WriteTx, who: Person, *, texts: bool) -> int:
    """Forgets the person: names and private details everywhere, the texts too where they want that.

    Returns how many texts lost words. What remains are the events, their places, and the reason.
    """
    posts, filed = await own_data.posts_of(tx, who.mark), await people.granted(tx, who.session)
    numbers = sorted({*filed, *await own_data.issues_posted_to(tx, who.mark)})
    fields, erased = NAMES | TEXTS if texts else NAMES, 0
    for number in numbers:
        by = Actor(standing="filer" if number in filed else "anyone", own=frozenset(posts))
        erased += await erase_in(tx, await load(tx, number), by, fields)
        if number in filed:
            await own_data.forget_filer(tx, number)
    if who.email:
        followed = await own_data.followed_by(tx, who.email)
        await own_data.forget_address(tx, who.email)
        for number in followed:
            await issues.recount(tx, number)
    await own_data.forget_marks(tx, who.mark)
    await people.end_session(tx, who.session.token_hash)
    return erased


async def erase_in(tx: WriteTx, issue: Issue, by: Actor, fields: frozenset[str]) -> int:
    """Takes the fields out of the person's own words on one issue."""
    own = [
        index
        for index, text in issue.texts.items()
        if text.original is None and (index in by.own or (by.standing == "filer" and text.author == "filer"))
    ]
    erased = 0
    for target in own:
        if gone := tuple(sorted(issue.fields_left(target) & fields)):
            await moderators.redact(tx, issue.number, by=by, target=target, fields=gone, reason="author_request")
            erased += 1
    return erased
