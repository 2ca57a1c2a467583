"""Bytes to text: by what is declared, by strong evidence, or not at all."""

import codecs
import re

from charset_normalizer import from_bytes

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.plausible import garbled, reads_as_language

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What pages say and what they mean: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    # One of these in a tag that could be found as ASCII is a mistake.
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
    "utf-32": "utf-8",
}
_MEANT_NAMES = {"windows-31j": "cp932", "x-sjis": "cp932", "x-gbk": "gb18030", "x-euc-jp": "euc_jp"}
_CANDIDATES = (
    *("cp1252", "cp1251", "koi8-r", "koi8-u", "cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"),
    *("cp1250", "cp1253", "cp1254", "cp1257", "iso8859-2", "iso8859-5", "cp866", "mac_roman"),
    *("cp850", "mac_cyrillic"),
)
_SAMPLE = 100_000
# These are ASCII to the eye of a computer; what shifts them out of it gives them away.
_SEVEN_BIT = (
    (re.compile(rb"\x1b\$[@B]"), "iso2022_jp_2"),
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"~\{(?:[!-~]{2})+?~\}"), "hz"),
    (re.compile(rb"\+[A-Za-z0-9+/]{3,}"), "utf-7"),
)
# As many letters beyond ASCII as would not form valid UTF-8 by chance.
_CERTAIN = 4


def decode(data: bytes, *, charset: str | None = None) -> str:
    """Return the text with line feeds as line breaks; `charset` is what the file declares.

    Raises UnreadableDocument when the encoding is unknown, rather than return mojibake.
    """
    bom = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    text = _strictly(data, bom) if bom else _marked(data, charset)
    if "\x00" in text:
        raise UnreadableDocument("binary file: save it as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _marked(data: bytes, charset: str | None) -> str:
    """Decode what has no byte order mark."""
    if b"\x00" in data:
        return _wide(data)
    for mark, name in _SEVEN_BIT if data.isascii() else ():
        # No text has an escape in it but for this.
        read = _try if mark.pattern.startswith(rb"\x1b") else _convincing
        if mark.search(data) and (text := read(data, name)):
            return text
    utf8 = _try(data, "utf-8")
    meant = _meant(charset) if charset else "utf-8"
    if utf8 is not None and (meant == "utf-8" or sum(c > "\x7f" for c in utf8) >= _CERTAIN):
        return utf8
    declared = _try(data, meant) if meant != "utf-8" else None
    if declared is not None and not garbled(declared):
        return declared
    guessed = utf8 or _guessed(data)
    if guessed is None:
        raise UnreadableDocument(f"not valid {charset or 'UTF-8'}: save it as UTF-8 text")
    return guessed


def _meant(charset: str) -> str:
    label = charset.strip().strip("\"'").lower()
    try:
        name = codecs.lookup(_MEANT_NAMES.get(label, label)).name
    except (LookupError, ValueError) as exc:
        raise UnreadableDocument(f"declares an unknown encoding {label[:40]!r}") from exc
    return _MEANT.get(name, name)


def _wide(data: bytes) -> str:
    """Decode UTF-16 or UTF-32 without a mark: text of it is full of NULs, and strict."""
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = _convincing(data, name)
        if text and "\x00" not in text:
            return text
    raise UnreadableDocument("binary file: save it as UTF-8 text")


def _guessed(data: bytes) -> str | None:
    """Decode as the one encoding in which the text reads as some language, if there is one."""
    cut = max(data.rfind(b"\n", 0, _SAMPLE), data.rfind(b" ", 0, _SAMPLE))
    sample = data if len(data) <= _SAMPLE or cut <= 0 else data[:cut]
    best = from_bytes(sample).best()
    first = best.encoding if best is not None else ""
    for name in sorted(_CANDIDATES, key=lambda name: codecs.lookup(name).name != _name(first)):
        if _convincing(sample, name):
            return _try(data, name)
    return None


def _name(label: str) -> str:
    try:
        return codecs.lookup(label).name
    except LookupError:
        return ""


def _convincing(data: bytes, name: str) -> str | None:
    text = _try(data, name)
    return text if text and not garbled(text) and reads_as_language(text) else None


def _try(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    # Codecs that are not of text raise LookupError, and some raise what they like.
    except (LookupError, ValueError, AssertionError):
        return None


def _strictly(data: bytes, name: str) -> str:
    text = _try(data, name)
    if text is None:
        raise UnreadableDocument(f"not valid {name.upper()}: save it as UTF-8 text")
    return text
