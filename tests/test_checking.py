"""`board check` says what is set, tries it, and says in plain words what to mend."""

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from board import checking
from board.__main__ import main
from board.domain.letters import Letter
from board.store import bounces, outbox
from board.store.database import Database
from tests.followers.postbox import free_port, postbox
from tests.imap import folder
from tests.web.site import settings_for

TOKEN = "a token of the tests that nobody guesses"
EVE = "eve@home.example"


async def found(url: str, tmp_path: Path, mail_to: str | None = None, **given: Any) -> dict[str, str]:
    """What is found, each line under how it is."""
    lines: dict[str, str] = {"ok": "", "note": "", "mend": ""}
    async for how, said in checking.check(settings_for(url, tmp_path, **given), mail_to):
        lines[how] += f"{said}\n"
    return lines


async def test_a_board_that_sends_nothing_is_as_it_was_chosen(url: str, tmp_path: Path) -> None:
    lines = await found(url, tmp_path)
    assert lines["mend"] == ""
    assert "The database" in lines["ok"]
    assert ["No mail is sent" in lines["note"], "Answers by mail are not taken" in lines["note"]] == [True, True]
    assert "set BOARD_SMTP_URL" in (await found(url, tmp_path, EVE))["mend"]


async def test_a_test_message_is_sent_and_a_fault_says_what_to_mend(sqlite_url: str, tmp_path: Path) -> None:
    with postbox() as box:
        given = {"smtp_url": box.url, "mail_from": "tea@board.example"}
        lines = await found(sqlite_url, tmp_path, EVE, **given)
        assert "took a message from tea@board.example to eve@home.example" in lines["ok"]
        assert [str(mail["To"]) for mail in box.mails] == [EVE]
        box.refused = {EVE: "550 5.7.1 relaying denied"}
        assert "It said: 550 5.7.1 relaying denied" in (await found(sqlite_url, tmp_path, EVE, **given))["mend"]
        assert "The mail server answers." in (await found(sqlite_url, tmp_path, **given))["ok"]
        assert len(box.mails) == 1
        folder = tmp_path / "of_the_board"  # whoever looks may not be the user whose keys they will be
        assert "The mail server answers." in (await found(sqlite_url, folder, **given))["ok"]
        assert not folder.exists()
    away = await found(sqlite_url, tmp_path, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert "cannot be reached. Check BOARD_SMTP_URL" in away["mend"]
    assert "BOARD_MAIL_FROM is not set" in away["note"]


async def test_the_mailbox_is_tried(sqlite_url: str, tmp_path: Path) -> None:
    inbox = {"mail_inbox": "in@board.example"}
    assert "set BOARD_IMAP_URL or BOARD_MAIL_TOKEN" in (await found(sqlite_url, tmp_path, **inbox))["mend"]
    async with folder() as box:
        box.deliver(b"Subject: one\r\n\r\nOne.\r\n")
        lines = await found(sqlite_url, tmp_path, imap_url=box.url, mail_token=TOKEN, **inbox)
        assert "New messages in it: 1." in lines["ok"]
        assert (lines["mend"], box.flags) == ("", {1: set()})
        assert "BOARD_MAIL_AUTHSERV" in lines["note"]
        wrong = await found(sqlite_url, tmp_path, imap_url=box.url.replace("s3cret", "x"), **inbox)
        assert "The mailbox cannot be read: wrong password." in wrong["mend"]


async def test_what_was_not_delivered_is_counted(db: Database, url: str, tmp_path: Path) -> None:
    async with db.saving() as tx:
        for email in (EVE, *(f"eve{place}@home.example" for place in range(59))):
            await bounces.note_hard(tx, email, why="gone", now_ms=1)
        await outbox.put(tx, message_id="x", recipient=EVE, letter=Letter(subject="x", paragraphs=()), now_ms=1)
    lines = await found(url, tmp_path)
    assert "Messages that failed: 1." in lines["mend"]
    assert "Addresses that send mail back: 60." in lines["note"]


def test_the_command_fails_where_something_is_to_be_mended(sqlite_url: str, tmp_path: Path) -> None:
    own = {"BOARD_DATABASE_URL": sqlite_url, "BOARD_DATA_DIR": str(tmp_path), "BOARD_BASE_URL": "https://board.example"}
    done = CliRunner().invoke(main, ["check"], env=own)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "ok    The board's address is https://board.example.")
    failed = CliRunner().invoke(main, ["check", "--mail-to", EVE], env=own)
    assert (failed.exit_code, "1 to mend" in failed.stderr) == (1, True)
    missing = tmp_path / "none.db"
    CliRunner().invoke(main, ["check"], env={**own, "BOARD_DATABASE_URL": f"sqlite:///{missing}"})
    assert not missing.exists()
