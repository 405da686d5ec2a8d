"""The command line: what each command does, its exit status, and the one line in which it says what is wrong."""

import asyncio
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from board import signing
from board.__main__ import main
from board.store import migrate, people
from board.store.database import Database, migrations_folder
from tests.cast import file_issue
from tests.soundness import assert_sound
from tests.web.site import SECRET


@dataclass
class Shell:
    """Runs commands on one board."""

    url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BOARD_DATABASE_URL": self.url,
            "BOARD_DATA_DIR": str(self.folder),
            "BOARD_BASE_URL": "https://board.example",
            "BOARD_SECRET_KEY": SECRET,
        }

    def run(self, *command: str, **environment: str) -> Result:
        return CliRunner().invoke(main, command, env={**self.environment, **environment})

    def done(self, *command: str) -> str:
        """What a command that must succeed prints."""
        result = self.run(*command)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def refused(self, *command: str, status: int = 1, settings: dict[str, str] | None = None) -> str:
        """The one line in which a command that must fail says why."""
        result = self.run(*command, **(settings or {}))
        assert result.exit_code == status, result.output
        *_, line = result.stderr.splitlines()
        assert line.startswith("board: ")
        return line.removeprefix("board: ")


@pytest.fixture
def shell(url: str, tmp_path: Path) -> Shell:
    return Shell(url, tmp_path / "data")


@pytest.fixture
def quick_shell(tmp_path: Path) -> Shell:
    return Shell(f"sqlite:///{tmp_path / 'data' / 'board.db'}", tmp_path / "data")


def test_colleagues_are_added_listed_and_removed(shell: Shell) -> None:
    said = shell.done("staff", "add", "Bo@Board.example", "--name", "Bo", "--role", "agent")
    assert "Bo (agent) signs in once with this link, within 7 days:" in said
    assert re.search(r"^https://board\.example/signin/[\w-]{43}$", said, re.MULTILINE)
    shell.done("staff", "add", "root@board.example", "--name", "Root", "--role", "admin")
    listed = [line.split() for line in shell.done("staff", "list").splitlines()]
    assert listed == [["agent", "bo@board.example", "Bo"], ["admin", "root@board.example", "Root"]]
    assert shell.done("staff", "remove", "BO@board.example") == "Bo can no longer sign in.\n"
    assert "last admin" in shell.refused("staff", "remove", "root@board.example")
    assert "no colleague with the address bo@board.example" in shell.refused("staff", "remove", "bo@board.example")
    assert len(shell.done("staff", "list").splitlines()) == 1


def test_a_colleague_that_cannot_be_is_refused(quick_shell: Shell) -> None:
    assert "email: This does not look like a mail address." in quick_shell.refused(
        "staff", "add", "bo", "--name", "Bo", "--role", "agent"
    )
    assert "name: This is 81 characters long" in quick_shell.refused(
        "staff", "add", "bo@board.example", "--name", "x" * 81, "--role", "agent"
    )
    assert quick_shell.done("staff", "list") == ""


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(shell: Shell) -> None:
    secret = shell.done("token", "create", "--label", "Robot", "--role", "reader").strip()
    assert secret.startswith("board_")
    assert shell.done("token", "list").split() == ["1", "reader", "valid", "Robot"]
    assert asyncio.run(token(shell.url, secret)) == {"id": 1, "label": "Robot", "role": "reader", "person": None}
    assert shell.done("token", "revoke", "1") == "Revoked.\n"
    assert shell.done("token", "list").split() == ["1", "reader", "revoked", "Robot"]
    assert asyncio.run(token(shell.url, secret)) is None
    for number in ("1", "99"):
        assert f"there is no valid token {number}" in shell.refused("token", "revoke", number)


