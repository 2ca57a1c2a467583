"""The text of a PDF, page by page, as its pages show it."""

import re
from collections import Counter
from collections.abc import Iterable

import pypdfium2

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.content import Content, left_out
from home_energy.knowledge.documents import Page
from home_energy.knowledge.pdf_page import clear
from home_energy.knowledge.plausible import garbled
from home_energy.knowledge.visible import visible

MAX_PAGES = 5_000

# PDFium marks a hyphen that only breaks a line with one of these.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\n?")


def read(data: bytes) -> Content:
    """Read a PDF; raises UnreadableDocument, also where its text is only in pictures."""
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        if "password" in str(exc).lower():
            raise UnreadableDocument("encrypted PDF: save it without a password") from exc
        raise UnreadableDocument("damaged or cut-off PDF") from exc
    hidden: Counter[str] = Counter()
    try:
        if len(pdf) > MAX_PAGES:
            raise UnreadableDocument(f"more than {MAX_PAGES:,} pages: split it")
        texts = [_page_text(pdf, number, hidden) for number in range(len(pdf))]
        title = (pdf.get_metadata_dict().get("Title") or "").strip()
    except pypdfium2.PdfiumError as exc:
        raise UnreadableDocument("damaged or cut-off PDF") from exc
    finally:
        pdf.close()
    raw = "\n\n".join(texts)
    if hidden and not raw.strip():
        raise UnreadableDocument("PDF all of whose text is hidden from readers")
    if not raw.strip():
        raise UnreadableDocument("PDF of images with no text: run OCR on it first")
    if garbled(raw):
        raise UnreadableDocument("PDF whose fonts do not tell their letters: run OCR on it first")
    shown = [visible(text) for text in texts]
    return Content("\n\n".join(shown), title, pages=_pages(shown), notices=_notices(hidden, shown))


def _page_text(pdf: pypdfium2.PdfDocument, number: int, hidden: Counter[str]) -> str:
    page = pdf[number]
    try:
        hidden += clear(page)
        text_page = page.get_textpage()
        try:
            text: str = text_page.get_text_bounded()
        finally:
            text_page.close()
    finally:
        page.close()
    return _LINE_HYPHEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _pages(texts: Iterable[str]) -> tuple[Page, ...]:
    pages, start = [], 0
    for number, text in enumerate(texts, start=1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text) + len("\n\n")
    return tuple(pages)


def _notices(hidden: Counter[str], texts: list[str]) -> list[str]:
    notices = [
        left_out(count, "character") + f" of {kind} text" for kind, count in sorted(hidden.items())
    ]
    empty = sum(not text.strip() for text in texts)
    if empty:
        notices.append(f"{empty} of {len(texts)} pages hold no text: scans need OCR first")
    return notices
