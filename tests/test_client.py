"""Programs in other hands: a client is generated from the description alone, and files, answers and reads with it."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.house import House, living_in

NAME = "made_client"
# What the generator writes the same for every document is its own.
CONFIG = f"[mypy]\ncheck_untyped_defs = True\n[mypy-{NAME}.client]\nignore_errors = True\n"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_in(tmp_path_factory.mktemp("house"), demo=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(demo: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the client stands; it can be imported."""
    made = tmp_path_factory.mktemp("client")
    program = Path(sys.executable).parent / "openapi-python-client"
    asked = [program, "generate", "--url", f"{demo.url}/api/v1/openapi.json", "--meta", "none"]
    tools = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = run([*asked, "--output-path", made / NAME], made, env=tools)
    assert (done.returncode, "warning" in (done.stdout + done.stderr).lower()) == (0, False), done.stdout + done.stderr
    sys.path.insert(0, str(made))
    yield made
    sys.path.remove(str(made))


def run(command: list[Any], folder: Path, **given: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **given)


@pytest.fixture
def line() -> Iterator[ExitStack]:
    """Closes the connections of the clients."""
    with ExitStack() as opened:
        yield opened


def part(name: str) -> Any:
    return importlib.import_module(f"{NAME}.{name}")


def test_a_client_made_from_the_description_files_answers_and_reads(demo: House, folder: Path, line: ExitStack) -> None:
    models = part("models")
    told, open_as = {"base_url": demo.url, "raise_on_unexpected_status": True}, part("client").AuthenticatedClient
    anybody = line.enter_context(part("client").Client(**told))
    area = part("api.reads.get_areas").sync(client=anybody).areas[0].slug
    new = models.NewIssue(body="I wanted tea. The kettle leaks.", area=area, email="ada@elsewhere.example")
    filed = part("api.customers.post_issues").sync(client=anybody, body=new)
    assert filed.url == f"{demo.url}/issues/{filed.number}"

    printed = demo.run("token", "create", "--label", "Robot", "--role", "agent")
    secret = next(word for word in printed.split() if word.startswith("board_"))
    robot = line.enter_context(open_as(**told, token=secret))
    said = models.NewUpdate(body="We look.", state="in_progress")
    done = part("api.staff.post_issue_updates").sync(filed.number, client=robot, body=said, if_match='"0"')
    assert (type(done).__name__, done.status, done.issue.number) == ("Problem", 412, filed.number)
    done = part("api.staff.post_issue_updates").sync(filed.number, client=robot, body=said)
    assert (done.issue.state, done.issue.turn) == ("in_progress", "company")

    whole = part("api.reads.get_issue").sync(filed.number, client=anybody)
    assert [entry.body for entry in whole.timeline if entry.event == "update.posted"] == ["We look."]
    listed = part("api.reads.get_issues").sync(client=anybody, sort=models.GetIssuesSort.NEW, limit=2)
    assert (len(listed.issues), listed.next_ is not None) == (2, True)
    field = models.GetIssuesFieldsItem
    sparse = part("api.reads.get_issues").sync(client=anybody, fields=[field.NUMBER, field.STATE], limit=1)
    assert sparse.issues[0].to_dict().keys() == {"number", "state"}

    own = line.enter_context(open_as(**told, token=filed.private_url.rpartition("/")[2], prefix="Filer"))
    thought = models.NewConfirmation(body="I have found it.")
    gone = part("api.customers.post_issue_withdrawal").sync(filed.number, client=own, body=thought)
    assert gone.issue.resolution == "withdrawn"


def test_what_was_made_is_typed(folder: Path) -> None:
    (folder / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", NAME]
    done = run(mypy, folder)
    assert done.returncode == 0, done.stdout
