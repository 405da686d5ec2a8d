"""The mails that the board writes, as plain values: what each says, and its one link. Pure; sending is elsewhere."""

from dataclasses import dataclass, replace

from board.domain.phrase import phrase
from board.domain.wording import Say


@dataclass(frozen=True)
class Part:
    """What a letter about many issues says of one of them: `lines` are like the paragraphs of a letter about one."""

    issue: int
    title: str
    link: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`issue` makes one thread of an issue's letters; `stop` ends them. A `secret` link is for admins to copy,
    a `personal` one for nobody but the recipient: it speaks for a customer. `code` is as secret as the link.
    `other_link` is a second answer beside `link`. `attached` is the text of the receipt. `reply` is the tag of the
    address at which an answer by mail is the recipient's. `choose` is where a colleague chooses which mail comes.
    """

    subject: str
    paragraphs: tuple[str, ...]
    label: str | None = None
    link: str | None = None
    other_label: str | None = None
    other_link: str | None = None
    attached: str | None = None
    parts: tuple[Part, ...] = ()
    issue: int | None = None
    stop: str | None = None
    reply: str | None = None
    choose: str | None = None
    secret: bool = False
    personal: bool = False
    code: str | None = None


def without_words(letter: Letter, issue: int) -> Letter:
    """The letter about an issue whose words were taken out in part: it may have quoted them."""
    told = phrase("Words were taken out of this issue, so this message holds none. Please open the issue.")
    if letter.issue is None:
        gone = (Part(issue, f"#{issue}", part.link, (told,)) if part.issue == issue else part for part in letter.parts)
        return replace(letter, parts=tuple(gone))
    return replace(letter, subject=f"[#{letter.issue}]", paragraphs=(told,))


def in_thread(letter: Letter, first: str | None) -> Letter:
    """With the subject of the first letter about the issue, by which mail programs know a thread.

    That has no title where nobody had looked at it yet, and not even words where some were taken out since.
    """
    if first is None:
        return letter
    stem = letter.subject if first == f"[#{letter.issue}]" else first.removeprefix("Re: ")
    return replace(letter, subject=f"Re: {stem}")


def receipt(
    *, number: int, title: str, company: str, url: str, held: bool, asks: bool, attached: str, say: Say
) -> Letter:
    """`asks`: nobody knows yet whose address it is; the link leads to a button, and no other letter comes before."""
    told = (
        say("You filed issue {number} with {company}.")
        if held  # nobody has looked at the words, nor asked whether the address is theirs
        else say("You filed issue {number} with {company}: “{title}”.")
    )
    shown = (
        say("Somebody at {company} looks at it before everybody can read it.")
        if held
        else say("Everybody can read it now, and watch it being cured.")
    )
    own = (say("This is your private link. With it you answer, confirm the cure, or say that it still fails."),)
    asked = (
        say(
            "Do you want the answers by mail? They come once you have pressed the button on the page behind this link."
        ),
        say("If it was not you, do nothing: we will not write to you about it again."),
    )
    return Letter(
        subject=f"[#{number}] " + (say("Your issue") if held else title),
        paragraphs=(
            told.format(number=number, company=company, title=title),
            shown.format(company=company),
            *(asked if asks else own),
            say("The receipt is attached. Keep it: with it you can show what was filed, and when."),
        ),
        label=say("Yes, send me the answers") if asks else say("Open my issue"),
        link=url,
        attached=attached,
        issue=number,
        secret=True,
        personal=True,
    )


def follow_question(*, number: int, title: str, company: str, url: str, say: Say) -> Letter:
    return Letter(
        subject=say("Follow issue {number}?").format(number=number),
        paragraphs=(
            say(
                "Somebody, probably you, asked {company} to send news of issue {number} to this address: “{title}”."
            ).format(company=company, number=number, title=title),
            say("If that was you, please confirm. If not, do nothing: we will not write again."),
        ),
        label=say("Yes, send me the news"),
        link=url,
        issue=number,
        secret=True,
    )


def sign_in(*, company: str, url: str, code: str, minutes: int, to_staff: bool, say: Say) -> Letter:
    return Letter(
        subject=say("Sign in to the board of {company}").format(company=company),
        paragraphs=(
            say(
                "Here are your link and your code. Either works once, for {minutes} minutes, in the browser where you"
                " asked for them."
            ).format(minutes=minutes),
            say("If you did not ask for them, do nothing, and tell the code to nobody."),
        ),
        label=say("Sign in"),
        link=url,
        secret=True,
        personal=not to_staff,
        code=code,
    )


def invitation(*, company: str, name: str, url: str, days: int, answers: bool, say: Say) -> Letter:
    told = (
        say("{name}, you can answer customers on the public board of {company} now.")
        if answers
        else say("{name}, you can read what staff see on the board of {company} now, but for personal data.")
    )
    return Letter(
        subject=say("You are invited to the board of {company}").format(company=company),
        paragraphs=(
            told.format(name=name, company=company),
            say("Here is your link. It works once, for {days} days.").format(days=days),
        ),
        label=say("Sign in"),
        link=url,
        secret=True,
    )


def news(
    *, number: int, title: str, company: str, lines: tuple[str, ...], url: str, stop: str | None, asks: bool, say: Say
) -> Letter:
    """What happened on an issue since the last letter; `asks` where the filer's word is wanted."""
    question = (say("Is it solved? Only you can say so: confirm it, or say that it still fails."),) if asks else ()
    letter = Letter(
        subject=f"[#{number}] {title}",
        paragraphs=(
            say("News of issue {number} with {company}, “{title}”:").format(
                number=number, company=company, title=title
            ),
            *lines,
            *question,
        ),
        label=say("Open my issue") if stop is None else say("Open the issue"),
        link=url,
        issue=number,
        stop=stop,
        secret=stop is None,
        personal=stop is None,
    )
    return with_verdict(letter, url, say) if asks else letter


