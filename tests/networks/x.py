"""X as its documentation and its answers of 2026 have it: signatures, lengths, duplicates, limits, credits."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from oauthlib.oauth1 import Client

from tests.networks.serving import Asked, Network, Says

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its way of reading a file of its own is old
    from twitter_text import parse_tweet as parse_tweet

SECRETS = {"key": "k", "key_secret": "ks", "token": "t", "token_secret": "ts"}
ME = "2244994945"
PROBLEMS = "https://api.twitter.com/2/problems/"
NOT_MENTIONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author"
    " of the post you are replying to."
)
FORBIDDEN = {"type": "about:blank", "title": "Forbidden", "status": 403}
DUPLICATE = {**FORBIDDEN, "detail": "You are not allowed to create a Tweet with duplicate content."}
CREDITS = {
    "type": "https://api.x.com/2/problems/credits",
    "title": "CreditsDepleted",
    "detail": "Your enrolled account [1] does not have any credits to fulfill this request.",
}
UNAUTHORIZED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


@dataclass
class Tweet:
    id: int
    text: str
    parent: str | None


@dataclass(kw_only=True)
class Said:
    """What somebody says to the board; `is_protected` for their followers only."""

    id: int
    text: str
    author: str = "ada"
    at: str = "2026-03-02T12:00:01.000Z"
    is_protected: bool = False
    long: str | None = None
    links: dict[str, str] = field(default_factory=dict)  # by the short ones that stand in the text

    def told(self, fields: str) -> dict[str, Any]:
        """As X tells of it to whoever asks for these fields."""
        urls = [{"start": 0, "end": 23, "url": short, "expanded_url": full} for short, full in self.links.items()]
        entities = {"entities": {"urls": urls}} if urls else {}
        asked: dict[str, dict[str, Any]] = {
            "created_at": {"created_at": self.at},
            "entities": entities,
            "note_tweet": {"note_tweet": {"text": self.long, **entities}} if self.long else {},
        }
        told: dict[str, Any] = {"id": str(self.id), "text": self.text, "author_id": self.author}
        for name in filter(None, fields.split(",")):
            told |= asked[name]
        return told


class X(Network):
    """`tweets` is the timeline; `deleted` what was there once. `credits` and `window` are what is left.

    `said` are mentions, by age.
    """

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__()
        self.tweets: list[Tweet] = []
        self.deleted: list[Tweet] = []
        self.credits, self.window, self.day = 10**9, 10**9, 10**9
        self.window_until, self.day_until = 0, 0
        self.replies = True
        self.said: list[Said] = []
        self.lag = 0  # how many of the newest posts the timeline does not show yet
        self.nonces: set[str] = set()
        self.next_id = 1_900_000_000_000_000_000
        self.wrong: list[str] = []  # what no client may ever do

    def is_post(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/2/tweets")

    def is_hearing(self, asked: Asked) -> bool:
        return asked.path.endswith("/mentions")

    def answer(self, asked: Asked) -> Says:
        if not self.is_signed(asked):
            return Says(401, UNAUTHORIZED)
        match asked.method, asked.path:
            case "GET", "/2/users/me":
                me = {"id": ME, "name": "The board", "username": "board"}
                return Says(200, {"data": me}, {"x-access-level": "read-write"})
            case "GET", path if path == f"/2/users/{ME}/tweets":
                return self.timeline(asked.query)
            case "GET", path if path == f"/2/users/{ME}/mentions":
                return self.mentions(asked.query)
            case "GET", "/2/tweets":
                return self.looked_up(asked.query["ids"].split(","))
            case "POST", "/2/tweets":
                return self.post(asked.said)
            case "DELETE", path:
                return self.delete(path.rpartition("/")[2])
        return Says(404, {"type": PROBLEMS + "resource-not-found", "title": "Not Found Error"})

    def is_signed(self, asked: Asked) -> bool:
        """Signs the request again with the same nonce and time, and compares."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', asked.headers.get("authorization", "")))
        nonce, at = given.get("oauth_nonce", ""), given.get("oauth_timestamp", "")
        if not nonce or nonce in self.nonces or given.get("oauth_signature_method") != "HMAC-SHA1":
            return False
        self.nonces.add(nonce)
        again = Client(
            SECRETS["key"],
            client_secret=SECRETS["key_secret"],
            resource_owner_key=SECRETS["token"],
            resource_owner_secret=SECRETS["token_secret"],
            nonce=nonce,
            timestamp=at,
        )
        _, headers, _ = again.sign(asked.url, asked.method)  # type: ignore[arg-type]
        mine = dict(re.findall(r'(\w+)="([^"]*)"', headers["Authorization"]))
        return unquote(mine["oauth_signature"]) == unquote(given.get("oauth_signature", ""))

    def post(self, said: Any) -> Says:
        if self.credits <= 0:
            return Says(402, CREDITS)
        if self.window <= 0 or self.day <= 0:
            return self.limited()
        self.window, self.day = self.window - 1, self.day - 1
        if not isinstance(said, dict) or set(said) - {"text", "reply"} or not isinstance(said.get("text"), str):
            self.wrong.append(f"schema: {said}")
            return Says(400, {"title": "Invalid Request", "type": PROBLEMS + "invalid-request", "detail": "Invalid."})
        parsed = parse_tweet(said["text"])
        if not parsed.valid:
            self.wrong.append(f"length {parsed.weightedLength}: {said['text']}")
            return Says(403, {**FORBIDDEN, "detail": "Your Tweet text is too long."})
        parent = said.get("reply", {}).get("in_reply_to_tweet_id")
        if parent is not None and not self.replies:
            return Says(403, {**FORBIDDEN, "detail": NOT_MENTIONED})
        if parent is not None and parent not in {str(tweet.id) for tweet in self.tweets}:
            gone = {"type": PROBLEMS + "resource-not-found", "title": "Not Found Error", "resource_id": parent}
            return Says(404, {**gone, "detail": f"Could not find tweet with id: [{parent}].", "resource_type": "tweet"})
        if any(tweet.text == said["text"] for tweet in self.tweets[-100:]):
            return Says(403, DUPLICATE)
        self.next_id, self.credits = self.next_id + 7, self.credits - 1
        self.tweets.append(Tweet(self.next_id, said["text"], parent))
        return Says(201, {"data": {"id": str(self.next_id), "text": said["text"]}})

    def limited(self) -> Says:
        left = {"x-rate-limit-remaining": str(self.window), "x-app-limit-24hour-remaining": str(self.day)}
        resets = {"x-rate-limit-reset": str(self.window_until), "x-app-limit-24hour-reset": str(self.day_until)}
        return Says(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, left | resets)

    def timeline(self, query: dict[str, str]) -> Says:
        size, since = int(query["max_results"]), int(query.get("since_id", 0))
        assert 5 <= size <= 100
        shown = self.tweets[: len(self.tweets) - self.lag]
        newer = [tweet for tweet in reversed(shown) if tweet.id > since]
        first = int(query.get("pagination_token", 0))
        page = newer[first : first + size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if first + size < len(newer):
            meta["next_token"] = str(first + size)
        data = {"data": [{"id": str(tweet.id), "text": tweet.text} for tweet in page]} if page else {}
        return Says(200, {**data, "meta": meta})

    def mentions(self, query: dict[str, str]) -> Says:
        size, since = int(query["max_results"]), int(query.get("since_id", 0))
        assert 5 <= size <= 100
        newer = [one for one in reversed(self.said) if one.id > since]
        first = int(query.get("pagination_token", 0))
        page = newer[first : first + size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if first + size < len(newer):
            meta["next_token"] = str(first + size)
        if not page:
            return Says(200, {"meta": meta})
        meta |= {"newest_id": str(page[0].id), "oldest_id": str(page[-1].id)}
        users = {one.author: {"id": one.author, "username": one.author, "protected": one.is_protected} for one in page}
        told = [one.told(query.get("tweet.fields", "")) for one in page]
        return Says(200, {"data": told, "includes": {"users": list(users.values())}, "meta": meta})

    def looked_up(self, numbers: list[str]) -> Says:
        assert 1 <= len(numbers) <= 100
        there = {str(one.id): one for one in self.said}
        told = [there[number].told("") for number in numbers if number in there]
        gone = [
            {"type": PROBLEMS + "resource-not-found", "resource_type": "tweet", "parameter": "ids", "value": number}
            | {"title": "Not Found Error", "resource_id": number}
            for number in numbers
            if number not in there
        ]
        return Says(200, {**({"data": told} if told else {}), **({"errors": gone} if gone else {})})

    def delete(self, number: str) -> Says:
        found = next((tweet for tweet in self.tweets if str(tweet.id) == number), None)
        if found is None:
            return Says(404, {"type": PROBLEMS + "resource-not-found", "title": "Not Found Error", "status": 404})
        self.tweets.remove(found)
        self.deleted.append(found)
        return Says(200, {"data": {"deleted": True}})
