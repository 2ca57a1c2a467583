"""One file in, one document out, or a sentence that says why it cannot be read."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

import pypdfium2
import trafilatura
import yaml

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.documents import Document, Page, Source
from home_energy.knowledge.visible import hides, visible, without_comments

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".html", ".htm", ".pdf"})
"""What `load` takes, by file name; the content may then turn out to be another of these."""

MAX_BYTES = 25 * 1024 * 1024
"""Larger files are refused: they are archives or scans, not documents to quote from."""

MAX_FRONT_MATTER = 20_000
"""In characters: more is not a document's metadata."""

MAX_TITLE = 300
"""In characters; longer titles are cut."""

# The YAML parser takes seconds over thousands of open brackets.
_MAX_BRACKETS = 500

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
# Such ids belong to what a session keeps: calculations, web pages.
_RESERVED = re.compile(r"(?:calc|web):|[a-z][a-z0-9+.-]*:\S", re.I)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.I | re.S
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_CONTAINER = re.compile(
    r"<(/?)(?:div|span|section|article|main|table|ul|ol|dl|blockquote|font|b|i|em|strong|a)\b", re.I
)
# The HTML parser silently drops what is nested deeper than 256 tags.
_MAX_DEPTH = 200
_TITLE = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)
# PDFium marks a hyphen that only breaks a line with one of these.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\n?")


def load(path: Path, *, root: Path) -> Document:
    """Read one file below `root`; its id is its path from there, without the suffix.

    Raises UnreadableDocument, with the reason, for anything that cannot be read right.
    """
    return parse(read_bytes(path), name=path.relative_to(root).as_posix())


