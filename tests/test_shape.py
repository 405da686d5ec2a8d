"""The house stays as ARCHITECTURE.md draws it: what may import what, where SQL stands, and how long things are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BOARD = ROOT / "board"
FILES = sorted(file for file in BOARD.rglob("*.py"))
MAY_IMPORT = {
    "errors": set(),
    "domain": {"errors"},
    "store": {"domain", "errors"},
    "stream": {"store", "domain", "errors"},
    "actions": {"store", "domain", "errors", "sealing", "outbound"},
    "render": {"domain", "errors"},
    "followers": {"stream", "store", "domain", "render", "errors", "sealing", "outbound"},
    "web": {"actions", "stream", "store", "domain", "render", "drawing", "errors", "settings"},
    "drawing": {"render"},
    "settings": set(),
    "keys": {"settings"},
    "sealing": set(),
    "outbound": {"domain"},
    "signing": {"store", "domain", "errors"},
    "verify": set(),
    "oidc": {"settings", "domain", "errors"},
    "locale": set(),
    "importers": {"domain"},
    "commands": {"actions", "store", "domain", "importers", "errors", "settings", "keys"},
}
COMMANDS = {f"commands/{name}.py" for name in ("running", "bring", "tail", "tell", "open")}
ONE_DOOR = {
    "databases": {"store/database.py"},
    "asyncpg": {"store/database.py"},
    "aiosqlite": {"store/database.py"},
    "sqlalchemy": {"store/database.py", "store/migrate.py"},
    "alembic": {"store/migrate.py"},
    "jinja2": {"render.py"},
    "aiosmtplib": {"followers/line.py"},
    "msgspec": {
        "web/json.py",
        "web/api_acts.py",
        "web/api_moderation.py",
        "web/bodies.py",
        "web/shapes.py",
        "web/openapi.py",
    },
    "cryptography": {"keys.py", "sealing.py", "verify.py"},
    "webauthn": {"actions/passkeys.py"},
    "pyotp": {"actions/codes.py"},
    "PIL": {"drawing.py"},
    "segno": {"render.py"},
    "prometheus_client": {"web/metrics.py"},
    "authlib": {"oidc.py"},
    "joserfc": {"oidc.py"},
    "httpx": {"oidc.py", "commands/calls.py"},
    "httpcore": {"outbound.py"},
    "uvicorn": {"serving.py", "patience.py", "whole.py", "wire.py"},
    "websockets": {"wire.py", "commands/link.py"},
    "altcha": {"web/proof.py", "commands/prove.py"},
    "pyarrow": {"web/parquet.py"},
    "brotli": {"web/coding.py"},
    "zstandard": {"web/coding.py"},
    "click": {"__main__.py", *COMMANDS},
    "rich": {"__main__.py", "commands/running.py", "commands/bring.py"},
    "markdown_it": {"domain/text.py"},
    "nh3": {"domain/text.py"},
    "phonenumbers": {"domain/numbers.py"},
    "stdnum": {"domain/numbers.py"},
    "oauthlib": {"followers/x.py"},
    "regex": {"domain/weights.py", "domain/mirrors.py"},
}
SQL = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b", re.DOTALL)
IMPURE = ("time", "random", "secrets", "os", "socket", "asyncio", "sqlite3", "pathlib", "subprocess", "urllib")
FILE_LINES, BODY_LINES = 400, 40
ONE_FILE = {"verify.py": 600}  # for people to take away and read; the files beside it may not be needed


def name(file: Path) -> str:
    return file.relative_to(BOARD).as_posix()


def room(file: Path) -> str:
    return file.relative_to(BOARD).parts[0].removesuffix(".py")


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[str]:
    """The full names of the modules that a file imports."""
    for node in ast.walk(tree(file)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str() as module, names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names if module == "board")


def bodies(file: Path) -> Iterator[tuple[str, int]]:
    """Each function with the length of its body, without its docstring."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("file", FILES, ids=name)
def test_imports_run_one_way(file: Path) -> None:
    if room(file) not in MAY_IMPORT:  # app, serving and the command line put the rest together
        return
    inside = {module.split(".")[1] for module in imports(file) if module.startswith("board.")}
    assert inside - {room(file)} <= MAY_IMPORT[room(file)]


@pytest.mark.parametrize("file", FILES, ids=name)
def test_third_parties_have_one_door_each(file: Path) -> None:
    for package in {module.split(".")[0] for module in imports(file)} & ONE_DOOR.keys():
        assert name(file) in ONE_DOOR[package]


def test_starlette_stays_in_the_web_and_where_the_parts_are_put_together() -> None:
    users = {room(file) for file in FILES if any(m.split(".")[0] == "starlette" for m in imports(file))}
    assert users <= {"web", "app", "serving"}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_sql_stands_in_the_store_only(file: Path) -> None:
    strings = [n.value for n in ast.walk(tree(file)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    if room(file) != "store":
        assert [text for text in strings if SQL.search(text)] == []
    if name(file) != "store/record.py":
        assert [text for text in strings if "INSERT INTO events" in text] == []


@pytest.mark.parametrize("file", [f for f in FILES if room(f) == "domain"], ids=name)
def test_the_domain_is_pure(file: Path) -> None:
    assert not {module.split(".")[0] for module in imports(file)} & set(IMPURE)
    for node in ast.walk(tree(file)):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await)
        assert not (isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "environ"))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_files_and_functions_are_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= ONE_FILE.get(name(file), FILE_LINES)
    assert [(function, lines) for function, lines in bodies(file) if lines > BODY_LINES] == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_module_opens_with_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(tree(file))


def test_scripts_are_short() -> None:
    scripts = (ROOT / "static/js").rglob("*.js")
    assert [file.name for file in scripts if len(file.read_text(encoding="utf-8").splitlines()) > 150] == []
