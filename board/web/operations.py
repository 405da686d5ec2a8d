"""Every door of the API in one table: what it takes, what it answers, who may use it, and an example that runs."""

from dataclasses import dataclass, field
from typing import Any, Literal

from board.domain.phrase import Phrase, phrase
from board.store.issues import SORTS, STATES
from board.web import api, bodies, shapes
from board.web.desk import QUEUES
from board.web.ending import Ending

By = Literal["anyone", "filer", "filer or staff", "reader", "staff", "moderator"]
Query = tuple[tuple[str, dict[str, Any], Phrase], ...]
BIG = 2**53 - 1
DUE = "(a time that is soon)"  # in an example: it is put in where the example is shown
SAID = {"body": "We have found the cause."}


@dataclass(frozen=True)
class Operation:
    """One door: what it takes, what it answers when all is well, and who may use it.

    `also` is the status of an answer that waits for somebody else's word.
    """

    method: str
    path: str
    summary: Phrase
    gives: type
    takes: type | None = None
    query: Query = ()
    by: By = "anyone"
    status: int = 200
    also: int | None = None
    example: dict[str, Any] | None = field(default=None, hash=False)
    ends: Ending | None = None

    @property
    def tag(self) -> str:
        """Where the door stands in the description."""
        if self.takes is None:
            return "reads" if self.by == "anyone" else "desk"
        return {"staff": "staff", "moderator": "moderation"}.get(self.by, "customers")


LIMIT = ("limit", {"type": "integer", "minimum": 1, "maximum": api.MOST}, phrase("How many at most."))
AFTER = ("after", {"type": "string"}, phrase("The `next` of the page before."))
Q = ("q", {"type": "string", "maxLength": 200}, phrase("Words to look for."))
PAGES: Query = (
    ("state", {"enum": list(STATES)}, phrase("Which issues: by state, turn or outcome.")),
    ("area", {"type": "string", "maxLength": 80}, phrase("The slug of an area.")),
    Q,
    ("sort", {"enum": list(SORTS)}, phrase("Their order.")),
    AFTER,
    LIMIT,
)
QUEUE: Query = (
    ("queue", {"enum": list(QUEUES)}, phrase("Which queue.")),
    (
        "owner",
        {"type": "integer", "minimum": 1, "maximum": BIG},
        phrase("Whose queue `mine` is: the `id` of a colleague."),
    ),
    Q,
    AFTER,
    LIMIT,
)
RECORD: Query = (
    (
        "after",
        {"type": "integer", "minimum": -1, "maximum": BIG},
        phrase("Events behind this index; -1 for all."),
    ),
    LIMIT,
    ("wait", {"type": "integer", "minimum": 0, "maximum": api.WAIT_S}, phrase("Seconds to wait for the next event.")),
)
ISSUE = "/api/v1/issues/{number}"
READS = (
    Operation("get", "/api/v1/issues", phrase("A page of the list of issues"), shapes.IssueList, query=PAGES),
    Operation("get", ISSUE, phrase("One issue with its timeline"), shapes.WholeIssue),
    Operation("get", f"{ISSUE}/events", phrase("All events of an issue"), shapes.EventList),
    Operation("get", "/api/v1/events", phrase("The record itself"), shapes.EventList, query=RECORD),
    Operation("get", "/api/v1/areas", phrase("The areas with their target times"), shapes.AreaList),
    Operation("get", "/api/v1/figures", phrase("The board in numbers"), shapes.Figures),
    Operation("get", "/api/v1/queue", phrase("A queue of the staff"), shapes.Queue, query=QUEUE, by="reader"),
    Operation("get", f"{ISSUE}/desk", phrase("One issue as staff read it"), shapes.Desk, by="reader"),
    Operation("get", f"{ISSUE}/notes", phrase("The notes of the staff"), shapes.NoteList, by="reader"),
    Operation(
        "get",
        f"{ISSUE}/private-words",
        phrase("What the customer and staff told each other alone; that staff read it is noted"),
        shapes.PrivateWords,
        by="filer or staff",
    ),
    Operation("get", "/api/v1/colleagues", phrase("To whom an issue can be given"), shapes.ColleagueList, by="reader"),
    Operation("get", "/api/v1/outbox", phrase("How the mail fares"), shapes.Outbox, by="reader"),
    Operation("get", "/api/v1/moderation", phrase("What waits for moderators"), shapes.Moderation, by="moderator"),
)
NEW_ISSUE = {
    "title": "The kettle leaks",
    "body": "I wanted tea. The kettle leaks at the handle.",
    "area": "service",
    "name": "Ada",
    "email": "ada@elsewhere.example",
    "private": "Order 4711",
}


def act(name: str, summary: Phrase, takes: type, by: By, example: dict[str, Any], also: int | None = None) -> Operation:
    path = f"{ISSUE}/{name}"
    return Operation("post", path, summary, shapes.Done, takes, by=by, status=201, also=also, example=example)


def decision(name: str, summary: Phrase, takes: type, example: dict[str, Any]) -> Operation:
    path = f"/api/v1/moderation/{name}/{{id}}"
    return Operation("post", path, summary, shapes.Decided, takes, by="moderator", status=201, example=example)


