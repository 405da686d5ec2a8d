"""The mails that the board writes to colleagues about their work, as plain values. Pure; sending is elsewhere."""

from board.domain.letters import Letter, Part
from board.domain.wording import Say

MOST = 20


def assigned(*, number: int, title: str, company: str, url: str, choose: str, say: Say) -> Letter:
    told = say("You look after this issue with {company} now: “{title}”.").format(company=company, title=title)
    return about(number, title, told, url, choose, say)


def disputed(*, number: int, title: str, company: str, url: str, choose: str, say: Say) -> Letter:
    told = say("The customer says that this is not solved: “{title}”. It is open again with {company}.")
    return about(number, title, told.format(company=company, title=title), url, choose, say)


def about(number: int, title: str, told: str, url: str, choose: str, say: Say) -> Letter:
    return Letter(
        subject=f"[#{number}] {title}",
        paragraphs=(told,),
        label=say("Open it at the desk"),
        link=url,
        issue=number,
        choose=choose,
    )


def overdue(*, late: list[Part], company: str, url: str, choose: str, say: Say) -> Letter:
    """Of many that are late, the oldest."""
    more = len(late) - MOST
    told = say("The time for a word on these has passed, and everybody sees it.")
    return Letter(
        subject=say("Overdue on the board of {company}: {count}").format(company=company, count=len(late)),
        paragraphs=(told, say("The oldest {count} stand here.").format(count=MOST)) if more > 0 else (told,),
        parts=tuple(late[:MOST]),
        label=say("Open the queue"),
        link=url,
        choose=choose,
    )
