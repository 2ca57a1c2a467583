"""Whether a text tells an assistant what to do, plainly or in disguise."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from home_energy.evidence.demands import DEMANDS
from home_energy.evidence.orders import ORDERS
from home_energy.knowledge.split import sentences

REMEMBERED = 10_000
"""Sentences whose verdict is kept: the same documents are read again and again."""

_SPACED = re.compile(r"\b(?:[a-z][ ._*-]){4,}[a-z]\b", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=\w)[ ._*-](?=\w(?:[ ._*-]|\b))")
_RUN = re.compile(
    r"\b(?:ignoreall|(?:ignore|disregard|forget)\w{0,12}(?:instruction|prompt|rules|previous)"
    r"|systemprompt|youarenow)"
)
# Words of orders as ROT13 and as read from the end; each is no word of any language we keep.
_ROT13 = re.compile(
    r"\b(?:vtaber|qvfertneq|cerivbhf|vafgehpgvba|flfgrz|cebzcg|nffvfgnag|sbetrg)", re.IGNORECASE
)
_REVERSED = re.compile(r"snoitcurtsni|tpmorp|erongi|suoiverp|dragersid|metsys", re.IGNORECASE)
_LEET = str.maketrans("013457@$!|", "oieastasii")
_LEETED = re.compile(r"[a-z][013457@$!|]+[a-z]|\b[013457@$!|][a-z]{2}", re.IGNORECASE)
_CODED = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=])")
_HEX = re.compile(r"(?:\\x|%|\b)(?:[0-9a-f]{2}[\s\\x%]{0,2}){12,}", re.IGNORECASE)
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})|\\x([0-9a-f]{2})", re.IGNORECASE)

_LOOKALIKES = str.maketrans(
    "авеіјкмнорсԁтухѕһӏԛԝղցαβεικνορτυχηıɡⅼ",
    "abeijkmhopcdtyxshlqwngabeiknoptuxnigl",
)
_TAGS = range(0xE0020, 0xE007F)
"""Unicode's invisible copies of ASCII."""


@lru_cache(maxsize=REMEMBERED)
def instructs(sentence: str) -> bool:
    """Say whether words are addressed to an assistant or a model, and not to a householder.

    Looks through characters no one sees, look-alike letters, escapes, base64, hex, ROT13,
    reversed and spaced-out words, digits for letters, and reads German, French and Spanish.
    Under 1 ms a sentence, and nothing for one seen before.
    """
    return any(ORDERS.search(form) or DEMANDS.search(form) for form in _forms(sentence))


def without_orders(text: str) -> str:
    """Leave out each sentence that instructs an assistant; "" where every one does."""
    if not instructs(text):
        return text
    for start, end in reversed(sentences(text, 0, len(text)) or [(0, len(text))]):
        if instructs(text[start:end]):
            text = text[:start] + text[end:]
    return text.strip()


def _forms(text: str) -> Iterator[str]:
    """Yield the text as a model may read it."""
    raw = _visible(text)
    plain = _folded(raw)
    yield plain
    if "&" in raw or "%" in raw or "\\" in raw:
        yield _folded(_ESCAPED.sub(_character, unquote(html.unescape(raw))))
    if _LEETED.search(plain):
        yield plain.translate(_LEET)
    if _SPACED.search(plain):
        together = _BETWEEN.sub("", plain)
        yield together
        if _RUN.search(re.sub(r"[\W_]+", "", plain)):
            yield "ignore all previous instructions"
    if _ROT13.search(plain):
        yield codecs.decode(plain, "rot13")
    if _REVERSED.search(plain):
        yield plain[::-1]
    for decoded in _decoded(raw):
        yield from (form for form in _forms(decoded) if len(decoded) < len(raw))


def _visible(text: str) -> str:
    """Drop what no one sees, and bring invisible copies of ASCII to light."""
    return "".join(
        chr(ord(c) - 0xE0000) if ord(c) in _TAGS else c
        for c in text
        if ord(c) in _TAGS or c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Co"}
    )


def _folded(text: str) -> str:
    """Fold case, accents, full-width and look-alike letters to plain ones."""
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    quoted = bare.translate({0x2019: "'", 0x2018: "'", 0x2010: "-", 0x2011: "-"})
    return " ".join(quoted.translate(_LOOKALIKES).split())


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _decoded(text: str) -> Iterator[str]:
    """Yield what long runs of base64 or hexadecimal digits spell, if they spell words."""
    for run in _CODED.findall(text):
        body = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from _words(base64.b64decode(body + "=" * (-len(body) % 4)))
        except (binascii.Error, ValueError):
            continue
    for match in _HEX.finditer(text):
        digits = re.sub(r"\\x|%|\s|x", "", match[0])
        if len(digits) % 2 == 0:
            yield from _words(bytes.fromhex(digits))


def _words(content: bytes) -> Iterator[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return
    if len(text) >= 8 and sum(c.isprintable() for c in text) >= 0.95 * len(text):
        yield text