def test_a_token_is_made_for_a_colleague(quick_shell: Shell) -> None:
    quick_shell.done("staff", "add", "mo@board.example", "--name", "Mo", "--role", "moderator")
    made = ("token", "create", "--label", "Robot", "--role", "moderator", "--for")
    secret = quick_shell.done(*made, "Mo@board.example").strip()
    found = {"id": 1, "label": "Robot", "role": "moderator", "person": 1}
    assert asyncio.run(token(quick_shell.url, secret)) == found
    refused = quick_shell.refused(*made, "cy@board.example")
    assert "there is no colleague with the address cy@board.example" in refused


async def token(url: str, secret: str) -> object:
    db = Database(url)
    await db.connect()
    async with db.reading() as tx:
        found = await people.token(tx, secret)
    await db.disconnect()
    return found


CONVERSATION = {
    "source": "twitter",
    "source_id": "1",
    "area": "Tea Care",
    "messages": [
        {"by": "customer", "name": "Ada", "at": "2020-04-01T10:00:00Z", "text": "My kettle leaks. Help!"},
        {"by": "staff", "name": "Bo", "at": "2020-04-01T11:00:00Z", "text": "A new one is on its way."},
        {"by": "customer", "name": "Ada", "at": "2020-04-02T10:00:00Z", "text": "It came."},
    ],
}
BAD_LINES = {
    b"{": "not JSON",
    b"[]": "a line is one JSON object",
    b"\xff": "utf-8",
    b"[" * 100_000: "nested too deeply",
    json.dumps({**CONVERSATION, "source_id": None}).encode(): "“source_id” must be a text",
    json.dumps({**CONVERSATION, "source_id": "a\0b"}).encode(): "“source_id”",
    json.dumps({**CONVERSATION, "source": "\ud800"}).encode(): "“source”",
    json.dumps({**CONVERSATION, "messages": []}).encode(): "“messages” must be a list",
    json.dumps({**CONVERSATION, "messages": CONVERSATION["messages"][1:2]}).encode(): "no message is by the customer",
    json.dumps({**CONVERSATION, "resolution": "magic"}).encode(): "“resolution” must be one of",
}


