"""What issues came to when their chains were folded last; of many the ones that were asked for lately."""

from typing import Generic, Protocol, TypeVar

MOST = 1_000


class OfAnIssue(Protocol):
    @property
    def number(self) -> int: ...


Found = TypeVar("Found", bound=OfAnIssue)


class Folded(Generic[Found]):
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._issues: dict[int, Found] = {}  # those that were kept last stand last

    def get(self, number: int) -> Found | None:
        return self._issues.get(number)

    def keep(self, found: Found) -> None:
        self._issues.pop(found.number, None)
        self._issues[found.number] = found
        if len(self._issues) > self._most:
            del self._issues[next(iter(self._issues))]
