"""The JSON bodies that the API's writes take: the types check them, and the description is made from them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Grade = Annotated[int, Meta(ge=1, le=5)]


class NewIssue(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    title: str = ""
    area: str = ""
    email: str | None = None
    name: str | None = None
    private: str | None = None
    confirmed_public: bool = False


class NewComment(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    name: str | None = None
    email: str | None = None
    confirmed_public: bool = False


class NewUpdate(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    state: str | None = None
    resolution: str | None = None
    promise_due: str | None = None
    whose: str | None = None
    duplicate_of: Number | None = None
    confirmed_public: bool = False


class NewResolution(msgspec.Struct, forbid_unknown_fields=True):
    resolution: str
    body: str
    whose: str | None = None
    duplicate_of: Number | None = None
    confirmed_public: bool = False


class NewConfirmation(msgspec.Struct, forbid_unknown_fields=True):
    body: str | None = None
    grade: Grade | None = None
    confirmed_public: bool = False


class NewWords(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    confirmed_public: bool = False


class NewPromise(msgspec.Struct, forbid_unknown_fields=True):
    promise_due: str


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An act that needs no word: `{}`."""


class NewFollow(msgspec.Struct, forbid_unknown_fields=True):
    """The address is asked by mail whether it wants this."""

    email: str


class NewCorrection(msgspec.Struct, forbid_unknown_fields=True):
    """New words for one's own ones at the index `target`."""

    target: Number
    body: str | None = None
    title: str | None = None
    confirmed_public: bool = False


class NewReport(msgspec.Struct, forbid_unknown_fields=True):
    """`at` is the index of the words; moderators alone read the rest."""

    at: Number
    reason: str
    body: str | None = None


class NewAppeal(msgspec.Struct, forbid_unknown_fields=True):
    """`decision` is the index of the moderator's event; without one it is that which hides the issue."""

    body: str
    decision: Number | None = None


class NewErasure(msgspec.Struct, forbid_unknown_fields=True):
    """Takes one's own words out for good: whole `fields`, or `words` wherever they stand at the index `target`."""

    target: Number
    fields: list[str] = []
    words: list[str] = []
    mark: str = "words"


class NewNote(msgspec.Struct, forbid_unknown_fields=True):
    """Staff alone read it."""

    body: str


class NewPrivateWord(msgspec.Struct, forbid_unknown_fields=True):
    """The customer and staff alone read it."""

    private: str


class NewMirroring(msgspec.Struct, forbid_unknown_fields=True):
    is_out: bool


class NewOwner(msgspec.Struct, forbid_unknown_fields=True):
    """`person` is the `id` of one of `/api/v1/colleagues`."""

    person: Number


class NewArea(msgspec.Struct, forbid_unknown_fields=True):
    area: str


class NewMerge(msgspec.Struct, forbid_unknown_fields=True):
    into: Number
    body: str
    confirmed_public: bool = False


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """The issue itself, or the comment at the index `target`."""

    target: Number | None = None


class NewRejection(msgspec.Struct, forbid_unknown_fields=True):
    """Of the issue itself, or of the comment at the index `target`."""

    reason: str
    target: Number | None = None


class NewRemoval(msgspec.Struct, forbid_unknown_fields=True):
    reason: str


class NewHiding(msgspec.Struct, forbid_unknown_fields=True):
    """Of the comment at the index `target`."""

    target: Number
    reason: str


class NewRedaction(msgspec.Struct, forbid_unknown_fields=True):
    """Whole `fields`, or `words` wherever they stand at the index `target`; a mark takes their place."""

    target: Number
    reason: str
    fields: list[str] = []
    words: list[str] = []
    mark: str = "words"


class Agreement(msgspec.Struct, forbid_unknown_fields=True):
    decision: Literal["agree", "refuse"]


class Judgement(msgspec.Struct, forbid_unknown_fields=True):
    """`answer` goes to the author; words that were taken out cannot come back, and want one."""

    decision: Literal["uphold", "refuse"]
    answer: str | None = None