def with_verdict(letter: Letter, url: str, say: Say) -> Letter:
    """The customer's two answers to a cure, each one press away behind its link."""
    return replace(
        letter,
        label=say("Yes, it is cured"),
        link=f"{url}#verdict",
        other_label=say("No, it still fails"),
        other_link=f"{url}#dispute",
    )


def digest(*, parts: tuple[Part, ...], company: str, stop: str, say: Say) -> Letter:
    """What happened on all issues of one reader since the last digest."""
    one = len(parts) == 1
    subject = say("News of one issue with {company}") if one else say("News of {count} issues with {company}")
    return Letter(
        subject=subject.format(count=len(parts), company=company),
        paragraphs=(say("This happened since the last mail:"),),
        parts=parts,
        stop=stop,
        secret=True,
        personal=True,
    )


def mirror_paused(*, network: str, error: str, company: str, url: str, say: Say) -> Letter:
    """Tells an admin that a mirror posts nothing any more."""
    return Letter(
        subject=say("A mirror has stopped"),
        paragraphs=(
            say("Nothing more is posted to {network} from the board of {company}.").format(
                network=network, company=company
            ),
            say("What was answered: {error}").format(error=error),
            say("Nothing is lost: what there is to post waits, and goes out once this is mended."),
        ),
        label=say("Look at the mirror"),
        link=url,
    )


def hook_off(*, host: str, error: str, company: str, url: str, say: Say) -> Letter:
    """Tells an admin that a webhook takes nothing any more."""
    return Letter(
        subject=say("A webhook was switched off"),
        paragraphs=(
            say("{host} was told nothing new of the board of {company} for days, or said that it is gone.").format(
                host=host, company=company
            ),
            say("What it answered last: {error}").format(error=error),
            say("Nothing is lost: once it is switched on again, it hears of all that it has missed, in order."),
        ),
        label=say("Look at the webhook"),
        link=url,
    )


def hiding_notice(*, number: int, company: str, reason: str, act: str, url: str, personal: bool, say: Say) -> Letter:
    """Tells the filer, or the author of a comment, what somebody asked to hide, a day before it can happen."""
    return Letter(
        subject=say("[#{number}] Something may be hidden").format(number=number),
        paragraphs=(
            asked_to(act, say).format(company=company, number=number, reason=reason),
            say("A second person has to agree, or a day has to pass. Until then everything stays as it is."),
            say("If you object, say so in a comment on your issue: everybody can read it until then.")
            if personal
            else say("If you object, say so in another comment: everybody can read it until then."),
        ),
        label=say("Open my issue") if personal else say("Open the issue"),
        link=url,
        issue=number,
        secret=personal,
        personal=personal,
    )


