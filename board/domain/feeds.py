"""Feeds as other programs read them: Atom (RFC 4287, pages by RFC 5005) and JSON Feed 1.1.

What an item is about is for others to say: whoever makes them gives stable ids, words and times.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from board.domain.leaf import format_time
from board.domain.text import cut

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE, JSON_TYPE = "application/atom+xml", "application/feed+json"
JSON_VERSION = "https://jsonfeed.org/version/1.1"
XML = b'<?xml version="1.0" encoding="utf-8"?>\n'
SUMMARY = 280  # characters; the whole words are the content
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


@dataclass(frozen=True, kw_only=True)
class Item:
    """`html` and `text` are the same words; `facts` are for programs that know this board."""

    id: str
    url: str
    title: str
    html: str
    text: str
    author: str
    published: datetime
    updated: datetime
    tag: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One page of a feed. `home` is the page that shows the same, `urls` name this document by type."""

    id: str
    title: str
    subtitle: str
    home: str
    urls: Mapping[str, str]
    updated: datetime
    items: Sequence[Item]
    author: str
    rights: str = ""
    next_urls: Mapping[str, str] = field(default_factory=dict)


def tag_uri(origin: str, opened: datetime, place: str) -> str:
    """A name for ever (RFC 4151): of the record's origin, which never changes, and of the day when it was opened."""
    authority = re.sub(r"[^a-z0-9.-]", "-", origin.partition("/")[0].partition(":")[0].lower()) or "board"
    return f"tag:{authority},{opened:%Y-%m-%d}:{place}"


def atom(feed: Feed) -> bytes:
    root = Element("feed", {"xmlns": ATOM})
    add(root, "id", feed.id)
    add(root, "title", feed.title)
    if feed.subtitle:
        add(root, "subtitle", feed.subtitle)
    add(root, "updated", format_time(feed.updated))
    if feed.rights:
        add(root, "rights", feed.rights)
    add(SubElement(root, "author"), "name", feed.author)
    link(root, "self", feed.urls[ATOM_TYPE], ATOM_TYPE)
    link(root, "alternate", feed.home, "text/html")
    link(root, "alternate", feed.urls[JSON_TYPE], JSON_TYPE)
    if following := feed.next_urls.get(ATOM_TYPE):
        link(root, "next", following, ATOM_TYPE)
    for item in feed.items:
        add_entry(root, item)
    return XML + bytes(tostring(root, encoding="utf-8"))


def add_entry(root: Element, item: Item) -> None:
    entry = SubElement(root, "entry")
    add(entry, "id", item.id)
    add(entry, "title", item.title)
    add(entry, "published", format_time(item.published))
    add(entry, "updated", format_time(item.updated))
    add(SubElement(entry, "author"), "name", item.author)
    link(entry, "alternate", item.url, "text/html")
    if item.tag:
        SubElement(entry, "category", {"term": fit(item.tag)})
    add(entry, "summary", cut(item.text, SUMMARY))
    add(entry, "content", item.html).set("type", "html")


def add(parent: Element, name: str, text: str) -> Element:
    made = SubElement(parent, name)
    made.text = fit(text)
    return made


def link(parent: Element, rel: str, url: str, kind: str) -> None:
    SubElement(parent, "link", {"rel": rel, "type": kind, "href": fit(url)})


def fit(text: str) -> str:
    """The text without what no XML document may hold."""
    return UNFIT.sub("", text)


def json_feed(feed: Feed) -> bytes:
    made = {
        "version": JSON_VERSION,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.urls[JSON_TYPE],
        "description": feed.subtitle or None,
        "next_url": feed.next_urls.get(JSON_TYPE),
        "authors": [{"name": feed.author}],
        "_board": {
            "id": feed.id,
            "updated": format_time(feed.updated),
            **({"licence": feed.rights} if feed.rights else {}),
        },
        "items": [json_item(item) for item in feed.items],
    }
    return json.dumps({key: value for key, value in made.items() if value is not None}, ensure_ascii=False).encode()


def json_item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_html": item.html,
        "content_text": item.text,
        "date_published": format_time(item.published),
        "date_modified": format_time(item.updated),
        "authors": [{"name": item.author}],
        **({"tags": [item.tag]} if item.tag else {}),
        **({"_board": dict(item.facts)} if item.facts else {}),
    }
