"""`board open`: files an issue on any board from a terminal, once, however often an answer is lost."""

import asyncio
import json
import random
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from board.commands.calls import Board, Refusal, Unreachable, origin, said
from board.commands.prove import prove
from board.commands.running import fail
from board.domain import receipts
from board.domain.finds import LABELS
from board.domain.following import delay_s
from board.domain.leaf import check, decode
from board.domain.proof import leaf_hash, unb64url
from board.domain.text import clean
from board.domain.words import TITLE

TRIES, QUESTIONS = 5, 3
PROVE = 428
AROUND = 24  # characters shown beside a find
INTERRUPTED = 130
SCISSORS = "-------- 8< --------"
TEMPLATE = f"""


{SCISSORS}
Above this line: what went wrong. A first line with an empty one below it becomes the title.
Everybody will read it. What is for the company alone goes into a file: --private FILE
"""
Json = dict[str, Any]


@click.command("open")
@click.argument("url")
@click.option("--title", help="Left out: made from the first sentence.")
@click.option("--body", help="What went wrong; - reads it from stdin. Left out: from stdin, or an editor opens.")
@click.option("--area", help="The short name of an area.")
@click.option("--name", help="Your name as everybody reads it.")
@click.option("--mail", help="Your mail address; only the board knows it.")
@click.option(
    "--private", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What the company alone reads."
)
@click.option("--receipt", type=click.Path(dir_okay=False, path_type=Path), help="Where the receipt goes.")
@click.option("--public", "is_confirmed", is_flag=True, help="What looks private in it may be public.")
@click.option("--key", help="The key of a try before this one, which may have come through.")
@click.option("--json", "is_json", is_flag=True, help="Print what the board answers.")
def open_issue(url: str, body: str | None, title: str | None, **given: Any) -> None:
    """File an issue on the board at URL. What looks private in it is shown first, and asked about."""
    where = origin(url)
    if where is None:
        raise click.UsageError(f"{url!r} is not the address of a board, such as https://issues.example.com")
    title, body = typed(title, body)
    words = {"title": title, "body": body, "area": given["area"], "name": given["name"], "email": given["mail"]}
    if given["private"]:
        words["private"] = readable(given["private"])
    issue: Json = {field: value for field, value in words.items() if value}
    if given["is_confirmed"]:
        issue["confirmed_public"] = True
    with suppress(KeyboardInterrupt):
        file(
            Filing(where, issue, given["key"] or secrets.token_urlsafe(18), given["receipt"], is_json=given["is_json"])
        )
        return
    sys.exit(INTERRUPTED)


def typed(title: str | None, body: str | None) -> tuple[str | None, str]:
    """The title, where there is one, and the text, from wherever it comes."""
    if body is None and sys.stdin.isatty():
        written = (click.edit(TEMPLATE) or "").partition(SCISSORS)[0].strip()
        title, body = (title, written) if title else parted(written)
    elif body in (None, "-"):
        body = sys.stdin.read()
    if not clean(body or ""):
        raise click.UsageError("there is nothing to file: give --body, or write it on stdin or in the editor")
    return title, body or ""


def parted(written: str) -> tuple[str | None, str]:
    first, _, rest = written.partition("\n")
    is_title = rest.startswith("\n") and TITLE[0] <= len(first.strip()) <= TITLE[1] and bool(rest.strip())
    return (first.strip(), rest.strip()) if is_title else (None, written)


def readable(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} holds no text in UTF-8") from None


@dataclass
class Filing:
    """`key` makes it one filing, however often it is sent."""

    where: str
    issue: Json
    key: str
    receipt: Path | None
    is_json: bool
    proof: str = "can"


def file(filing: Filing) -> None:
    """Files, tells, and keeps the receipt. The receipt's file is made first: what cannot be kept is told before."""
    made = filing.receipt and make(filing.receipt)
    try:
        filed, visibility = asyncio.run(send(filing))
    except BaseException:
        if made:
            made.unlink()
        raise
    if made:
        made.write_text(receipt_text(filed, filing.where), encoding="utf-8")
    if filing.is_json:
        click.echo(json.dumps({**filed, "visibility": visibility}))
    else:
        click.echo("\n".join(told(filed, visibility, made)))


def make(file: Path) -> Path:
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise click.UsageError(f"{file} is there already: choose another name for the receipt") from None
    except OSError as wrong:
        raise click.UsageError(f"cannot write {file}: {wrong.strerror}") from None
    return file


