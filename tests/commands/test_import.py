"""`board import` from other products' exports, from the file to the board, on both databases."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from board.store import entries, issues
from board.store.database import Database
from board.store.issues import Wanted
from tests.importers.test_readers import SAMPLES
from tests.soundness import assert_sound
from tests.test_commands import Shell

SECRETS = (
    "@home.example",
    "Do not tell her",
    "Recount the lids",
    "Lovelace",
    "Buy cheap lamps",
    "Win a kettle",
    "Rude words",
    "Not looked at",
)
ADDED = {
    "canny.csv": (3, 5),
    "fider.csv": (5, 9),
    "fider_backup.zip": (2, 7),
    "gh_issue_list.json": (2, 6),
    "github_rest.json": (1, 3),
    "table_latin1.csv": (2, 3),
    "table_ragged.csv": (2, 2),
    "uservoice.csv": (3, 5),
    "zendesk.json": (2, 5),
}
STATES = {
    "canny.csv": {("Keep warm for an hour", "resolved"), ("A timer", "acknowledged"), ("Blink when empty", "new")},
    "fider.csv": {
        ("Kettles should whistle", "resolved"),
        ("Say what a spare lid costs", "new"),
        ("Bring back the whistle", "resolved"),
        ("A kettle for one cup", "in_progress"),
        ("Sell tea too", "closed"),
    },
    "fider_backup.zip": {("Kettles should whistle", "resolved"), ("2024", "resolved")},
    "gh_issue_list.json": {("The display stays dark", "resolved"), ("Brightness cannot be set", "new")},
    "github_rest.json": {("Beeps at night", "closed")},
    "table_latin1.csv": {("Wasser läuft aus", "resolved"), ("Zu leise", "new")},
    "table_ragged.csv": {("Two lines", "new"), ("Good again", "new")},
    "uservoice.csv": {
        ("Tell when the parcel leaves", "in_progress"),
        ("A darker blue", "new"),
        ("Send by bicycle", "closed"),
    },
    "zendesk.json": {("The lid is broken", "resolved"), ("Where is my order?", "waiting_on_customer")},
}


def shell_of(url: str, tmp_path: Path) -> Shell:
    return Shell(url, tmp_path / "data")


async def board(url: str) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """All issues with their timelines; the board must be sound."""
    db = Database(url)
    await db.connect()
    await assert_sound(db)
    async with db.reading() as tx:
        found = await issues.listed(tx, Wanted(state="all", sort="active", limit=100), "2026-03-02T12:00:00Z")
        said = {row["number"]: await entries.of_issue(tx, row["number"]) for row in found}
    await db.disconnect()
    return found, said


async def first(url: str) -> tuple[tuple[str, str], list[str]]:
    """How the first issue stands, and what was said after its filing."""
    db = Database(url)
    await db.connect()
    async with db.reading() as tx:
        row = await issues.find(tx, 1)
        said = [one["body"] for one in await entries.of_issue(tx, 1) if one["body"]]
    await db.disconnect()
    assert row
    return (row["state"], row["visibility"]), said


@pytest.mark.parametrize("name", ADDED)
def test_a_sample_of_each_product_becomes_issues_once(sqlite_url: str, tmp_path: Path, name: str) -> None:
    brought(shell_of(sqlite_url, tmp_path), name)


def test_it_does_on_postgres_too(postgres_url: str, tmp_path: Path) -> None:
    brought(shell_of(postgres_url, tmp_path), "zendesk.json")


def brought(shell: Shell, name: str) -> None:
    conversations, messages = ADDED[name]
    first = shell.run("import", str(SAMPLES / name))
    assert f"{conversations} conversations with {messages} messages were added" in first.stdout, first.output
    again = shell.run("import", str(SAMPLES / name))
    assert "0 conversations with 0 messages were added" in again.stdout
    found, said = asyncio.run(board(shell.url))
    assert {(row["title"], row["state"]) for row in found} == STATES[name]
    shown = json.dumps([found, said], default=str)
    assert [secret for secret in SECRETS if secret in shown] == []


def test_who_spoke_and_when_stays_as_it_was(sqlite_url: str, tmp_path: Path) -> None:
    shell_of(sqlite_url, tmp_path).run("import", str(SAMPLES / "gh_issue_list.json"))
    found, said = asyncio.run(board(sqlite_url))
    (dark,) = [row["number"] for row in found if row["title"] == "The display stays dark"]
    assert [(one["kind"], one["name"], bool(one["by_filer"]), one["at"]) for one in said[dark] if one["body"]] == [
        ("update.posted", "bo-at-kettles", False, "2024-06-01T11:00:00Z"),
        ("comment.posted", "ada-l", True, "2024-06-01T12:00:00Z"),
        ("comment.posted", "cy", False, "2024-06-01T13:00:00Z"),
        ("update.posted", None, False, "2024-06-03T12:00:00Z"),
    ]


def test_a_dry_run_says_what_would_come_and_brings_nothing(sqlite_url: str, tmp_path: Path) -> None:
    shell = shell_of(sqlite_url, tmp_path)
    result = shell.run("import", "--dry-run", "--tag", "kettles=Kettles", "--area", "Shop", str(SAMPLES / "fider.csv"))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "2024-03-23  Kettles: Kettles should whistle",
        "2024-02-21  Shop: Say what a spare lid costs",
        "2024-04-12  Kettles: Bring back the whistle",
        "2024-05-02  Kettles: A kettle for one cup",
        "2024-05-04  Shop: Sell tea too",
        "Conversations that would be brought in: 5, with messages: 9.",
        "By areas: Kettles 3, Shop 2",
        "By ends: open 2, fixed 1, answered 1, declined 1",
    ]
    assert not shell.folder.exists()  # it asks no database, and makes no key


def test_what_cannot_be_read_is_said_in_one_line(sqlite_url: str, tmp_path: Path) -> None:
    shell, file = shell_of(sqlite_url, tmp_path), tmp_path / "letter.txt"
    file.write_text("Dear Ada,\nhello", encoding="utf-8")
    table = str(SAMPLES / "table_latin1.csv")
    assert "say which with --from" in shell.refused("import", str(file))
    assert "--map knows no “colour”" in shell.refused("import", "--map", "colour=x", table, status=2)
    assert "--tag takes NAME=VALUE" in shell.refused("import", "--tag", "x", table, status=2)
    assert "there is no column “Nix”" in shell.refused("import", "--map", "id=Nix", table)
    assert "no column is the title" in shell.refused("import", "--from", "canny", str(SAMPLES / "table_latin1.csv"))


def test_others_wait_until_an_issue_that_waits_for_a_moderator_is_published(sqlite_url: str, tmp_path: Path) -> None:
    shell, file = shell_of(sqlite_url, tmp_path), tmp_path / "said.jsonl"
    said = [
        {"by": by, "name": name, "at": f"2024-06-01T1{place}:00:00Z", "text": text, "source_id": str(place)}
        for place, (by, name, text) in enumerate(
            (("customer", "Ada", "Call +49 170 1234567."), ("staff", "Bo", "We do."), ("other", "Cy", "Me, too."))
        )
    ]
    file.write_text(
        json.dumps({"source": "x", "source_id": "1", "area": "A", "open": True, "messages": said}), encoding="utf-8"
    )
    assert shell.done("import", "--finds", "hold", str(file)).startswith("1 conversations with 2 messages were added")
    assert asyncio.run(first(sqlite_url)) == (("acknowledged", "held"), ["We do."])
