"""What the specifications ask of a feed: Atom (RFC 4287), its pages (RFC 5005), and JSON Feed 1.1."""

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
# RFC 3339 as RFC 4287 (3.3) narrows it: capital T, and Z where no offset is given.
DATE = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
)
ONE = "one"  # exactly one; the others are allowed once, or often
FEED = {
    **dict.fromkeys(("id", "title", "updated"), ONE),
    **dict.fromkeys(("generator", "icon", "logo", "rights", "subtitle"), "once"),
    **dict.fromkeys(("author", "category", "contributor", "link", "entry"), "often"),
}
ENTRY = {
    **dict.fromkeys(("id", "title", "updated"), ONE),
    **dict.fromkeys(("content", "published", "rights", "source", "summary"), "once"),
    **dict.fromkeys(("author", "category", "contributor", "link"), "often"),
}
PERSON = {"name": ONE, "uri": "once", "email": "once"}
TEXTS = ("title", "subtitle", "summary", "rights")
JSON_FEED = {
    "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon",
    "authors", "language", "expired", "hubs", "items",
}  # fmt: skip
JSON_ITEM = {
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
    "date_published", "date_modified", "authors", "tags", "language", "attachments",
}  # fmt: skip


def checked_atom(content: bytes, url: str) -> list[dict[str, Any]]:
    """Asserts every rule; returns the entries in short. `url` is where the document was found."""
    root = ElementTree.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    assert_children(root, FEED)
    links = [link.attrib for link in root.findall(f"{ATOM}link")]
    assert [link["href"] for link in links if link["rel"] == "self"] == [url]
    assert sum(link["rel"] == "next" for link in links) <= 1
    assert_common(root)
    entries = root.findall(f"{ATOM}entry")
    assert root.find(f"{ATOM}author") is not None or all(e.find(f"{ATOM}author") is not None for e in entries)
    for entry in entries:
        assert_entry(entry)
    assert_once([said(entry, "id") for entry in entries])
    assert said(root, "updated") >= max((said(entry, "updated") for entry in entries), default="")
    return [in_short(entry) for entry in entries]


def assert_entry(entry: Element) -> None:
    assert_children(entry, ENTRY)
    assert_common(entry)
    content = entry.find(f"{ATOM}content")
    has_alternate = any(link.get("rel", "alternate") == "alternate" for link in entry.findall(f"{ATOM}link"))
    assert content is not None or has_alternate
    if content is not None:
        assert content.get("type") in ("text", "html")
        assert len(content) == 0  # markup stands there escaped
    if published := entry.findtext(f"{ATOM}published"):
        assert published <= said(entry, "updated")


def assert_common(element: Element) -> None:
    """The rules that feeds and entries share."""
    assert urlsplit(said(element, "id")).scheme, "an id is an absolute IRI"
    for date in ("updated", "published"):
        assert all(DATE.fullmatch(found.text or "") for found in element.findall(f"{ATOM}{date}"))
    for text in TEXTS:
        assert all(
            found.get("type", "text") in ("text", "html") and not len(found) for found in element.findall(ATOM + text)
        )
    for person in element.findall(f"{ATOM}author"):
        assert_children(person, PERSON)
        assert said(person, "name").strip()
    for link in element.findall(f"{ATOM}link"):
        assert urlsplit(link.attrib["href"]).scheme in ("http", "https")
    alternates = [
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    ]
    assert_once(alternates)
    assert all(category.attrib["term"] for category in element.findall(f"{ATOM}category"))


def assert_children(element: Element, allowed: dict[str, str]) -> None:
    found = Counter(child.tag.removeprefix(ATOM) for child in element)
    assert found.keys() <= allowed.keys(), found
    for name, often in allowed.items():
        assert often == "often" or found[name] <= 1, name
        assert often != ONE or found[name] == 1, name


def in_short(entry: Element) -> dict[str, Any]:
    return {
        **{name: said(entry, name) for name in ("id", "title", "updated", "published", "content", "summary")},
        "url": entry.findall(f"{ATOM}link")[0].attrib["href"],
        "author": said(entry.findall(f"{ATOM}author")[0], "name"),
    }


def said(element: Element, name: str) -> str:
    found = element.findtext(f"{ATOM}{name}")
    assert found is not None, name
    return found


def next_of(content: bytes) -> str | None:
    """The address of the next page."""
    links = ElementTree.fromstring(content).findall(f"{ATOM}link")
    return next((link.attrib["href"] for link in links if link.get("rel") == "next"), None)


def checked_json(content: bytes, url: str) -> list[dict[str, Any]]:
    """Asserts every rule of JSON Feed 1.1; returns the items as Atom entries in short, with their whole `text`."""
    feed = json.loads(content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert_keys(feed, JSON_FEED)
    assert feed["feed_url"] == url
    assert feed.get("next_url") != url
    assert isinstance(feed["title"], str)
    for item in feed["items"]:
        assert_item(item)
    assert_once([item["id"] for item in feed["items"]])
    return [
        {
            "id": item["id"],
            "title": item["title"],
            "updated": item["date_modified"],
            "published": item["date_published"],
            "content": item["content_html"],
            "text": item["content_text"],
            "url": item["url"],
            "author": item["authors"][0]["name"],
        }
        for item in feed["items"]
    ]


def assert_item(item: dict[str, Any]) -> None:
    assert_keys(item, JSON_ITEM)
    assert isinstance(item["id"], str)
    assert item["id"]
    assert isinstance(item.get("content_html", item.get("content_text")), str)
    assert all(DATE.fullmatch(item[name]) for name in ("date_published", "date_modified") if name in item)
    assert all(author.keys() & {"name", "url", "avatar"} for author in item.get("authors", ()))
    assert all(isinstance(tag, str) for tag in item.get("tags", ()))
    assert urlsplit(item["url"]).scheme in ("http", "https")


def assert_keys(found: dict[str, Any], known: set[str]) -> None:
    """Extensions begin with an underscore, and are objects; nothing that is not there is null."""
    assert all(key in known or (key.startswith("_") and isinstance(value, dict)) for key, value in found.items())
    assert None not in found.values()


def assert_once(found: list[Any]) -> None:
    assert [each for each, times in Counter(found).items() if times > 1] == []
