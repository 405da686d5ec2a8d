"""Finds the sentences in Python files that a catalogue can translate (a Babel extraction method, see babel.cfg)."""

import ast
from collections.abc import Iterator
from typing import IO, Any

REFUSALS = {
    "Invalid",
    "NotFound",
    "NotAllowed",
    "SignInFirst",
    "ProveFirst",
    "Conflict",
    "Refused",
    "TooMany",
    "Unreachable",
    "Overrun",
    "TooSlow",
}
CALLS = {"phrase", "say"} | REFUSALS
TABLES = {"STATES", "RESOLUTIONS", "PARTIES", "REASONS", "SENTENCES", "DONE", "QUEUES", "WHO", "RULES", "ABOUT"}
TABLES |= {"LABELS", "MASKS", "MONTHS", "WORDS", "TO_FILER"}

Message = tuple[int, None, str, list[str]]


def sentences(source: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Message]:
    """Texts given to the calls above, the values of the tables above, and the titles of refusals."""
    for node in ast.walk(ast.parse(source.read())):
        match node:
            case ast.Call() if called(node) in CALLS:
                found = [text for argument in node.args for text in texts(argument)]
            case ast.Assign(targets=[ast.Name(id=name)]) if name in TABLES:
                found = list(texts(node.value))
            case ast.Assign(targets=[ast.Name(id="title")], value=ast.Constant(value=str())):
                found = list(texts(node.value))
            case _:
                continue
        for line, text in found:
            yield line, None, text, []


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def texts(node: ast.expr) -> Iterator[tuple[int, str]]:
    """The string constants of an argument: itself, or the values of a dictionary; field names are none."""
    match node:
        case ast.Constant(value=str() as text):
            yield node.lineno, text
        case ast.Dict(values=values):
            for value in values:
                yield from texts(value)
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
