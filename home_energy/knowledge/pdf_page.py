"""What is drawn on a page of a PDF without showing."""

import ctypes
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

Colour = tuple[int, int, int, int]
"""Red, green, blue and alpha, each 0 to 255."""
Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""

MIN_POINTS = 1.5
"""Smaller text is not for people."""

_WHITE: Colour = (255, 255, 255, 255)
# A share of the page that a scanned picture of it covers.
_SCAN = 0.5
# A share of the page's letters that a layer of OCR holds beside a stamp or a page number.
_OCR = 0.8
# Of one channel: less than a reader sees.
_CONTRAST = 16
_INVISIBLE_MODES = {3, 7}
# Drawings have many thousands, and each text would be compared with each.
_MAX_COVERS = 2_000


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Something on the page, and what it is drawn on."""

    item: pypdfium2.PdfObject
    box: Box
    letters: int
    why: str
    """Why it does not show; empty when it does."""


def clear(page: pypdfium2.PdfPage) -> Counter[str]:
    """Remove text that does not show from a page; return how many characters by reason.

    Text without ink over a picture of the page is what OCR adds to a scan, and stays.
    """
    objects = list(page.get_objects())
    if not any(item.type == raw.FPDF_PAGEOBJ_TEXT for item in objects):
        return Counter()
    texts = list(_texts(page, objects))
    inkless = sum(text.letters for text in texts if text.why == "invisible")
    letters = sum(text.letters for text in texts)
    is_scan = inkless >= _OCR * letters and _has_scan(page, objects)
    hidden: Counter[str] = Counter()
    for text in texts:
        if text.why and not (is_scan and text.why == "invisible"):
            page.remove_obj(text.item)
            hidden[text.why] += text.letters
    return +hidden


def _texts(page: pypdfium2.PdfPage, objects: Sequence[pypdfium2.PdfObject]) -> Iterator[_Drawn]:
    text_page = page.get_textpage()
    crop = page.get_cropbox()
    below: list[tuple[Box, Colour | None]] = []
    try:
        for item in objects:
            if item.type == raw.FPDF_PAGEOBJ_TEXT:
                box = _box(item)
                why = _why(item, box, crop, below) if box else ""
                yield _Drawn(item, box or (0, 0, 0, 0), _letters(item, text_page), why)
            elif item.type != raw.FPDF_PAGEOBJ_FORM and (covers := _cover(item)):
                below.append(covers)
    finally:
        text_page.close()


def _why(
    item: pypdfium2.PdfObject, box: Box, crop: Box, below: Sequence[tuple[Box, Colour | None]]
) -> str:
    mode = raw.FPDFTextObj_GetTextRenderMode(item)
    if mode in _INVISIBLE_MODES:
        return "invisible"
    if _points(item) < MIN_POINTS:
        return "tiny"
    nested = item.level > 0
    # What is nested is placed by its form, in coordinates of its own.
    if not nested and (
        box[2] < crop[0] or box[0] > crop[2] or box[3] < crop[1] or box[1] > crop[3]
    ):
        return "off-page"
    colour = _colour(item, stroke=mode == 1)
    if colour is None or mode not in {0, 1}:
        return ""
    if colour[3] < _CONTRAST:
        return "transparent"
    behind = _behind(box, below, nested=nested)
    if behind is None:
        return ""
    near = all(abs(a - b) < _CONTRAST for a, b in zip(colour[:3], behind[:3], strict=True))
    return "background-coloured" if near else ""


def _behind(box: Box, below: Sequence[tuple[Box, Colour | None]], *, nested: bool) -> Colour | None:
    """Return the one colour that text is drawn on, None where it may be several."""
    if nested or len(below) > _MAX_COVERS:
        return _WHITE if all(paint == _WHITE for _, paint in below) else None
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    here = [p for area, p in below if area[0] <= x <= area[2] and area[1] <= y <= area[3]]
    return here[-1] if here else _WHITE


def _cover(item: pypdfium2.PdfObject) -> tuple[Box, Colour | None] | None:
    """Return what a shape hides below it, and its colour where that is one."""
    box = _box(item)
    if box is None:
        return None
    if item.type != raw.FPDF_PAGEOBJ_PATH:
        return box, None
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(item, fill, stroke) or not fill.value:
        return None
    colour = _colour(item)
    rectangle = raw.FPDFPath_CountSegments(item) <= 5
    opaque = rectangle and colour is not None and colour[3] == 255
    return box, colour if opaque else None


def _has_scan(page: pypdfium2.PdfPage, objects: Sequence[pypdfium2.PdfObject]) -> bool:
    width, height = page.get_size()
    boxes = [_box(item) for item in objects if item.type == raw.FPDF_PAGEOBJ_IMAGE]
    area = sum((b[2] - b[0]) * (b[3] - b[1]) for b in boxes if b)
    return bool(area >= _SCAN * width * height)


def _box(item: pypdfium2.PdfObject) -> Box | None:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return None
    return left.value, bottom.value, right.value, top.value


def _points(item: pypdfium2.PdfObject) -> float:
    """Return the height of letters: the font size as its matrix scales it."""
    size, matrix = ctypes.c_float(), raw.FS_MATRIX()
    if not raw.FPDFTextObj_GetFontSize(item, size) or not raw.FPDFPageObj_GetMatrix(item, matrix):
        return MIN_POINTS
    points: float = abs(size.value) * (matrix.c**2 + matrix.d**2) ** 0.5
    return points if item.level == 0 else max(points, abs(size.value))


def _colour(item: pypdfium2.PdfObject, *, stroke: bool = False) -> Colour | None:
    channels = [ctypes.c_uint() for _ in range(4)]
    get = raw.FPDFPageObj_GetStrokeColor if stroke else raw.FPDFPageObj_GetFillColor
    if not get(item, *channels):
        return None
    red, green, blue, alpha = (channel.value for channel in channels)
    return red, green, blue, alpha


def _letters(item: pypdfium2.PdfObject, text_page: pypdfium2.PdfTextPage) -> int:
    size = int(raw.FPDFTextObj_GetText(item, text_page, None, 0))
    # In bytes of UTF-16, with a NUL at the end.
    return max(0, size // 2 - 1)
