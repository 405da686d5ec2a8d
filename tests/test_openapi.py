"""The API keeps to its own description, whatever is sent: thousands of made-up requests to the real server.

BOARD_CASES sets how many for each operation (default 12); `make soak` sends 20,000 and more.
"""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from board.web.operations import OPERATIONS
from tests.browser.house import House, living_in
from tests.web.doors import all_routes, plain

CASES = int(os.environ.get("BOARD_CASES", "12"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with living_in(tmp_path_factory.mktemp("house"), demo=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def token(demo: House) -> str:
    """What an admin's program is let in with."""
    listed = demo.run("staff", "list").splitlines()
    moderator = next(line.split()[1] for line in listed if line.startswith("moderator"))
    printed = demo.run("token", "create", "--label", "Robot", "--role", "admin", "--for", moderator)
    return next(word for word in printed.split() if word.startswith("board_"))


@pytest.mark.parametrize("place", range(len(OPERATIONS)), ids=[f"{o.method} {o.path}" for o in OPERATIONS])
def test_an_operation_answers_as_it_is_described(demo: House, token: str, place: int) -> None:
    one = OPERATIONS[place]
    described = schemathesis.openapi.from_url(f"{demo.url}/api/v1/openapi.json")
    operation = described[one.path][one.method.upper()]

    @given(case=operation.as_strategy())
    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def send(case: Any) -> None:
        case.path_parameters = {name: 1 + value % 40 for name, value in (case.path_parameters or {}).items()}
        if case.headers and len(str(case.body)) % 4:  # most writes are meant, wherever the issue stands by now
            case.headers.pop("If-Match", None)
        if case.query and "wait" in case.query:
            case.query = {**case.query, "wait": 0}
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"} if one.by != "anyone" else {}, checks=CHECKS
        )

    send()


def test_every_door_of_the_api_is_described(demo: House) -> None:
    doors = {
        (method.lower(), plain(route))
        for route in all_routes()
        for method in route.methods or ()
        if plain(route).startswith("/api/v1/") and method != "HEAD" and not plain(route).endswith("openapi.json")
    }
    assert doors == {(one.method, one.path) for one in OPERATIONS}
    assert httpx.get(f"{demo.url}/api").status_code == 200


def test_an_answer_of_another_shape_is_noticed(demo: House) -> None:
    described = httpx.get(f"{demo.url}/api/v1/openapi.json").json()
    described["components"]["schemas"]["Area"]["required"].append("colour")
    case = schemathesis.openapi.from_dict(described)["/api/v1/areas"]["GET"].Case()
    with pytest.raises(FailureGroup):
        case.call_and_validate(base_url=demo.url, checks=CHECKS)