async def send(filing: Filing) -> tuple[Json, str | None]:
    """What the board answered, and whether everybody sees the issue; None where that could not be found out."""
    board = Board(filing.where)
    try:
        filed = await settle(board, filing)
        with suppress(Refusal, Unreachable, KeyError):
            return filed, said((await board.get(f"/api/v1/issues/{int(filed['number'])}"))["visibility"])
        return filed, None
    except Refusal as refused:
        fail(explained(refused))
    except Unreachable as lost:
        fail(
            f"{filing.where} cannot be reached: {lost}. It may have been filed all the same: run this again with"
            f" --key {filing.key}, and it is not filed twice"
        )
    finally:
        await board.close()


async def settle(board: Board, filing: Filing) -> Json:
    """Files, and gives what the board asks for before it does: a decision about what looks private, a proof of work."""
    for _ in range(QUESTIONS):
        try:
            return await post(board, filing)
        except Refusal as refused:
            if refused.status == PROVE:
                click.echo("The board asks for a proof of work …", err=True)
                filing.proof = await asyncio.to_thread(prove, refused.problem.get("challenge"))
            else:
                agree(refused, filing)
    return await post(board, filing)


async def post(board: Board, filing: Filing) -> Json:
    """Sends it until an answer comes, always with the same key."""
    headers = {"Idempotency-Key": filing.key, "Board-Proof": filing.proof}
    for failures in range(TRIES):
        try:
            return await board.post("/api/v1/issues", filing.issue, headers)
        except Unreachable as lost:
            if failures == TRIES - 1:
                raise
            seconds = delay_s(failures, None, random.random())  # noqa: S311
            click.echo(f"no answer ({lost}); again in {seconds:.0f} s", err=True)
            await asyncio.sleep(seconds)
    raise AssertionError


def finds(refused: Refusal) -> list[Json]:
    errors = refused.problem.get("errors")
    return [one for one in errors if isinstance(one, dict) and "kind" in one] if isinstance(errors, list) else []


def agree(refused: Refusal, filing: Filing) -> None:
    """Shows what looks private, and asks; raises the refusal again where it is another one."""
    found = finds(refused)
    if not found:
        raise refused
    click.echo("This would be public, and looks private:", err=True)
    for one in found:
        click.echo(f"  {shown(one, filing.issue)}", err=True)
    if not sys.stdin.isatty():
        fail("nothing was filed: take it out, put it into --private FILE, or say with --public that all may read it")
    if not click.confirm("May everybody read it?", default=False, err=True):
        fail("nothing was filed")
    filing.issue["confirmed_public"] = True


def shown(find: Json, issue: Json) -> str:
    """A find with what stands around it; its place counts characters of the text as the board keeps it."""
    field, label = said(find.get("field")), said(LABELS.get(str(find.get("kind")), find.get("kind")))
    text = clean(str(issue.get(field, "")), lines=field == "body")
    start, end = int(find.get("start", 0)), int(find.get("end", 0))
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return f"{label}, in the {field}: …{said(before)} [{said(text[start:end])}] {said(after)}…"


def explained(refused: Refusal) -> str:
    """Each field with what to mend, or what else the board says."""
    errors = refused.problem.get("errors")
    fields = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    if fields:
        return "nothing was filed: " + "; ".join(
            f"{said(one.get('field'))}: {said(one.get('detail'))}" for one in fields
        )
    later = f" Try again in {said(refused.retry_after)} s." if refused.retry_after else ""
    return f"nothing was filed: {refused}{later}"


def told(filed: Json, visibility: str | None, receipt: Path | None) -> list[str]:
    entry = filed["receipt"]
    kept = (
        f"The receipt is in {receipt}." if receipt else f"Receipt: entry {entry['index']}, {said(entry['leaf_hash'])}"
    )
    return [
        f"Issue {int(filed['number'])} is filed: {said(filed['url'])}",
        f"Your private link, for you alone: {said(filed['private_url'])}",
        kept,
        *(["A moderator looks at it before everybody can read it."] if visibility == "held" else []),
    ]


def receipt_text(filed: Json, where: str) -> str:
    """The receipt as the board's mail would carry it; what does not hold is kept as it came, and said."""
    entry = filed["receipt"]
    text, digest = str(entry["leaf"]), unb64url(str(entry["leaf_hash"]))
    with suppress(ValueError):
        check(text)
        if leaf_hash(text.encode()) == digest:
            company = where.partition("://")[2]
            return receipts.text(decode(text, digest), company=company, url=said(filed["url"]), say=str)
    click.echo("The receipt does not hold: its fingerprint is not that of its entry. Keep it as evidence.", err=True)
    return json.dumps(entry) + "\n"
