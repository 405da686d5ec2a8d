"""What our own receiving server says about who sent a message: `Authentication-Results` (RFC 8601)."""

import re
from typing import Literal

Said = Literal["pass", "fail", "none"]
LONGEST = 4_000  # characters of a header
COMMENT = re.compile(r"\([^()]*\)")
RESULT = re.compile(r"\bdmarc\s*=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
FROM = re.compile(r"\bheader\.from\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def dmarc(headers: list[tuple[str, str]], *, authserv: str | None, sender: str) -> Said:
    """The result for the domain of `sender`; only the topmost header counts, which our own server has put there.

    Others below it may be of the sender's making, though they name our server.
    """
    for name, value in headers:
        if name.lower() == "authentication-results" and authserv:
            server, _, results = without_comments(value[:LONGEST]).partition(";")
            if server.split()[:1] == [authserv.lower()]:
                return result(results, sender.rpartition("@")[2])
    return "none"


def without_comments(value: str) -> str:
    """Nested ones, too."""
    before, value = None, " ".join(value.lower().split())
    while before != value:
        before, value = value, COMMENT.sub(" ", value)
    return value


def result(results: str, domain: str) -> Said:
    for one in results.split(";"):
        if found := RESULT.search(one):
            about = FROM.search(found[2])
            if about and about[1].rpartition("@")[2] != domain:
                return "fail"
            if found[1] == "pass":
                return "pass"
            return "fail" if found[1] == "fail" else "none"
    return "none"
