"""The text of a web page, as a browser shows it."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import trafilatura
from lxml.etree import ParserError
from lxml.html import HtmlElement

from home_energy.errors import UnreadableDocument
from home_energy.knowledge import styles
from home_energy.knowledge.content import Content, left_out
from home_energy.knowledge.encoding import decode
from home_energy.knowledge.hidden import drop_own_text, own_text
from home_energy.knowledge.visible import unseen, visible

MAX_DEPTH = 200
"""The HTML parser silently drops what is nested deeper than 256 tags."""

_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,200}(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I
)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^<>]*?(/?)>", re.I)
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
# These hold nothing, or end where the next begins.
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd option"
    " optgroup tr td th thead tbody tfoot colgroup rp rt html head body".split()
)


def read(data: bytes, *, charset: str | None = None) -> Content:
    """Read a page; `charset` is what the server said. Raises UnreadableDocument."""
    found = _CHARSET.search(data[:4096])
    html = decode(data, charset=charset or (found[1].decode("ascii", "replace") if found else None))
    if _depth(html) > MAX_DEPTH:
        raise UnreadableDocument(f"its tags are nested more than {MAX_DEPTH} deep")
    tree = _tree(html)
    language = tree.get("lang") or tree.get("xml:lang") or ""
    notices = _clear(tree, _COMMENT.findall(html))
    body = trafilatura.extract(
        tree,
        output_format="markdown",
        include_comments=False,
        include_tables=True,
        favor_recall=True,
    )
    meta = trafilatura.extract_metadata(tree)
    text = body or ""
    title = (meta and meta.title) or ""
    return Content(visible(text), title, language, notices=notices + unseen(text))


def _tree(html: str) -> HtmlElement:
    try:
        tree = trafilatura.load_html(html)
    except (ParserError, ValueError) as exc:
        raise UnreadableDocument("holds no text") from exc
    if tree is None:
        raise UnreadableDocument("holds no text")
    return tree


def _depth(html: str) -> int:
    nesting = (tag for tag in _TAG.finditer(html) if not tag[3] and tag[2].lower() not in _FLAT)
    return max(accumulate(-1 if tag[1] else 1 for tag in nesting), default=0)


def _clear(tree: HtmlElement, comments: Sequence[str]) -> list[str]:
    """Drop what a browser does not show; return what was dropped, comments included."""
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()

    def dropped(kind: str, text: str) -> None:
        if letters := len("".join(text.split())):
            count[kind] += 1
            size[kind] += letters

    for comment in comments:
        dropped("comment", comment)
    hidden = styles.hidden(tree)
    if tree in hidden.trees:
        raise UnreadableDocument("holds no text: all of it is hidden")
    for element in hidden.trees:
        dropped("hidden part", element.text_content())
        element.drop_tree()
    for element in hidden.texts:
        dropped("hidden part", own_text(element))
        drop_own_text(element)
    return [left_out(count[kind], kind, size[kind]) for kind in sorted(count)]