def test_conversations_come_in_once_and_bad_lines_are_told_by_their_number(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    good = [json.dumps({**CONVERSATION, "source_id": str(place)}).encode() for place in range(3)]
    file.write_bytes(b"\n".join([good[0], *BAD_LINES, b"", *good[1:]]) + b"\n")
    result = shell.run("import", str(file))
    assert result.exit_code == 1
    assert result.stdout == "3 conversations with 9 messages were added; 1 had nothing new.\n"
    *told, last = result.stderr.splitlines()
    for number, (line, why) in enumerate(zip(told, BAD_LINES.values(), strict=True), 2):
        assert line.startswith(f"line {number}: "), line
        assert why in line
    assert last == f"board: {len(BAD_LINES)} lines were not imported; mend them and run the import again"

    file.write_bytes(b"\n".join(good) + b"\n")
    assert shell.done("import", str(file)) == "0 conversations with 0 messages were added; 3 had nothing new.\n"
    asyncio.run(sound(shell.url))


async def sound(url: str) -> None:
    db = Database(url)
    await db.connect()
    await assert_sound(db)
    await db.disconnect()


def test_an_import_takes_what_was_said_until_a_day_and_the_rest_later(quick_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text(json.dumps(CONVERSATION), encoding="utf-8")
    assert quick_shell.done("import", str(file), "--as-of", "2019-01-01").startswith("0 conversations with 0 messages")
    assert quick_shell.done("import", str(file), "--as-of", "2020-04-02").startswith("1 conversations with 2 messages")
    assert quick_shell.done("import", str(file)).startswith("1 conversations with 1 messages")
    assert "does not exist" in quick_shell.refused("import", str(tmp_path / "none"), status=2)


def test_an_import_masks_what_looks_private_unless_told_otherwise(quick_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    messages: Any = CONVERSATION["messages"]
    said = [{**one, "text": f"{one['text']} +49 170 1234567"} for one in messages]
    for place, (given, became) in enumerate(
        (((), "Marks stand"), (("--finds", "hold"), "wait for a moderator"), (("--finds=publish",), "Everybody reads")),
        1,
    ):
        file.write_text(json.dumps({**CONVERSATION, "source_id": str(place), "messages": said}), encoding="utf-8")
        added, found = quick_shell.done("import", str(file), *given).splitlines()
        assert added.startswith("1 conversations with 3 messages")
        assert found.startswith("3 texts hold what looks private.")
        assert became in found
        assert found.endswith(f"Issues: #{place}.")
    assert "--finds" in quick_shell.refused("import", str(file), "--finds", "lose", status=2)


def test_rebuild_finds_what_differs_from_the_record_and_mends_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text(json.dumps(CONVERSATION), encoding="utf-8")
    shell.done("import", str(file))
    assert shell.done("rebuild") == "What is stored is what the record says.\n"
    asyncio.run(change(shell.url, "UPDATE issues SET title = 'All is well'"))
    assert "`board rebuild --mend` stores what the record says" in shell.refused("rebuild")
    result = shell.run("rebuild", "--mend")
    assert (result.exit_code, result.stdout) == (0, "Mended.\n")
    assert "All is well" in result.stderr
    assert shell.done("rebuild") == "What is stored is what the record says.\n"


async def change(url: str, sql: str) -> None:
    db = Database(url)
    await db.connect()
    async with db.saving() as tx:
        await tx.run(sql)
    await db.disconnect()


LAST = max(file.name[:4] for file in (migrations_folder() / "versions").glob("*.py"))
NEXT_MIGRATION = f"""
from alembic import op

revision = "9001"
down_revision = "{LAST}"


def upgrade() -> None:
    op.execute("CREATE TABLE later (one INTEGER)")
"""


def test_migrate_makes_a_copy_of_the_file_before_it_changes_it(
    quick_shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quick_shell.done("migrate") == "The schema is up to date.\n"
    assert quick_shell.done("migrate") == "The schema is up to date.\n"
    quick_shell.done("token", "create", "--label", "Robot", "--role", "reader")
    folder = Path(shutil.copytree(migrations_folder(), tmp_path / "migrations"))
    (folder / "versions" / "9001_later.py").write_text(NEXT_MIGRATION, encoding="utf-8")
    monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
    copy = quick_shell.folder / f"board.db.before-{LAST}"
    assert quick_shell.done("migrate") == f"Migrated; the copy from before is at {copy}\n"
    monkeypatch.undo()
    assert Shell(f"sqlite:///{copy}", quick_shell.folder).done("token", "list").split()[-1] == "Robot"
    assert "made by a newer version of this program" in quick_shell.refused("staff", "list")


def test_what_was_signed_of_a_made_up_record_binds_nobody_when_it_is_gone(quick_shell: Shell) -> None:
    signed = quick_shell.folder / signing.GUARD
    for command in (("demo",), ("demo", "--wipe")):
        quick_shell.folder.mkdir(exist_ok=True)
        signed.write_text("of another record")
        quick_shell.done(*command)
        assert not signed.exists()
    signed.write_text("of this one")
    quick_shell.refused("demo", "--wipe")
    assert signed.exists()


def test_verify_hands_over_to_the_checker(quick_shell: Shell) -> None:
    told = quick_shell.run("verify", "--help")
    assert (told.exit_code, "--state" in told.stdout) == (0, True)
    assert quick_shell.run("verify", "nonsense").exit_code == 1


def test_the_demonstration_fills_an_empty_board_and_is_wiped_again(shell: Shell) -> None:
    assert "`board demo --wipe` empties it again" in shell.done("demo")
    assert shell.done("rebuild") == "What is stored is what the record says.\n"
    assert "A demonstration needs an empty board" in shell.refused("demo")
    assert shell.done("demo", "--wipe") == "The demonstration is gone; the board is empty.\n"
    assert "This is not a demonstration board." in shell.refused("demo", "--wipe")


def test_a_board_on_which_somebody_filed_is_neither_filled_nor_wiped(quick_shell: Shell) -> None:
    quick_shell.done("demo")
    number = asyncio.run(file_one(quick_shell.url))
    assert f"1 issues were filed here by somebody else (#{number})" in quick_shell.refused("demo", "--wipe")
    asyncio.run(sound(quick_shell.url))


async def file_one(url: str) -> int:
    db = Database(url)
    await db.connect()
    async with db.reading() as tx:
        area = await tx.value("SELECT slug FROM areas ORDER BY slug LIMIT 1")
    number = await file_issue(db, area=area)
    await db.disconnect()
    return number


PRIVATE = "ada@elsewhere.example"


def test_the_export_holds_everything_public_and_with_private_all(shell: Shell, tmp_path: Path) -> None:
    shell.done("demo")
    asyncio.run(change(shell.url, f"UPDATE filers SET email = '{PRIVATE}'"))
    said = shell.done("export", str(tmp_path / "out"))
    lines = (tmp_path / "out" / "record.jsonl").read_text(encoding="utf-8").splitlines()
    assert said == f"{len(lines)} events are in {tmp_path / 'out'}.\n"
    assert [json.loads(json.loads(line)["leaf"])["index"] for line in lines] == list(range(len(lines)))
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "issues.csv",
        "issues.jsonl",
        "policies.jsonl",
        "record.jsonl",
    ]
    assert not [file for file in (tmp_path / "out").iterdir() if PRIVATE in file.read_text(encoding="utf-8")]
    shell.done("export", "--private", str(tmp_path / "all"))
    assert PRIVATE in (tmp_path / "all" / "private" / "filers.jsonl").read_text(encoding="utf-8")
    assert (tmp_path / "all" / "private").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    assert shell.refused("export", str(tmp_path / "file"), status=2)
    assert f"cannot use {tmp_path / 'file' / 'x'}: " in shell.refused("export", str(tmp_path / "file" / "x"))


def test_a_command_that_is_used_wrongly_says_so_in_one_line(quick_shell: Shell) -> None:
    assert quick_shell.refused("fly", status=2) == "No such command 'fly'. See `main --help`."
    assert "Missing option '--role'" in quick_shell.refused("token", "create", "--label", "x", status=2)
    assert "'king' is not one of" in quick_shell.refused("token", "create", "--label", "x", "--role", "king", status=2)
    assert "99999 is not in the range" in quick_shell.refused("serve", "--port", "99999", status=2)
    assert "No such option" in quick_shell.refused("rebuild", "--faster", status=2)
    assert quick_shell.run("--help").exit_code == 0
    assert not quick_shell.folder.exists()


def test_a_wrong_setting_or_database_is_told_in_one_line(quick_shell: Shell, tmp_path: Path) -> None:
    text = tmp_path / "letter.txt"
    text.write_text("Dear Ada, " * 1_000, encoding="utf-8")
    for name, value, told in [
        ("BOARD_BASE_URL", "board.example", "BOARD_BASE_URL: give the board's own address"),
        ("BOARD_SMTP_URL", "mail", "BOARD_SMTP_URL: use smtp://"),
        ("BOARD_DATABASE_URL", "mysql://x", "BOARD_DATABASE_URL: use sqlite:///"),
        (
            "BOARD_DATABASE_URL",
            f"sqlite:///{text}",
            "cannot use the database: file is not a database. Check BOARD_DATA",
        ),
        ("BOARD_DATABASE_URL", f"sqlite:///{tmp_path}", "cannot use the database: unable to open database file"),
        ("BOARD_DATABASE_URL", "postgresql://me@127.0.0.1:1/board", "Check BOARD_DATABASE_URL."),
    ]:
        for command in (("staff", "list"), ("serve", "--port", "1024")):
            assert told in quick_shell.refused(*command, settings={name: value})


def test_a_postgres_database_that_is_not_there_is_told_in_one_line(postgres_url: str, tmp_path: Path) -> None:
    shell = Shell(re.sub(r"/board_\w+", "/no_such_board", postgres_url), tmp_path)
    assert 'database "no_such_board" does not exist' in shell.refused("migrate")
