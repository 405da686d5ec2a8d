"""Tickets of Zendesk with their comments, as its JSON export writes them. What was private there never becomes public.

Only comments that say `"public": true` count, and of customers only their first names.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from board.importers.lines import Found, Message, Options, area, conversation, encode, message, moment, words
from board.importers.values import values

SOURCE = "Zendesk"
OVER = frozenset({"solved", "closed"})
STAFF = frozenset({"agent", "admin"})
PEOPLE = ("requester", "submitter", "assignee")
Item = dict[str, Any]


def read(stream: BinaryIO, options: Options) -> Iterator[Found]:
    for found in values(stream):
        ticket = found.value.get("ticket") if isinstance(found.value.get("ticket"), dict) else found.value
        if found.why:
            yield Found(found.place, b"", found.why)
        elif ticket and ticket.get("status") != "deleted":
            try:
                yield Found(found.place, encode(line(ticket, options)))
            except (ValueError, TypeError, AttributeError) as wrong:
                yield Found(found.place, b"", str(wrong))


def line(ticket: Item, options: Options) -> Item:
    """The import line of a ticket. Raises ValueError with the reason why there is none."""
    if ticket.get("id") is None:
        raise ValueError("has no “id”: this is no ticket")
    people, customer = known(ticket), identity(ticket, "requester")
    comments = [one for one in ticket.get("comments") or () if isinstance(one, dict) and one.get("public") is True]
    said = [
        spoken(one, ticket, people, customer) for one in sorted(comments, key=lambda one: moment(one["created_at"]))
    ]
    first = next((place for place, one in enumerate(said) if one["by"] == "customer" and one["text"]), None)
    if first is None:
        raise ValueError(f"ticket {ticket['id']}: nothing in it was said by the customer in public comments")
    group = ticket.get("group")
    return conversation(
        source="zendesk",
        source_id=str(ticket["id"]),
        title=str(ticket.get("subject") or ticket.get("raw_subject") or said[first]["text"]),
        area=area(
            options,
            tags=[str(tag) for tag in ticket.get("tags") or ()],
            own=str(group.get("name") or "") if isinstance(group, dict) else "",
            source=SOURCE,
        ),
        messages=ended(said[first:], str(ticket.get("status") or ""), ticket),
        is_open=True,
    )


def known(ticket: Item) -> dict[object, Item]:
    """The people who are written out in the ticket, by their ids."""
    named = [ticket.get(one) for one in PEOPLE]
    return {one.get("id"): one for one in named if isinstance(one, dict)}


def identity(ticket: Item, role: str) -> object:
    written_out = ticket.get(role)
    return written_out.get("id") if isinstance(written_out, dict) else ticket.get(f"{role}_id")


def copied(ticket: Item) -> set[object]:
    """Customers who read along."""
    ids = {one for key in ("collaborator_ids", "follower_ids", "email_cc_ids") for one in ticket.get(key) or ()}
    return ids | {one.get("id") for one in ticket.get("collaborator") or () if isinstance(one, dict)}


def spoken(comment: Item, ticket: Item, people: dict[object, Item], customer: object) -> Message:
    author = comment.get("author_id")
    person = people.get(author, {})
    role = person.get("role")
    if author == customer:
        by = "customer"
    elif role in STAFF or (role is None and author not in copied(ticket)):
        by = "staff"
    else:
        by = "other"
    name = str(person.get("name") or "")
    text = comment.get("plain_body") or comment.get("body") or comment.get("html_body") or ""
    return message(
        by,
        words(str(text).replace("&nbsp;", " ")),
        at=moment(comment["created_at"]),
        source_id=f"comment {comment.get('id')}",
        name=name if by == "staff" else name.partition(" ")[0],
    )


def ended(said: list[Message], status: str, ticket: Item) -> list[Message]:
    """The same with what the ticket's status says: the company's last word waited for an answer, or solved it."""
    last = next((place for place in reversed(range(len(said))) if said[place]["by"] == "staff"), None)
    if status in OVER:
        if last is None:
            at = moment(ticket.get("solved_at") or ticket.get("updated_at") or said[-1]["at"])
            text = "On Zendesk this was marked as solved."
            return [*said, message("staff", text, at=at, source_id=f"status {status}", resolution="answered")]
        return [*said[:last], {**said[last], "resolution": "answered"}, *said[last + 1 :]]
    if last is not None and status == "pending" and last == len(said) - 1:
        return [*said[:last], {**said[last], "state": "waiting_on_customer"}]
    if last is not None and status == "hold":
        return [*said[:last], {**said[last], "state": "in_progress"}, *said[last + 1 :]]
    return said
