"""How text looks in a Word document, by its own format and its styles."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from docx.document import Document as WordDocument
from docx.oxml.ns import qn

MIN_HALF_POINTS = 4
"""Smaller text, under 2 points, is not for people."""

_OFF = {"0", "false", "off", "none"}
_WHITE = "FFFFFF"
# Of one channel, 0 to 255: less than a reader sees.
_CONTRAST = 16
_SKIPPED = {qn("w:moveFrom"), qn("w:txbxContent"), qn("w:pPr"), qn("w:rPr")}
_BREAKS = {qn("w:tab"), qn("w:br"), qn("w:cr"), qn("w:ptab")}
# Word takes no more than nine, and a style may be based on itself.
_MAX_BASES = 20


@dataclass(frozen=True, slots=True)
class Look:
    """What text inherits from where it stands."""

    paper: str | None = _WHITE
    """The colour behind it, RRGGBB; None where it is not known."""

    def on_unknown(self) -> "Look":
        """Return the look on something that may be of any colour."""
        return replace(self, paper=None)


class Styles:
    """The styles and lists of one document."""

    def __init__(self, document: WordDocument) -> None:
        self._styles = {
            style.get(qn("w:styleId")): style
            for style in document.styles.element.iterchildren(qn("w:style"))
        }
        self._normal = next(
            (
                style.get(qn("w:styleId"))
                for style in self._styles.values()
                if style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) == "1"
            ),
            None,
        )
        self._defaults = document.styles.element.find(
            f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"
        )
        self._bullets = _bullets(document)

    def level(self, paragraph: Any) -> int:  # noqa: ANN401 - XML
        """Return the level of a heading, 0 for other paragraphs."""
        for style in self._chain(_style_of(paragraph, "w:pStyle")):
            name = _value(style, "w:name") or ""
            if name.lower() == "title":
                return 1
            if name.lower().startswith("heading ") and name[8:].isdigit():
                return min(6, int(name[8:]))
        outline = _value(paragraph.find(qn("w:pPr")), "w:outlineLvl")
        return int(outline) + 1 if outline and outline.isdigit() and int(outline) < 6 else 0

    def bullet(self, paragraph: Any) -> tuple[str, int]:  # noqa: ANN401 - XML
        """Return the list mark of a paragraph and how far it is indented, `""` without one."""
        chain = [paragraph, *self._chain(_style_of(paragraph, "w:pStyle"))]
        for owner in chain:
            number = owner.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
            if number is not None and (key := _value(number, "w:numId")) not in {None, "0"}:
                indent = _value(number, "w:ilvl") or "0"
                numbered = self._bullets.get((key, indent), "bullet") != "bullet"
                depth = int(indent) if indent.isdigit() else 0
                return "1." if numbered else "-", min(depth, 8)
        return "", 0

    def of_table(self, table: Any, look: Look) -> Look:  # noqa: ANN401 - XML
        """Return what the cells of a table inherit; a table style may shade some of them."""
        properties = table.find(qn("w:tblPr"))
        chain = self._chain(_value(properties, "w:tblStyle"))
        if any(style.find(f".//{qn('w:shd')}") is not None for style in chain):
            return look.on_unknown()
        return _on(look, properties)

    def of_cell(self, cell: Any, look: Look) -> Look:  # noqa: ANN401 - XML
        """Return what the text of a cell inherits."""
        return _on(look, cell.find(qn("w:tcPr")))

    def of_paragraph(self, paragraph: Any, look: Look) -> Look:  # noqa: ANN401 - XML
        """Return what the runs of a paragraph inherit."""
        owners = [paragraph, *self._chain(_style_of(paragraph, "w:pStyle"))]
        for owner in reversed(owners):
            look = _on(look, owner.find(qn("w:pPr")))
        return look

    def why_hidden(self, run: Any, paragraph: Any, look: Look) -> str:  # noqa: ANN401 - XML
        """Say why a run does not show; empty when it does."""
        formats = list(self._formats(run, paragraph))
        vanish = _first(formats, "w:vanish")
        if vanish is not None and (vanish.get(qn("w:val")) or "1").lower() not in _OFF:
            return "hidden"
        size = _first(formats, "w:sz")
        points = size.get(qn("w:val"), "") if size is not None else ""
        if points.isdigit() and int(points) < MIN_HALF_POINTS:
            return "tiny"
        for format_ in reversed(formats):
            look = _on(look, format_)
        highlight = _first(formats, "w:highlight")
        colour = _first(formats, "w:color")
        ink = colour.get(qn("w:val"), "") if colour is not None else ""
        marked = highlight is not None and highlight.get(qn("w:val")) not in {"none", "white"}
        if marked or look.paper is None:
            return ""
        return "background-coloured" if _near(ink, look.paper) else ""

    def _formats(self, run: Any, paragraph: Any) -> Iterator[Any]:  # noqa: ANN401 - XML
        """Yield run formats, what decides first."""
        own = run.find(qn("w:rPr"))
        styles = self._chain(_value(own, "w:rStyle"))
        styles += self._chain(_style_of(paragraph, "w:pStyle") or self._normal)
        for format_ in [own, *(style.find(qn("w:rPr")) for style in styles), self._defaults]:
            if format_ is not None:
                yield format_

    def _chain(self, name: str | None) -> list[Any]:
        chain: list[Any] = []
        while name in self._styles and len(chain) < _MAX_BASES:
            chain.append(self._styles[name])
            name = _value(chain[-1], "w:basedOn")
        return chain


def text_of(paragraph: Any, styles: Styles, look: Look, hidden: Counter[str]) -> str:  # noqa: ANN401 - XML
    """Return what shows of a paragraph; count the characters that do not by reason."""
    look = styles.of_paragraph(paragraph, look)
    parts: list[str] = []
    for run, deleted in _runs(paragraph):
        text = "".join(_texts(run))
        why = "deleted" if deleted else styles.why_hidden(run, paragraph, look)
        if why:
            if letters := len("".join(text.split())):
                hidden[why] += letters
        else:
            parts.append(text)
    return "".join(parts)


def _runs(element: Any, *, deleted: bool = False) -> Iterator[tuple[Any, bool]]:  # noqa: ANN401 - XML
    for child in element.iterchildren():
        if child.tag == qn("w:r"):
            yield child, deleted
        elif child.tag in {qn("w:del"), qn("w:moveFrom")}:
            yield from _runs(child, deleted=True)
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _runs(child, deleted=deleted)


def _texts(run: Any) -> Iterator[str]:  # noqa: ANN401 - XML
    for child in run.iterchildren():
        if child.tag in {qn("w:t"), qn("w:delText")}:
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield " "
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"


def _style_of(paragraph: Any, tag: str) -> str | None:  # noqa: ANN401 - XML
    return _value(paragraph.find(qn("w:pPr")), tag)


def _value(element: Any, tag: str) -> str | None:  # noqa: ANN401 - XML
    found = None if element is None else element.find(qn(tag))
    return None if found is None else found.get(qn("w:val"))


def _first(formats: list[Any], tag: str) -> Any:  # noqa: ANN401 - XML
    return next((f for one in formats if (f := one.find(qn(tag))) is not None), None)


def _on(look: Look, properties: Any) -> Look:  # noqa: ANN401 - XML
    shade = None if properties is None else properties.find(qn("w:shd"))
    if shade is None:
        return look
    fill = shade.get(qn("w:fill"), "auto")
    plain = shade.get(qn("w:val"), "clear") in {"clear", "nil"}
    if not plain:
        return look.on_unknown()
    return look if fill == "auto" else replace(look, paper=fill)


def _near(ink: str, paper: str) -> bool:
    try:
        pairs = zip(bytes.fromhex(ink), bytes.fromhex(paper), strict=True)
        return bool(ink) and all(abs(a - b) < _CONTRAST for a, b in pairs)
    # `auto` is whatever shows.
    except ValueError:
        return False


def _bullets(document: WordDocument) -> dict[tuple[str | None, str], str]:
    """Return the number format by list and level."""
    part = next(
        (
            one.target_part
            for one in document.part.rels.values()
            if one.reltype.endswith("/numbering") and not one.is_external
        ),
        None,
    )
    if part is None:
        return {}
    root = part.element
    formats = {
        (abstract.get(qn("w:abstractNumId")), level.get(qn("w:ilvl"))): _value(level, "w:numFmt")
        for abstract in root.iterchildren(qn("w:abstractNum"))
        for level in abstract.iterchildren(qn("w:lvl"))
    }
    return {
        (number.get(qn("w:numId")), level or "0"): kind or ""
        for number in root.iterchildren(qn("w:num"))
        for (abstract, level), kind in formats.items()
        if abstract == _value(number, "w:abstractNumId")
    }
