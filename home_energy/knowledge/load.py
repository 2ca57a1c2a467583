"""One file in, one document out, or a sentence that says why it cannot be read."""

import re
from pathlib import Path

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.content import Content
from home_energy.knowledge.documents import Document
from home_energy.knowledge.front_matter import day, line, parted, sources, unknown
from home_energy.knowledge.language import language_of
from home_energy.knowledge.visible import unseen, visible

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".html", ".htm", ".pdf", ".docx", ".doc"})
"""What `load` takes, by file name; the content may then turn out to be another of these."""

MAX_BYTES = 25 * 1024 * 1024
"""Larger files are refused: they are archives or scans, not documents to quote from."""

MAX_CHARACTERS = 5_000_000
"""Of text, the length of some forty novels."""

MAX_TITLE = 300
"""In characters; longer titles are cut."""

# Such ids belong to what a session keeps: calculations, web pages.
_RESERVED = re.compile(r"(?:calc|web):|[a-z][a-z0-9+.-]*:\S", re.I)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.I | re.S
)
_TITLE = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
_KINDS = (
    (b"\x89PNG\r\n", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"BM", "an image (BMP)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"RIFF", "an image or a sound"),
    (b"ID3", "a sound"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"BZh", "a compressed file (bzip2)"),
    (b"\xfd7zXZ", "a compressed file (xz)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (RAR)"),
    (b"SQLite format 3\x00", "a database"),
    (b"{\\rtf", "an RTF document: save it as .docx or PDF"),
    (b"%!PS", "a PostScript document: save it as PDF"),
)
# Two letters alone may begin a text.
_SURELY_BINARY = 4


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
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise UnreadableDocument(f"cannot be opened: {exc.strerror}") from exc
    check_size(data)
    return data


def check_size(data: bytes) -> None:
    """Raise UnreadableDocument for what is too large or empty."""
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"larger than {MAX_BYTES // 1024**2} MB: split it")
    if not data.strip():
        raise UnreadableDocument("empty file")


def parse(data: bytes, *, name: str, charset: str | None = None) -> Document:
    """Read a document from its bytes; `name` is its path below the ingested folder.

    `charset` is what a web server said of it. Raises UnreadableDocument.
    """
    check_size(data)
    try:
        name.encode()
    except UnicodeEncodeError as exc:
        raise UnreadableDocument("its file name is not valid UTF-8: rename it") from exc
    return _document(_content(data, Path(name).suffix.lower(), charset), name)


def _content(data: bytes, suffix: str, charset: str | None) -> Content:
    """Read by what the bytes are, whatever the name says."""
    # Each parser is imported by the first document that needs it: together they take 0.6 s.
    if data[:1024].lstrip().startswith(b"%PDF-"):
        from home_energy.knowledge import pdf

        return pdf.read(data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        from home_energy.knowledge import word

        return word.read(data)
    _refuse_binary(data)
    if suffix == ".pdf" and not _is_html(data):
        raise UnreadableDocument("named .pdf, but it is not a PDF")
    if suffix in {".docx", ".doc"} and not _is_html(data):
        raise UnreadableDocument(f"named {suffix}, but it is not a Word document")
    if suffix in {".html", ".htm"} or _is_html(data):
        from home_energy.knowledge import html

        return html.read(data, charset=charset)
    from home_energy.knowledge.encoding import decode

    text = decode(data, charset=charset)
    if _is_html(text[:4096].encode()):
        # In UTF-16 the tags do not show before it is decoded.
        from home_energy.knowledge import html

        return html.read(text.encode(), charset="utf-8")
    return _plain(text, markdown=suffix != ".txt")


def _is_html(data: bytes) -> bool:
    return bool(_HTML.match(data[:4096].removeprefix(b"\xef\xbb\xbf")))


def _refuse_binary(data: bytes) -> None:
    for magic, kind in _KINDS:
        if data.startswith(magic) and (len(magic) >= _SURELY_BINARY or b"\x00" in data[:512]):
            raise UnreadableDocument(f"is {kind}, whatever its name says")


def _plain(text: str, *, markdown: bool) -> Content:
    notices = unseen(text)
    text = visible(text)
    if not markdown:
        return Content(text, notices=notices)
    from home_energy.knowledge.markup import shown

    meta, body = parted(text)
    text, hidden = shown(body)
    heading = _TITLE.search(text)
    title = heading[1].rstrip().rstrip("#") if heading else ""
    return Content(text, title, meta=meta, notices=hidden + notices)


def _document(content: Content, name: str) -> Document:
    text, meta = content.text, content.meta
    if not any(character.isalnum() for character in text):
        raise UnreadableDocument("holds no text")
    if len(text) > MAX_CHARACTERS:
        raise UnreadableDocument(f"longer than {MAX_CHARACTERS:,} characters: split it")
    path = Path(name)
    document_id = line(meta.get("id")) or line(path.with_suffix("").as_posix())
    if reserved(document_id):
        prefix = document_id.partition(":")[0] + ":"
        raise UnreadableDocument(f"its id must not begin with {prefix!r}: rename it")
    words = path.stem.replace("-", " ").replace("_", " ")
    return Document(
        id=document_id,
        title=(line(meta.get("title")) or line(content.title) or line(words))[:MAX_TITLE],
        text=text,
        source=line(meta.get("url")) or line(name),
        region=line(meta.get("region")).lower() or "general",
        as_of=day(meta.get("as_of")),
        sources=sources(meta.get("sources")),
        pages=content.pages,
        language=language_of(text, declared=line(meta.get("language")) or content.language),
        notices=(*content.notices, *unknown(meta)),
    )
