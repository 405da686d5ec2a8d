"""How an issue looks where its link is shared: its picture, and the words that search engines are told (schema.org)."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board import drawing
from board.domain.phrase import no_issue, phrase
from board.domain.text import excerpt, without_tags
from board.drawing import Picture
from board.errors import NotFound
from board.store import issues
from board.web import case
from board.web.page import Frame, ends_by, frame
from board.web.views import Names

Facts = dict[str, Any]
OF_THE_COMPANY = ("company", "moderator")
NEWEST, LENGTH = 20, 500  # of what was said, so many, and so many characters of each


async def picture(request: Request) -> Response:
    """The picture of a public issue; it changes with the issue and says no span that would grow."""
    board, number = request.app.state.board, int(request.path_params["number"])
    async with board.db.reading() as tx:
        around = await frame(tx, request, anonymous=True)
        row = await issues.find(tx, number)
        if row is None or row["visibility"] != "public":
            raise NotFound(no_issue(number))
        found = await case.read_changed(tx, row, (), around.names, around.now, board.timed)
    ends_by(request, found["issue"]["due_at"], around.now)
    content = await asyncio.to_thread(drawing.draw, told(board.renderer, around, found))
    return Response(content, media_type="image/png", headers={"Cross-Origin-Resource-Policy": "cross-origin"})


def told(renderer: Any, around: Frame, found: Facts) -> Picture:
    issue = found["issue"]
    context = {"board": {"name": around.company.name}, **found}
    where, name, state, times = renderer.render("parts/card.txt", context).splitlines()
    title = issue["title"] or ""
    bar = [(part["turn"], part["x"], part["w"]) for part in found["clock"]["segments"]]
    return Picture(where, title if drawing.can_draw(title) else name, issue["mark"], state, times, bar)


def linked(found: Facts, names: Names, url: str) -> Facts:
    """A public issue as a question with its answers, or as a post where the company has not answered yet."""
    issue = found["issue"]
    address = f"{url}{issue['url']}"
    words = {
        "@id": address,
        "url": address,
        "datePublished": issue["filed_at"].isoformat(),
        "author": customer(issue["author"], names),
        "text": said(issue["words"]),
    }
    spoken = [entry for entry in found["timeline"] if entry["status"] == "public" and entry["body"]][-NEWEST:]
    answering = [entry for entry in spoken if entry["role"] in OF_THE_COMPANY]
    answers = [post(entry, address, names) for entry in answering]
    comments = [post(entry, address, names) for entry in spoken if entry["role"] not in OF_THE_COMPANY]
    if not answers:
        about = {"@type": "DiscussionForumPosting", "headline": issue["title"], "comment": comments}
        return {"@context": "https://schema.org", **about, **words}
    settled = settling(found)
    cures = [one for entry, one in zip(answering, answers, strict=True) if entry["seq"] <= settled]
    accepted = cures[-1] if cures else None
    question = {
        **words,
        "@type": "Question",
        "name": issue["title"],
        "answerCount": len(answers),
        "upvoteCount": issue["mine_too"],
        "comment": comments,
        **({"acceptedAnswer": accepted} if accepted else {}),
        "suggestedAnswer": [each for each in answers if each is not accepted],
    }
    return {"@context": "https://schema.org", "@type": "QAPage", "mainEntity": question}


def settling(found: Facts) -> int:
    """The event of which the customer says that it cured the issue; -1 where nothing did so far."""
    if found["issue"]["confirmation"] != "confirmed":
        return -1
    return max((entry["target"] for entry in found["timeline"] if entry["event"] == "issue.confirmed"), default=-1)


def post(entry: Facts, address: str, names: Names) -> Facts:
    is_answer = entry["role"] in OF_THE_COMPANY
    company = {"@type": "Organization", "name": names.company}
    return {
        "@type": "Answer" if is_answer else "Comment",
        "url": f"{address}#e{entry['seq']}",
        "datePublished": entry["at"].isoformat(),
        "author": company if is_answer else customer(entry["name"], names),
        "text": said(entry["body"]),
    }


def customer(name: str | None, names: Names) -> Facts:
    return {"@type": "Person", "name": name or names.say(phrase("A customer"))}


def said(html: str | None) -> str:
    return excerpt(without_tags(str(html)), LENGTH) if html else ""