def asked_to(act: str, say: Say) -> str:
    match act:
        case "remove":
            return say("A moderator of {company} asked to remove issue {number} from view, because {reason}.")
        case "hide":
            return say("A moderator of {company} asked to hide a comment on issue {number}, because {reason}.")
        case _:
            return say("A moderator of {company} asked to take words out of issue {number}, because {reason}.")


def appeal_answer(
    *, number: int, company: str, upheld: bool, about: str, words: str | None, url: str, personal: bool, say: Say
) -> Letter:
    """`about`: the issue, a comment, or words that were taken out; `words` are what the moderator answered."""
    told = judged(about, upheld=upheld, say=say).format(company=company, number=number)
    return Letter(
        subject=say("[#{number}] Your appeal").format(number=number),
        paragraphs=(f"{told}\n\n{words}" if words else told,),
        label=say("Open my issue") if personal else say("Open the issue"),
        link=url,
        issue=number,
        secret=personal,
        personal=personal,
    )


def judged(about: str, *, upheld: bool, say: Say) -> str:
    match about, upheld:
        case "issue", True:
            return say("{company} looked at your appeal: issue {number} is shown again.")
        case "issue", False:
            return say("{company} looked at your appeal: issue {number} stays hidden. The reason stands in the record.")
        case "comment", True:
            return say("{company} looked at your appeal: your comment on issue {number} is shown.")
        case "comment", False:
            return say("{company} looked at your appeal: your comment on issue {number} stays hidden.")
        case _, True:
            return say(
                "{company} looked at your appeal: you are right, and the words of issue {number} cannot come back."
            )
        case _:
            return say("{company} looked at your appeal: the words stay out of issue {number}.")


def words_gone(*, number: int, company: str, line: str, url: str, say: Say) -> Letter:
    """Tells the author of a comment, who was signed in, what a moderator did to it, and how to appeal."""
    return Letter(
        subject=say("[#{number}] Your comment").format(number=number),
        paragraphs=(
            say("This is about what you wrote on issue {number} with {company}:").format(
                number=number, company=company
            ),
            line,
            say("If you think that this is wrong, sign in with this address, open the issue and appeal."),
        ),
        label=say("Open the issue"),
        link=url,
        issue=number,
    )


def private_word(*, number: int, company: str, url: str, say: Say) -> Letter:
    """Says that there are private words, and nothing of them: a mail is not private."""
    return to_filer(
        number,
        subject=say("[#{number}] A private word").format(number=number),
        paragraphs=(
            say("{company} wrote to you alone about issue {number}. Open your issue to read it.").format(
                company=company, number=number
            ),
        ),
        url=url,
        say=say,
    )


def new_address(*, company: str, url: str, hours: int, say: Say) -> Letter:
    return Letter(
        subject=say("Your new address on the board of {company}").format(company=company),
        paragraphs=(
            say("Somebody, probably you, wants this address to take the place of another one.").format(),
            say("The link works once, for {hours} hours. If it was not you, do nothing.").format(hours=hours),
        ),
        label=say("Yes, use this address"),
        link=url,
        secret=True,
        personal=True,
    )


def address_moved(*, company: str, say: Say) -> Letter:
    """Tells the old address, and not what the new one is."""
    return Letter(
        subject=say("Your address on the board of {company} was changed").format(company=company),
        paragraphs=(
            say("Another address has taken the place of this one, as somebody asked who was signed in with it."),
            say("Nobody is signed in with this address any more. If it was not you, tell {company} at once.").format(
                company=company
            ),
        ),
    )


def reminder(*, number: int, title: str, company: str, question: str, asks: bool, url: str, say: Say) -> Letter:
    """`asks` whether a cure holds; else an answer is wanted."""
    letter = to_filer(
        number,
        subject=f"[#{number}] {title}",
        paragraphs=(question, say("The issue is “{title}”, with {company}.").format(title=title, company=company)),
        url=url,
        say=say,
    )
    return with_verdict(letter, url, say) if asks else letter


def to_filer(number: int, *, subject: str, paragraphs: tuple[str, ...], url: str, say: Say) -> Letter:
    """A letter with the private link of the issue; it is part of the issue's thread."""
    return Letter(
        subject=subject,
        paragraphs=paragraphs,
        label=say("Open my issue"),
        link=url,
        issue=number,
        secret=True,
        personal=True,
    )
