"""The length of a text as X counts it (twitter-text, configuration 3), in one walk over the text.

Emoji sequences are 2 whatever they are made of, links 23 also where they are bare names such as `example.com`.
"""

import unicodedata
from collections.abc import Iterator

import regex

from board.domain.top_domains import TOPS

MOST = 280
LINK = 23
LIGHT = ((0, 4_351), (8_192, 8_205), (8_208, 8_223), (8_242, 8_247))  # weigh 1; all else weighs 2
LONGEST_LINK = 4_096
COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca
cc cd cf cg ch ci ck cl cm cn co cp cr cu cv cw cx cy cz de dg dj dk dm do dz ea ec ee eg eh er es et eu fi fj fk fm
fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu ic id ie il im in io iq ir is it je
jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq
mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro
rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz ta tc td tf tg th tj tk tl tm tn to tr tt tv
tw tz ua ug um un us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw
"""
FLAGS = frozenset(COUNTRIES.split())

# What ends a name, a path and so on; as the classes of twitter-text have them.
SPACES = r"\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
DIRECTIONS = r"\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
ACCENTED = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\xff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b"
    r"\u02bb\u0300-\u036f\u1e00-\u1eff"
)
NAME = rf"[^!'#%&'()*+,\\./:;<=>?@\[\]^_{{|}}~$\-{SPACES}\ufffe\ufeff\uffff{DIRECTIONS}]"
PATH = rf"a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{ACCENTED}"
IN_BRACKETS = rf"\((?:[{PATH}]+|[{PATH}]*\([{PATH}]+\)[{PATH}]*)\)"
PATH_END = rf"(?:[+\-a-z\u0400-\u04ff0-9=_#/{ACCENTED}]|{IN_BRACKETS})"
TOP = r"(?:\L<tops>(?=[^0-9a-zA-Z@+\-]|$)|xn--[\-0-9a-z]+)"
# Nobody has longer names than these; without a bound the search would not be linear.
LABEL = rf"(?:{NAME}(?:-|{NAME}){{0,300}})?{NAME}\."
SUBDOMAIN = rf"(?:{NAME}(?:[_-]|{NAME}){{0,300}})?{NAME}\."
LINKS = regex.compile(
    rf"(?P<before>[^A-Za-z0-9@＠$#＃\ufffe\ufeff\uffff]|[{DIRECTIONS}]|^)(?P<url>(?P<scheme>https?://)?"
    rf"(?P<host>(?:{SUBDOMAIN}){{0,20}}{LABEL}{TOP})(?::[0-9]+)?"
    rf"(?P<path>/(?:(?:[{PATH}]*(?:{IN_BRACKETS}[{PATH}]*)*{PATH_END})|(?:@[{PATH}]+/))*)?"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?)",
    regex.IGNORECASE,
    tops=TOPS,
)
ENDS = regex.compile(rf"\.{TOP}", regex.IGNORECASE, tops=TOPS)
LATIN = regex.compile(rf"(?:[\-a-z0-9{ACCENTED}]+\.)+{TOP}", regex.IGNORECASE, tops=TOPS)

TONE = r"\p{Emoji_Modifier}?"
SEXES = "⛹🏃🏄🏊🏋🏌👮👯👱👳👷💁💂💆💇🕵🙅🙆🙇🙋🙍🙎🚣🚴🚵🚶🤦🤷🤸🤹🤼🤽🤾🦸🦹🧍🧎🧏🧖🧗🧘🧙🧚🧛🧜🧝🧞🧟"
TAGGED = ("gbeng", "gbsct", "gbwls")  # flags whose names stand behind a black one
NATIONS = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in f"{name}\x7f") for name in TAGGED)
EMOJI = regex.compile(
    rf"""
    [👨👩🧑]{TONE}\u200d[⚕⚖✈🌾🍳🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦯🦰🦱🦲🦳🦼🦽]\ufe0f?
    | [👨👩](?:\u200d[👨👩])?(?:\u200d[👦👧]){{1,2}}
    | [👨👩]\u200d❤\ufe0f?\u200d(?:💋\u200d)?[👨👩]
    | [👨👩🧑]{TONE}\u200d🤝\u200d[👨👩🧑]{TONE}
    | [{SEXES}](?:{TONE}|\ufe0f)\u200d[♀♂]\ufe0f?
    | 🏳\ufe0f?\u200d🌈 | 🏴\u200d☠\ufe0f? | 🐕\u200d🦺 | 👁\ufe0f?\u200d🗨\ufe0f?
    | 🏴(?:{NATIONS})
    | [0-9*\#]\ufe0f?\u20e3
    | (?P<flag>\p{{Regional_Indicator}}{{2}})
    | \p{{Emoji_Modifier_Base}}\p{{Emoji_Modifier}}
    | [\p{{Emoji}}--\p{{Emoji_Presentation}}--[0-9*\#]]\ufe0f?
    | \p{{Emoji_Presentation}}
    """,
    regex.VERBOSE | regex.VERSION1,
)


def weight(text: str) -> int:
    """What X counts of its 280; of a text that is longer than that by far, enough to know."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    links = dict(links_in(text))
    at, total = 0, 0
    while at < len(text):
        if at in links:
            total, at = total + LINK, links[at]
        elif found := emoji_at(text, at):
            total, at = total + 2, found
        else:
            total, at = total + weight_of(text[at]), at + 1
    return total


def weight_of(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in LIGHT) else 2


def emoji_at(text: str, at: int) -> int | None:
    """Where the emoji ends that begins there; None where there is none."""
    if text[at] < "\x80" and text[at] not in "0123456789*#":
        return None
    found = EMOJI.match(text, at)
    if found is None:
        return None
    flag = found["flag"]
    is_no_flag = flag and "".join(chr(ord(half) - 0x1F1E6 + ord("a")) for half in flag) not in FLAGS
    return at + 1 if is_no_flag else int(found.end())


def links_in(text: str) -> Iterator[tuple[int, int]]:
    """Where each link begins and ends."""
    for found in LINKS.finditer(text) if ENDS.search(text) else ():
        if not is_encodable(found["host"]) or len(found["url"]) > LONGEST_LINK:
            continue
        if found["scheme"]:
            yield found.span("url")
        elif found["before"] not in ("-", "_", ".", "/"):
            names = [name.span() for name in LATIN.finditer(text, *found.span("host"))]
            yield from names[:-1]
            yield from ((first, found.end() if found["path"] else last) for first, last in names[-1:])


def is_encodable(host: str) -> bool:
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False
