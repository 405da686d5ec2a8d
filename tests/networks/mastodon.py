"""A Mastodon server: bearer tokens, keys that make a post one for an hour, limits, threads, HTML."""

from html import escape
from typing import Any

from tests.networks.serving import Asked, Network, Says

TOKEN = "a-token"
ME = "109"


class Mastodon(Network):
    """`statuses` by number; `keys` are what the server still remembers of keys; `told` are mentions, by age."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[int, dict[str, Any]] = {}
        self.keys: dict[str, int] = {}
        self.told: list[dict[str, Any]] = []
        self.scopes = {"read:notifications"}
        self.most = 500
        self.left, self.reset = 300, "2026-03-02T12:05:00.000000Z"
        self.next_id = 113_000_000_000_000_000

    def is_post(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/api/v1/statuses")

    def is_hearing(self, asked: Asked) -> bool:
        return asked.path == "/api/v1/notifications"

    def say(self, number: int, html: str, *, visibility: str = "public", at: str = "2026-03-02T12:00:01.000Z") -> None:
        """Somebody mentions the board; the notification has a number of its own."""
        url = f"https://elsewhere.example/@ada/{number}"
        status = {"id": str(number), "created_at": at, "url": url, "visibility": visibility, "content": html}
        status_of = status | {"account": {"id": "7", "acct": "ada@elsewhere.example"}}
        self.statuses[number] = status_of
        self.told.append({"id": str(len(self.told) + 1), "type": "mention", "created_at": at, "status": status_of})

    def answer(self, asked: Asked) -> Says:
        if asked.path == "/api/v2/instance":
            statuses = {"max_characters": self.most, "characters_reserved_per_url": 23}
            return Says(200, {"configuration": {"statuses": statuses}})
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Says(401, {"error": "The access token is invalid"})
        match asked.method, asked.path:
            case "GET", "/api/v1/accounts/verify_credentials":
                return Says(200, {"id": ME, "acct": "board"})
            case "GET", path if path == f"/api/v1/accounts/{ME}/statuses":
                return self.listed(asked.query)
            case "GET", "/api/v1/notifications":
                return self.notified(asked.query)
            case "GET", path if path.startswith("/api/v1/statuses/"):
                found = self.statuses.get(int(path.rpartition("/")[2]))
                return Says(200, found) if found else Says(404, {"error": "Record not found"})
            case "POST", "/api/v1/statuses":
                return self.post(asked)
            case "DELETE", path:
                gone = self.statuses.pop(int(path.rpartition("/")[2]), None)
                return Says(200, gone) if gone else Says(404, {"error": "Record not found"})
        return Says(404, {"error": "Record not found"})

    def post(self, asked: Asked) -> Says:
        key, said = asked.headers.get("idempotency-key"), asked.said
        if key in self.keys and self.keys[key] in self.statuses:
            return Says(200, self.statuses[self.keys[key]])
        if self.left <= 0:
            return Says(429, {"error": "Too many requests"}, {"X-RateLimit-Reset": self.reset})
        if len(said["status"]) > self.most:
            return Says(422, {"error": f"Validation failed: Text character limit of {self.most} exceeded"})
        parent = said.get("in_reply_to_id")
        if parent is not None and int(parent) not in self.statuses:
            return Says(404, {"error": "Record not found"})
        self.left, self.next_id = self.left - 1, self.next_id + 3
        made = {"id": str(self.next_id), "content": f"<p>{escape(said['status'])}</p>", "in_reply_to_id": parent}
        self.statuses[self.next_id] = made
        if key:
            self.keys[key] = self.next_id
        return Says(200, made)

    def notified(self, query: dict[str, str]) -> Says:
        if "read:notifications" not in self.scopes:
            return Says(403, {"error": "This action is outside the authorized scopes"})
        assert query["types[]"] == "mention"
        size = int(query["limit"])
        if "min_id" not in query:
            return Says(200, self.told[::-1][:size])
        return Says(200, [one for one in self.told if int(one["id"]) > int(query["min_id"])][:size][::-1])

    def listed(self, query: dict[str, str]) -> Says:
        since, below = int(query.get("since_id", 0)), int(query.get("max_id", 10**30))
        newer = [one for number, one in sorted(self.statuses.items(), reverse=True) if since < number < below]
        return Says(200, newer[: min(40, int(query["limit"]))])