def reserved(document_id: str) -> bool:
    """Say whether an id looks like an address, such as `calc:1` or `web:1`."""
    return bool(_RESERVED.match(document_id))


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, at most MAX_BYTES of them; raises UnreadableDocument."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableDocument(f"larger than {MAX_BYTES // 1024**2} MB: split it")
        return path.read_bytes()
    except OSError as exc:
        raise UnreadableDocument(f"cannot be opened: {exc.strerror}") from exc


def parse(data: bytes, *, name: str) -> Document:
    """Read a document from its bytes; `name` is its path below the ingested folder."""
    if not data.strip():
        raise UnreadableDocument("empty file")
    try:
        name.encode()
    except UnicodeEncodeError as exc:
        raise UnreadableDocument("its file name is not valid UTF-8: rename it") from exc
    suffix = Path(name).suffix.lower()
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _pdf(data, name)
    if _HTML.match(data[:4096]) or suffix in {".html", ".htm"}:
        return _html(data, name)
    if suffix == ".pdf":
        raise UnreadableDocument("named .pdf, but it is not a PDF")
    return _plain(_decode(data), name, markdown=suffix != ".txt")


def _plain(text: str, name: str, *, markdown: bool) -> Document:
    meta: dict[str, Any] = {}
    text = visible(text)
    if markdown and (match := _FRONT_MATTER.match(text)):
        meta = _front_matter(match[1])
        text = text[match.end() :]
    if markdown:
        text = without_comments(text)
    heading = _TITLE.search(text) if markdown else None
    return _document(text, name, title=heading[1] if heading else "", meta=meta)


def _html(data: bytes, name: str) -> Document:
    html = _decode(data, charset=_CHARSET.search(data[:4096]))
    if _depth(html) > _MAX_DEPTH:
        raise UnreadableDocument(f"its tags are nested more than {_MAX_DEPTH} deep")
    tree = _shown(html)
    body = trafilatura.extract(
        tree,
        output_format="markdown",
        include_comments=False,
        include_tables=True,
        favor_recall=True,
    )
    meta = trafilatura.extract_metadata(tree)
    return _document(visible(body or ""), name, title=(meta and meta.title) or "", meta={})


def _shown(html: str) -> Any:  # noqa: ANN401 - the tree of an untyped library
    """Parse a page and drop what a browser would not show; raises UnreadableDocument."""
    tree = trafilatura.load_html(html)
    if tree is None or hides(tree.tag, tree.attrib):
        raise UnreadableDocument("holds no text")
    for element in [element for element in tree.iter() if hides(element.tag, element.attrib)]:
        if element.getparent() is not None:
            element.drop_tree()
    return tree


def _depth(html: str) -> int:
    depths = accumulate(-1 if tag[1] else 1 for tag in _CONTAINER.finditer(html))
    return max(depths, default=0)


def _pdf(data: bytes, name: str) -> Document:
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        if "password" in str(exc).lower():
            raise UnreadableDocument("encrypted PDF: save it without a password") from exc
        raise UnreadableDocument("damaged or cut-off PDF") from exc
    try:
        texts = [_page_text(pdf, number) for number in range(len(pdf))]
        title = (pdf.get_metadata_dict().get("Title") or "").strip()
    except pypdfium2.PdfiumError as exc:
        raise UnreadableDocument("damaged or cut-off PDF") from exc
    finally:
        pdf.close()
    if not any(text.strip() for text in texts):
        raise UnreadableDocument("PDF of images with no text: run OCR on it first")
    return _document("\n\n".join(texts), name, title=title, meta={}, pages=_pages(texts))


def _page_text(pdf: pypdfium2.PdfDocument, number: int) -> str:
    page = pdf[number]
    text_page = page.get_textpage()
    try:
        text: str = text_page.get_text_bounded()
    finally:
        text_page.close()
        page.close()
    return visible(_LINE_HYPHEN.sub("", _newlines(text)))


def _pages(texts: Iterable[str]) -> tuple[Page, ...]:
    pages, start = [], 0
    for number, text in enumerate(texts, start=1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text) + len("\n\n")
    return tuple(pages)


def _decode(data: bytes, *, charset: re.Match[bytes] | None = None) -> str:
    """Decode by byte order mark, then declared charset, then UTF-8; never by guessing."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None and charset is not None:
        encoding = charset[1].decode("ascii", "replace")
    try:
        text = data.decode(encoding or "utf-8")
    except LookupError as exc:
        raise UnreadableDocument(f"declares an unknown encoding {encoding!r}") from exc
    except UnicodeDecodeError as exc:
        kind = "binary file" if b"\x00" in data else f"not valid {encoding or 'UTF-8'}"
        raise UnreadableDocument(f"{kind}: save it as UTF-8 text") from exc
    if "\x00" in text:
        raise UnreadableDocument("binary file: save it as UTF-8 text")
    return _newlines(text)


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(block: str) -> dict[str, Any]:
    if len(block) > MAX_FRONT_MATTER:
        raise UnreadableDocument(f"front matter is larger than {MAX_FRONT_MATTER // 1000} kB")
    if block.count("[") + block.count("{") > _MAX_BRACKETS:
        raise UnreadableDocument(f"front matter has more than {_MAX_BRACKETS} brackets")
    try:
        # A few lines of aliases to aliases are gigabytes of text.
        if any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in yaml.scan(block)):
            raise UnreadableDocument("front matter must not have anchors (&) or aliases (*)")
        meta = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise UnreadableDocument(f"front matter is not valid YAML{where}") from exc
    if meta is None:
        return {}
    if not isinstance(meta, dict):
        raise UnreadableDocument("front matter must be `name: value` lines")
    return meta


def _document(
    text: str, name: str, *, title: str, meta: dict[str, Any], pages: tuple[Page, ...] = ()
) -> Document:
    if not any(character.isalnum() for character in text):
        raise UnreadableDocument("holds no text")
    path = Path(name)
    document_id = _line(meta.get("id")) or _line(path.with_suffix("").as_posix())
    if reserved(document_id):
        prefix = document_id.partition(":")[0] + ":"
        raise UnreadableDocument(f"its id must not begin with {prefix!r}: rename it")
    words = path.stem.replace("-", " ").replace("_", " ")
    return Document(
        id=document_id,
        title=(_line(meta.get("title")) or _line(title) or _line(words))[:MAX_TITLE],
        text=text,
        source=_line(meta.get("url")) or _line(name),
        region=_line(meta.get("region")).lower() or "general",
        as_of=_day(meta.get("as_of")),
        sources=_sources(meta.get("sources")),
        pages=pages,
    )


def _sources(value: object) -> tuple[Source, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnreadableDocument("`sources` must be a list of publisher, title, url, year")
    return tuple(
        Source(**{key: _line(item.get(key)) for key in ("publisher", "title", "url", "year")})
        for item in value
    )


def _day(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else _line(value) or None


def _line(value: object) -> str:
    try:
        return "" if value is None else " ".join(visible(str(value)).split())
    except ValueError as exc:
        raise UnreadableDocument("front matter holds a number that is too long") from exc
