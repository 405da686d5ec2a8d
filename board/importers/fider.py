"""The backup of a Fider: its tables as JSON in a ZIP file, with the comments that its CSV leaves out."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from board.importers import posts
from board.importers.lines import Found, Message, Options, Unreadable, area, conversation, encode, message, moment
from board.importers.products import FIDER

ZIP = b"PK\x03\x04"
STAFF = frozenset({2, 3, 4})  # collaborators, administrators, moderators
STATUSES = ("open", "started", "completed", "declined", "planned", "duplicate", "deleted")
Row = dict[str, Any]


def read(stream: BinaryIO, options: Options) -> Iterator[Found]:
    start = stream.read(len(ZIP))
    stream.seek(0)
    if start != ZIP:
        yield from posts.read(stream, FIDER, options)
        return
    try:
        with ZipFile(stream) as backup:
            yield from of_tables(Tables(backup), options)
    except (BadZipFile, ValueError, KeyError) as wrong:
        raise Unreadable(f"this is no backup of a Fider: {wrong}") from None


class Tables:
    """What belongs together, by the ids in the tables."""

    def __init__(self, backup: ZipFile) -> None:
        def rows(name: str) -> list[Row]:
            found = json.loads(backup.read(f"{name}.json"))
            return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

        self.posts = rows("posts")
        self.titles = {post["id"]: str(post["title"]) for post in self.posts}
        self.users = {user["id"]: user for user in rows("users")}
        self.comments: dict[object, list[Row]] = defaultdict(list)
        for comment in rows("comments"):
            if comment.get("deleted_at") is None and comment.get("is_approved") is not False:
                self.comments[comment["post_id"]].append(comment)
        names = {tag["id"]: str(tag["name"]) for tag in rows("tags") if tag.get("is_public") is not False}
        self.tags: dict[object, list[str]] = defaultdict(list)
        for link in rows("post_tags"):
            self.tags[link["post_id"]] += [names[link["tag_id"]]] if link["tag_id"] in names else []

    def name(self, user: object) -> str:
        return str(self.users.get(user, {}).get("name") or "")


def of_tables(tables: Tables, options: Options) -> Iterator[Found]:
    for post in tables.posts:
        place, code = f"post {post.get('number')}", post.get("status")
        if post.get("is_approved") is False or code == STATUSES.index("deleted"):
            continue  # nobody else has ever seen it, or nobody should any more
        try:
            yield Found(place, encode(line(post, tables, options)))
        except (ValueError, TypeError, KeyError, IndexError) as wrong:
            yield Found(place, b"", str(wrong))


def line(post: Row, tables: Tables, options: Options) -> Row:
    filing = message(
        "customer",
        str(post.get("description") or ""),
        at=moment(post["created_at"]),
        source_id="post",
        name=tables.name(post["user_id"]),
    )
    said = [comment(one, post, tables) for one in tables.comments[post["id"]]]
    return conversation(
        source=FIDER.code,
        source_id=str(post["number"]),
        title=str(post["title"]),
        area=area(options, tags=tables.tags[post["id"]], source=FIDER.name),
        messages=(filing, *said, posts.response(answer(post, tables), FIDER, options)),
        is_open=True,
    )


def comment(given: Row, post: Row, tables: Tables) -> Message:
    user = given["user_id"]
    is_staff = tables.users.get(user, {}).get("role") in STAFF
    by = "customer" if user == post["user_id"] else "staff" if is_staff else "other"
    return message(
        by,
        str(given["content"]),
        at=moment(given["created_at"]),
        source_id=f"comment {given['id']}",
        name=tables.name(user),
    )


def answer(post: Row, tables: Tables) -> dict[str, str]:
    """The company's response, as a row of the CSV would have it."""
    return {
        "status": STATUSES[int(post.get("status") or 0)],
        "response": str(post.get("response") or ""),
        "responder": tables.name(post.get("response_user_id")),
        "responded": str(post.get("response_date") or ""),
        "original": tables.titles.get(post.get("original_id"), ""),
    }
