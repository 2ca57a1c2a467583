"""The text of a Word document, as Markdown and as its pages show it."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml.etree import XMLSyntaxError

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.content import Content, left_out
from home_energy.knowledge.visible import unseen, visible
from home_energy.knowledge.word_run import Look, Styles, text_of

MAX_UNPACKED = 200 * 1024 * 1024
"""In bytes: more is an archive made to fill the memory."""

_OTHERS = (
    ("xl/", "an Excel workbook: save it as PDF"),
    ("ppt/", "a PowerPoint presentation: save it as PDF"),
    ("META-INF/container.xml", "an e-book (EPUB): save it as PDF"),
    ("META-INF/manifest.xml", "an OpenDocument file: save it as .docx or PDF"),
)
_MAX_FILES = 10_000
_BLOCKS = {qn("w:p"), qn("w:tbl")}
_WRAPPERS = {qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins"), qn("w:moveTo")}
_DELETED = {qn("w:del"), qn("w:moveFrom")}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BOX = qn("w:txbxContent")
_MAX_DEPTH = 40


def read(data: bytes) -> Content:
    """Read a .docx; raises UnreadableDocument. Headers and footers are left out."""
    if not data.startswith(b"PK"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnreadableDocument("encrypted Word document: save it without a password")
        raise UnreadableDocument("an old Office format, such as .doc: save it as .docx")
    _check_archive(data)
    try:
        document = docx.Document(BytesIO(data))
        return _Body(document).content()
    except (OpcError, XMLSyntaxError, KeyError, ValueError, AttributeError, OSError) as exc:
        raise UnreadableDocument("damaged Word document") from exc
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as exc:
        raise UnreadableDocument("damaged or cut-off Word document") from exc


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise UnreadableDocument("damaged or cut-off Word document or archive") from exc
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNPACKED or len(entries) > _MAX_FILES:
        raise UnreadableDocument(f"unpacks to more than {MAX_UNPACKED // 1024**2} MB")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableDocument("encrypted archive")
    names = [entry.filename for entry in entries]
    if not any(name.startswith("word/") for name in names):
        other = (kind for start, kind in _OTHERS if any(n.startswith(start) for n in names))
        raise UnreadableDocument(f"is {next(other, 'an archive (zip)')}, not a Word document")


class _Body:
    """The blocks of one document, in order."""

    def __init__(self, document: WordDocument) -> None:
        self._document = document
        self._styles = Styles(document)
        self._hidden: Counter[str] = Counter()

    def content(self) -> Content:
        """Return the text, and what was left out of it."""
        raw = "\n\n".join(self._blocks(self._document.element.body, Look(), 0))
        notices = [
            left_out(count, "character") + f" of {kind} text"
            for kind, count in sorted(self._hidden.items())
        ]
        comments = len(list(self._document.comments))
        if comments:
            notices.append(left_out(comments, "comment"))
        title = self._document.core_properties.title or ""
        language = self._document.core_properties.language or ""
        return Content(visible(raw), title, language, notices=notices + unseen(raw))

    def _blocks(self, parent: Any, look: Look, depth: int) -> Iterator[str]:  # noqa: ANN401 - XML
        """Yield paragraphs and tables as Markdown; a list stays one block."""
        items: list[str] = []
        for block in _children(parent):
            text, is_item = self._block(block, look, depth)
            if items and not is_item:
                yield "\n".join(items)
                items = []
            if text and is_item:
                items.append(text)
            elif text:
                yield text
            for box in _boxes(block):
                # The shape behind it may be of any colour.
                yield from self._blocks(box, look.on_unknown(), depth + 1) if depth < 4 else ()
        if items:
            yield "\n".join(items)

    def _block(self, block: Any, look: Look, depth: int) -> tuple[str, bool]:  # noqa: ANN401 - XML
        if block.tag == qn("w:tbl"):
            return self._table(block, look, depth), False
        text = " ".join(text_of(block, self._styles, look, self._hidden).split())
        lines = text
        level = self._styles.level(block)
        if not lines:
            return "", False
        if level:
            return f"{'#' * level} {lines}", False
        bullet, indent = self._styles.bullet(block)
        if bullet:
            return f"{'  ' * indent}{bullet} {lines}", True
        return lines, False

    def _table(self, table: Any, look: Look, depth: int) -> str:  # noqa: ANN401 - XML
        if depth > _MAX_DEPTH:
            raise UnreadableDocument("its tables are nested too deep")
        below = self._styles.of_table(table, look)
        rows = []
        for row in table.iterchildren(qn("w:tr")):
            if row.find(f"{qn('w:trPr')}/{qn('w:del')}") is None:
                cells = [self._cell(cell, below, depth) for cell in _cells(row)]
                rows.append(f"| {' | '.join(cells)} |")
        if rows:
            width = rows[0].count(" | ") + 1
            rows.insert(1, "|" + " --- |" * width)
        return "\n".join(rows) if any(any(c.isalnum() for c in row) for row in rows) else ""

    def _cell(self, cell: Any, look: Look, depth: int) -> str:  # noqa: ANN401 - XML
        inside = self._blocks(cell, self._styles.of_cell(cell, look), depth + 1)
        return " ".join(" ".join(inside).split()).replace("|", "\\|")


def _children(parent: Any) -> Iterator[Any]:  # noqa: ANN401 - XML
    for child in parent.iterchildren():
        if child.tag in _BLOCKS:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child)


def _cells(row: Any) -> Iterator[Any]:  # noqa: ANN401 - XML
    for child in row.iterchildren():
        if child.tag == qn("w:tc"):
            yield child
        elif child.tag in _WRAPPERS:
            yield from _cells(child)


def _boxes(block: Any) -> Iterator[Any]:  # noqa: ANN401 - XML
    """Yield the text boxes of a paragraph once: older programs get a copy of each."""
    if block.tag != qn("w:p"):
        return
    for box in block.iter(_BOX):
        around = [parent.tag for parent in box.iterancestors()]
        nested = around[: around.index(qn("w:p"))] if qn("w:p") in around else around
        if _FALLBACK not in nested and _DELETED.isdisjoint(nested):
            first = next(p for p in box.iterancestors(qn("w:p")))
            if first is block:
                yield box
