"""Who hears what of an issue by mail: who filed it, who follows it, and whose words a moderator judged."""

from dataclasses import replace

from board.domain import events as e
from board.domain import letters
from board.domain.leaf import Recorded, milliseconds
from board.domain.wishes import URGENT
from board.followers import bundles, digests
from board.followers.news import News, authors, is_told, line, said, said_alone, wanted, was_answered
from board.followers.writing import Post
from board.store import entries, fan_outs, intake, moderation, outbox, record, wishes
from board.store.database import Tx
from board.store.intake import Filer, Follow

BY_MODERATORS = e.CommentRejected | e.TextRedacted  # against words, whose author may want to hear of it


async def tell_of_issue(tx: Tx, news: News, post: Post) -> None:
    filer = await intake.filer(tx, news.row["number"])
    if filer and filer.mail:
        await tell_filer(tx, news, filer, post)
    await tell_authors(tx, news, post)
    if news.row["visibility"] == "public":
        await tell_crowd(tx, news, post)


async def tell_crowd(tx: Tx, news: News, post: Post) -> None:
    number = news.row["number"]
    if any(isinstance(r.event, e.IssueRestored | e.IssuePublished) for r in news.happened):
        await fan_outs.go_on_with(tx, number)
    if not await intake.is_followed(tx, number) or await bundles.hold(tx, news, news.happened, "followers"):
        return
    happened = await bundles.bring(tx, number, "followers") + news.happened
    if await said(tx, happened, news.company, post.say):
        first, last = happened[0].index, happened[-1].index
        await fan_outs.add(tx, issue=number, first=first, last=last, now_ms=milliseconds(news.at))
        await bundles.begin(tx, news, "followers")


async def tell_filer(tx: Tx, news: News, filer: Filer, post: Post) -> None:
    """The filer hears what others did; that the filing is shown at once stands in the receipt."""
    news, waited = await owed_too(tx, news, filer, post)
    email, area = str(filer.mail), news.row["area"]
    theirs = await wishes.read(tx, email)
    heard = wanted(news.happened, theirs, area, always=URGENT)
    is_now = bool(waited) or await is_urgent(tx, heard, news, post)
    if not heard and not is_now:
        return
    if is_now or theirs.pace == "each":
        heard = await digests.bring(tx, email, filer.issue, theirs, heard)
        if not is_now and await bundles.hold(tx, news, heard, "filer"):
            return
    brought = [r for r in await bundles.bring(tx, filer.issue, "filer") if not await was_answered(tx, r)]
    heard = in_order(wanted(brought, theirs, area, always=URGENT) + heard)
    if not is_now and theirs.pace != "each":
        await digests.keep(tx, heard, theirs, email, None, news.at)
        return
    first = news.row["filed_seq"] + 1
    lines = await said(tx, [r for r in heard if r.index != first], news.company, post.say, to_filer=True)
    if lines and any([await can_be_appealed(tx, r) for r in heard]):
        lines += (post.say("If you think that this is wrong, open your issue and appeal. A moderator reads it."),)
    reply = post.links.tag("filed", filer.issue)
    asks = any(r.name == "issue.resolved" for r in heard) and news.row["confirmation"] == "asked"
    if lines + waited:
        await put(tx, news, email, lines + waited, post, asks=asks, url=post.links.private(filer.issue), reply=reply)
        await bundles.begin(tx, news, "filer")


async def owed_too(tx: Tx, news: News, filer: Filer, post: Post) -> tuple[News, tuple[str, ...]]:
    """With what happened before the address said yes, and what letters would have said then besides the events."""
    if not filer.is_owed:
        return replace(news, happened=[r for r in news.happened if not await was_answered(tx, r)]), ()
    last, waited = news.happened[-1].index, await said_alone(tx, news, post.say)
    chain = await record.of_issue(tx, filer.issue)
    await intake.settle_owed(tx, filer.issue)
    return replace(news, happened=[r for r in chain if is_told(r) and r.index <= last]), waited


def in_order(heard: list[Recorded]) -> list[Recorded]:
    return sorted({r.index: r for r in heard}.values(), key=lambda r: r.index)


