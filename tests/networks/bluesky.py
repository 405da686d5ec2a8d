"""A Bluesky server: sessions that end, records under the writer's keys, lengths in graphemes, facets in bytes."""

import re
from typing import Any

import regex

from tests.networks.serving import Asked, Network, Says

IDENTIFIER, PASSWORD = "board.example", "app-pass-word"
DID = "did:plc:board"
KEY = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")


class Bluesky(Network):
    """`records` by key; `access` is the token that is good now."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Any]] = {}
        self.sessions = 0
        self.access, self.refresh = "", ""
        self.reset = 0
        self.is_limited = False

    def is_post(self, asked: Asked) -> bool:
        return asked.path.endswith("putRecord")

    def answer(self, asked: Asked) -> Says:
        name = asked.path.rpartition(".")[2]
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if name == "createSession":
            good = asked.said == {"identifier": IDENTIFIER, "password": PASSWORD}
            wrong = {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
            return self.begin() if good else Says(401, wrong)
        if name == "refreshSession":
            return self.begin() if token == self.refresh else Says(400, {"error": "ExpiredToken", "message": "Old."})
        if token != self.access or not token:
            return Says(400, {"error": "ExpiredToken", "message": "Token has expired"})
        if self.is_limited:
            too_many = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
            return Says(429, too_many, {"RateLimit-Reset": str(self.reset)})
        match name:
            case "putRecord":
                return self.put(asked.said)
            case "getRecord":
                found = self.records.get(asked.query["rkey"])
                return Says(200, found) if found else Says(400, {"error": "RecordNotFound", "message": "None."})
        self.records.pop(asked.said["rkey"], None)
        return Says(200, {})

    def begin(self) -> Says:
        self.sessions += 1
        self.access, self.refresh = f"access-{self.sessions}", f"refresh-{self.sessions}"
        return Says(200, {"did": DID, "handle": IDENTIFIER, "accessJwt": self.access, "refreshJwt": self.refresh})

    def put(self, said: dict[str, Any]) -> Says:
        key, record = said["rkey"], said["record"]
        size = len(regex.findall(r"\X", record["text"]))
        if said["repo"] != DID or not KEY.fullmatch(key) or size > 300:
            return Says(400, {"error": "InvalidRequest", "message": "Invalid app.bsky.feed.post record"})
        for facet in record["facets"]:
            place, feature = facet["index"], facet["features"][0]
            assert record["text"].encode()[place["byteStart"] : place["byteEnd"]].decode() == feature["uri"]
        kept = {"uri": f"at://{DID}/app.bsky.feed.post/{key}", "cid": f"cid-{key}", "value": record}
        self.records[key] = kept
        return Says(200, kept)
