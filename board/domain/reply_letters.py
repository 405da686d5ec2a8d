"""The mails that tell somebody what became of their answer by mail, as plain values. Pure; sending is elsewhere."""

from board.domain.letters import Letter
from board.domain.wording import Say


def answer(*, number: int, told: tuple[str, ...], url: str, personal: bool, say: Say) -> Letter:
    return Letter(
        subject=say("[#{number}] Your answer by mail").format(number=number),
        paragraphs=told,
        label=say("Open my issue") if personal else say("Open the issue"),
        link=url,
        issue=number,
        secret=personal,
        personal=personal,
    )


def waits(say: Say) -> str:
    return say("What you wrote by mail waits: somebody looks at it before everybody can read it.")


def refused(why: str, say: Say) -> str:
    return say("What you wrote by mail was not published: {why}").format(why=why)


def private(kinds: str, say: Say) -> str:
    return say(
        "What you wrote by mail was not published, because something in it looks private: {kinds}."
        " Everybody would have read it. Open the issue and write it there: you are asked what becomes of it."
    ).format(kinds=kinds)


def files(say: Say) -> str:
    return say("The files that came with it were not kept.")