OF_CUSTOMERS = (
    act("comments", phrase("Comment on an issue"), bodies.NewComment, "anyone", {"body": "Mine, too.", "name": "Cy"}),
    act(
        "confirmation",
        phrase("Say that it is cured"),
        bodies.NewConfirmation,
        "filer",
        {"body": "Lovely.", "grade": 5},
    ),
    act("dispute", phrase("Say that it is not"), bodies.NewWords, "filer", {"body": "It leaks again."}),
    act("withdrawal", phrase("Withdraw one’s issue"), bodies.NewConfirmation, "filer", {"body": "I have found it."}),
    act("thanks", phrase("Say thank you"), bodies.NewWords, "filer or staff", {"body": "Thank you."}),
    act(
        "corrections",
        phrase("Put one’s own words anew"),
        bodies.NewCorrection,
        "filer or staff",
        {"target": 1, "title": "The kettle leaks at the handle"},
    ),
    act("mine-too", phrase("Say that one has the same"), bodies.Nothing, "anyone", {}),
    act(
        "follow",
        phrase("Ask an address whether it wants news by mail"),
        bodies.NewFollow,
        "anyone",
        {"email": "cy@elsewhere.example"},
        also=202,
    ),
    act(
        "reports",
        phrase("Tell moderators of words that should not stand there"),
        bodies.NewReport,
        "anyone",
        {"at": 1, "reason": "abuse", "body": "Somebody is named here."},
    ),
    act(
        "appeals",
        phrase("Object to a moderator’s decision"),
        bodies.NewAppeal,
        "filer",
        {"body": "I named nobody."},
    ),
    act("erasures", phrase("Take one’s own words out"), bodies.NewErasure, "filer", {"target": 1, "words": ["kettle"]}),
    act(
        "private-words",
        phrase("Tell the other side alone"),
        bodies.NewPrivateWord,
        "filer or staff",
        {"private": "Order 4711"},
    ),
)
OF_STAFF = (
    act(
        "updates",
        phrase("Answer as the company, with what follows from it"),
        bodies.NewUpdate,
        "staff",
        {**SAID, "state": "in_progress", "promise_due": DUE},
    ),
    act(
        "resolution",
        phrase("Resolve or close an issue"),
        bodies.NewResolution,
        "staff",
        {"body": "A new handle is on its way.", "resolution": "fixed"},
    ),
    act("reopening", phrase("Open an issue again"), bodies.NewWords, "staff", {"body": "We were too quick."}),
    act(
        "promise",
        phrase("Promise a time for the next word"),
        bodies.NewPromise,
        "staff",
        {"promise_due": DUE},
    ),
    act("owner", phrase("Give an issue to a colleague"), bodies.NewOwner, "staff", {"person": 1}),
    act("area", phrase("Move an issue to another area"), bodies.NewArea, "staff", {"area": "returns"}),
    act(
        "merge",
        phrase("Join an issue with another one about the same"),
        bodies.NewMerge,
        "staff",
        {"into": 2, "body": "This is the same."},
    ),
    act("split", phrase("Set a duplicate apart again"), bodies.NewWords, "staff", {"body": "It is another one."}),
    act("notes", phrase("Leave a note for colleagues"), bodies.NewNote, "staff", {"body": "She has called, too."}),
    act("mirroring", phrase("Keep an issue out of all mirrors"), bodies.NewMirroring, "staff", {"is_out": True}),
)
OF_MODERATORS = (
    act("publication", phrase("Show what is held"), bodies.Place, "moderator", {}),
    act("rejection", phrase("Never show what is held"), bodies.NewRejection, "moderator", {"reason": "spam"}),
    act("restoration", phrase("Show again what was hidden"), bodies.Place, "moderator", {}),
    act(
        "removal",
        phrase("Take an issue from view, or ask for it"),
        bodies.NewRemoval,
        "moderator",
        {"reason": "threat"},
        also=202,
    ),
    act(
        "hidings",
        phrase("Take a comment from view, or ask for it"),
        bodies.NewHiding,
        "moderator",
        {"target": 5, "reason": "off_topic"},
        also=202,
    ),
    act(
        "redactions",
        phrase("Take words out, or ask for it"),
        bodies.NewRedaction,
        "moderator",
        {"target": 1, "fields": ["author.name"], "reason": "third_party_privacy"},
        also=202,
    ),
    decision("hidings", phrase("Agree to a hiding, or refuse it"), bodies.Agreement, {"decision": "agree"}),
    decision(
        "appeals",
        phrase("Uphold an appeal, or refuse it"),
        bodies.Judgement,
        {"decision": "refuse", "answer": "It names a person."},
    ),
    decision("reports", phrase("Settle all reports about the words at an index"), bodies.Nothing, {}),
)
FILING = Operation(
    "post", "/api/v1/issues", phrase("File an issue"), shapes.Filed, bodies.NewIssue, status=201, example=NEW_ISSUE
)
OPERATIONS = (*READS, FILING, *OF_CUSTOMERS, *OF_STAFF, *OF_MODERATORS)
