"""Issues as they were folded last; of many the ones that were asked for lately."""

from board.domain.issue import Issue

MOST = 1_000


class Folded:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._issues: dict[int, Issue] = {}  # those that were kept last stand last

    def get(self, number: int) -> Issue | None:
        return self._issues.get(number)

    def keep(self, issue: Issue) -> None:
        self._issues.pop(issue.number, None)
        self._issues[issue.number] = issue
        if len(self._issues) > self._most:
            del self._issues[next(iter(self._issues))]
