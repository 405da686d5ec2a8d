"""Issues of GitHub with their comments, as `gh issue list --json` and the REST interface write them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, BinaryIO

from board.importers.lines import Found, Message, Options, area, conversation, encode, message, moment
from board.importers.values import values

SOURCE = "GitHub"
TEAM = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
ENDS = {
    "completed": ("as completed", "fixed"),
    "not_planned": ("as not planned", "declined"),
    "duplicate": ("as a duplicate", "answered"),
    "": ("", "fixed"),
}
Item = dict[str, Any]


def read(stream: BinaryIO, options: Options) -> Iterator[Found]:
    """A line for each issue; pull requests are none. Comments stand in their issue, or are items of their own."""
    apart: dict[str, list[Item]] = defaultdict(list)
    for found in values(stream):
        if is_comment(found.value):
            apart[issue_of(found.value)].append(found.value)
    stream.seek(0)
    for found in values(stream):
        if found.why:
            yield Found(found.place, b"", found.why)
        elif not is_comment(found.value) and not found.value.get("pull_request"):
            try:
                yield Found(found.place, encode(line(found.value, apart, options)))
            except (ValueError, TypeError, AttributeError) as wrong:
                yield Found(found.place, b"", str(wrong))


def is_comment(item: Item) -> bool:
    return bool(item.get("issue_url")) and "title" not in item


def issue_of(comment: Item) -> str:
    """The address of its issue, without the host, which is another one for people than for programs."""
    return path(str(comment["issue_url"]))


def path(url: str) -> str:
    return "/".join(url.rstrip("/").rsplit("/", 4)[-4:]).removeprefix("repos/")


def line(issue: Item, apart: dict[str, list[Item]], options: Options) -> dict[str, Any]:
    url, number = str(issue.get("html_url") or issue.get("url") or ""), issue.get("number")
    if not isinstance(number, int):
        raise ValueError("has no number: export the field “number”, too")
    given = issue.get("comments")
    comments = given if isinstance(given, list) else apart.get(path(url), [])
    tags = [str(label.get("name") if isinstance(label, dict) else label) for label in issue.get("labels") or ()]
    filer = login(issue)
    filing = message("customer", str(issue.get("body") or ""), at=opened(issue), source_id="issue", name=filer)
    said = [comment(one, filer) for one in comments if isinstance(one, dict) and is_said(one)]
    return conversation(
        source="github",
        source_id=path(url) if url else f"issues/{number}",
        title=str(issue.get("title") or f"Issue {number}"),
        area=area(options, tags=tags, source=SOURCE),
        messages=(filing, *said, closing(issue)),
        is_open=True,
    )


def opened(item: Item) -> str:
    return moment(item.get("createdAt") or item.get("created_at"))


def login(item: Item) -> str | None:
    """The name; nobody's where the account is gone."""
    author = item.get("author") or item.get("user") or {}
    return str(author["login"]) if author.get("login") else None


def is_said(comment: Item) -> bool:
    """Not by a program, and not hidden there."""
    author = comment.get("author") or comment.get("user") or {}
    is_program = author.get("type") == "Bot" or author.get("is_bot") or str(author.get("login", "")).endswith("[bot]")
    return not is_program and not comment.get("isMinimized")


def comment(given: Item, filer: str | None) -> Message:
    name, standing = login(given), given.get("authorAssociation") or given.get("author_association")
    by = "customer" if name and name == filer else "staff" if standing in TEAM else "other"
    own = str(given.get("id") or given.get("url") or opened(given))
    return message(by, str(given.get("body") or ""), at=opened(given), source_id=f"comment {own}", name=name)


def closing(issue: Item) -> Message | None:
    """That it was closed, and how; nothing of an issue that is open."""
    if str(issue.get("state", "")).lower() != "closed":
        return None
    reason = str(issue.get("stateReason") or issue.get("state_reason") or "").lower()
    how, resolution = ENDS.get(reason, ENDS[""])
    at = moment(issue.get("closedAt") or issue.get("closed_at"))
    text = " ".join(filter(None, ("Closed on GitHub", how))) + "."
    return message("staff", text, at=at, source_id=f"closed {at}", resolution=resolution)