async def is_urgent(tx: Tx, heard: list[Recorded], news: News, post: Post) -> bool:
    """Whether somebody waits for the filer's word, or a moderator decided about the filer's own."""
    urgent = [r for r in heard if r.name in URGENT]
    return bool(await said(tx, urgent, news.company, post.say, to_filer=True))


async def can_be_appealed(tx: Tx, r: Recorded) -> bool:
    """Whether a moderator decided against the filer's words."""
    match r.event:
        case e.IssueRemoved() | e.IssueRejected():
            return True
        case e.CommentRejected(target=target) | e.TextRedacted(target=target, role="moderator"):
            words = await entries.one(tx, target)
            return bool(words and words["by_filer"])
    return False


async def tell_authors(tx: Tx, news: News, post: Post) -> None:
    """Whoever was signed in while commenting is told what a moderator did to the comment; once for each comment."""
    told = set[int]()
    for r in news.happened:
        if not isinstance(r.event, BY_MODERATORS) or r.event.role != "moderator":
            continue
        entry, seq = await entries.one(tx, r.index), await entries.original(tx, r.event.target)
        words, email = await entries.one(tx, seq), await moderation.address_behind(tx, seq)
        if not (entry and words and email) or words["by_filer"] or seq in told:
            continue
        told.add(seq)
        letter = letters.words_gone(
            number=news.row["number"],
            company=news.company,
            line=line(entry, news.company, post.say),
            url=post.links.issue(news.row["number"]),
            say=post.say,
        )
        message_id = f"words.{r.index}"
        await outbox.put(tx, message_id=message_id, recipient=email, letter=letter, now_ms=milliseconds(news.at))


async def tell_followers(tx: Tx, news: News, readers: list[Follow], post: Post) -> None:
    """The filer hears of it as the filer, and nobody of their own comment. Those who have said no wishes, which most
    have not, get the same lines.
    """
    lines, filer = await said(tx, news.happened, news.company, post.say), await intake.filer(tx, news.row["number"])
    said_so, own_words = await wishes.of(tx, [one.email for one in readers]), await authors(tx, news.happened)
    for one in readers:
        if filer and one.email == filer.mail:
            continue
        own, theirs = lines, said_so.get(one.email)
        if theirs or one.email in own_words.values() or one.since_ms > milliseconds(news.happened[0].time):
            theirs = theirs or wishes.NONE
            others = [r for r in since(one, news.happened) if own_words.get(r.index) != one.email]
            heard = wanted(others, theirs, news.row["area"])
            if theirs.pace != "each":
                await digests.keep(tx, heard, theirs, one.email, one.id, news.at)
                continue
            heard = await digests.bring(tx, one.email, one.issue, theirs, heard)
            own = await said(tx, heard, news.company, post.say)
        await put(
            tx,
            news,
            one.email,
            own,
            post,
            url=post.links.issue(one.issue),
            stop=post.links.follow(one.id),
            reply=post.links.tag("follow", one.id),
        )


def since(one: Follow, happened: list[Recorded]) -> list[Recorded]:
    """What happened after the address had said yes, to the second in which that was: the record knows no more."""
    return [r for r in happened if milliseconds(r.time) + 1_000 > one.since_ms]


async def put(
    tx: Tx,
    news: News,
    recipient: str,
    lines: tuple[str, ...],
    post: Post,
    *,
    url: str,
    stop: str | None = None,
    reply: str,
    asks: bool = False,
) -> None:
    if not lines:
        return
    letter = letters.news(
        number=news.row["number"],
        title=news.row["title"] or post.say("words removed"),
        company=news.company,
        lines=lines,
        url=url,
        stop=stop,
        asks=asks,
        say=post.say,
    )
    if news.row["visibility"] == "public":  # else nobody would read the answer
        letter = replace(letter, reply=reply)
    message_id = f"news.{news.row['number']}.{news.happened[-1].index}.{recipient}"
    rank = outbox.OF_MANY if stop else outbox.OF_ONE
    now_ms = milliseconds(news.at)
    await outbox.put(tx, message_id=message_id, recipient=recipient, letter=letter, now_ms=now_ms, rank=rank)
