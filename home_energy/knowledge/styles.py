"""Which parts of a web page its style sheets hide."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import cssselect
import tinycss2
from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement
from tinycss2 import color4
from tinycss2.ast import AtRule, Declaration, Node, QualifiedRule

from home_energy.knowledge.custom_properties import inherited, is_custom, resolved
from home_energy.knowledge.hidden import Hidden, own_text

MAX_RULES = 3_000
"""Of a page, that could hide something; further ones are not looked at."""

Rank = tuple[bool, tuple[int, int, int], int]
"""What decides between two declarations: importance, specificity, order."""
Style = dict[str, str]

_WATCHED = frozenset(
    "display visibility opacity font-size color background background-color text-indent position"
    " left right top bottom clip clip-path width height max-width max-height overflow overflow-x"
    " overflow-y transform content-visibility filter font background-image"
    " background-clip -webkit-background-clip".split()
)
_INLINE = (1_000, 0, 0)
_SCREEN = {"", "all", "screen", "only screen"}
_NEVER_SHOWN = {"template", "noscript", "datalist", "noembed", "noframes"}
# Pixels past which nobody scrolls.
_AWAY = 900
# Of one channel, 0 to 1: less than a reader sees.
_CONTRAST = 0.06
_ABSOLUTE = {"absolute", "fixed"}
_PIXELS = {"": 1.0, "px": 1.0, "pt": 1.333, "em": 16.0, "rem": 16.0, "ex": 8.0, "cm": 37.8}
_PIXELS |= {"mm": 3.78, "in": 96.0, "vw": 10.0, "vh": 8.0, "%": 10.0, "ch": 8.0, "pc": 16.0}
Colour = tuple[float, float, float]
_WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an element inherits."""

    visible: bool = True
    colour: Colour | None = (0.0, 0.0, 0.0)
    """None where it is not known, or is the default of a link."""
    background: Colour | None = _WHITE
    """None where it is a picture or not known."""
    small: bool = False
    custom: Mapping[str, str] = field(default_factory=dict)
    """The custom properties, such as `--shown`."""


@dataclass(frozen=True, slots=True)
class _Declared:
    """One declaration; the value as it is written."""

    name: str
    value: str
    important: bool


def hidden(tree: HtmlElement) -> Hidden:
    """Find what the page's own style sheets and attributes hide; scripts are not run."""
    found = Hidden()
    styles = _styles(tree)
    stack: list[tuple[HtmlElement, _Seen]] = [(tree, _Seen())]
    while stack:
        element, above = stack.pop()
        declared = styles.get(element, {})
        custom = inherited(declared, above.custom)
        style = {
            name: resolved(value, custom).strip().lower()
            for name, value in declared.items()
            if not is_custom(name)
        }
        if _gone(element, style):
            found.trees.append(element)
            continue
        seen = replace(_seen(element, style, above), custom=custom)
        if not _reads(seen) and own_text(element).strip():
            found.texts.append(element)
        stack += [(child, seen) for child in element if isinstance(child.tag, str)]
    return found


def _styles(tree: HtmlElement) -> dict[HtmlElement, Style]:
    """Return the winning watched declarations of each element that has any."""
    won: dict[HtmlElement, dict[str, tuple[Rank, str]]] = {}

    def apply(element: HtmlElement, declared: Iterable[_Declared], rank: Rank) -> None:
        values = won.setdefault(element, {})
        for one in declared:
            mine = (one.important, *rank[1:])
            if one.name not in values or values[one.name][0] <= mine:
                values[one.name] = (mine, one.value)

    for order, (rule, declared) in enumerate(_rules(tree)):
        for select, specificity in _selectors(rule):
            for element in select(tree):
                apply(element, declared, (False, specificity, order))
    for element in tree.iter():
        if isinstance(element.tag, str) and (inline := element.get("style")):
            apply(element, _watched(inline), (False, _INLINE, 0))
    return {
        element: {name: value for name, (_, value) in values.items()}
        for element, values in won.items()
    }


def _rules(tree: HtmlElement) -> Iterator[tuple[QualifiedRule, list[_Declared]]]:
    count = 0
    for sheet in tree.iter("style"):
        if (sheet.get("media") or "").strip().lower() not in _SCREEN:
            continue
        for rule in _flat(tinycss2.parse_stylesheet(sheet.text or "", True, True)):
            declared = _watched(rule.content)
            if declared and count < MAX_RULES:
                count += 1
                yield rule, declared


def _flat(rules: Iterable[Node]) -> Iterator[QualifiedRule]:
    """Yield rules that always apply on a screen; those for some widths or print do not."""
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            yield rule
        elif isinstance(rule, AtRule) and rule.content is not None:
            query = tinycss2.serialize(rule.prelude).strip().lower()
            name = rule.lower_at_keyword
            if name in {"layer", "supports"} or (name == "media" and query in _SCREEN):
                yield from _flat(tinycss2.parse_rule_list(rule.content, True, True))


def _watched(content: str | list[Node]) -> list[_Declared]:
    nodes = tinycss2.parse_blocks_contents(content, True, True)
    named = [
        # The case of custom names tells them apart.
        (node, node.name if is_custom(node.name) else node.lower_name)
        for node in nodes
        if isinstance(node, Declaration)
    ]
    return [
        _Declared(name, tinycss2.serialize(node.value).strip(), bool(node.important))
        for node, name in named
        if name in _WATCHED or is_custom(name)
    ]


def _selectors(rule: QualifiedRule) -> Iterator[tuple[XPath, tuple[int, int, int]]]:
    try:
        selectors = cssselect.parse(tinycss2.serialize(rule.prelude))
    except cssselect.SelectorError:
        return
    translator = cssselect.HTMLTranslator()
    for selector in selectors:
        if selector.pseudo_element is None:
            try:
                path = XPath(translator.selector_to_xpath(selector))
            except (cssselect.SelectorError, XPathError):
                continue
            yield path, selector.specificity()


def _gone(element: HtmlElement, style: Style) -> bool:
    """Say whether an element does not show, whatever its children are styled like."""
    display = style.get("display", "")
    if element.tag in _NEVER_SHOWN or display == "none":
        return True
    if element.tag == "dialog" and "open" not in element.attrib:
        return True
    if "hidden" in element.attrib and not display:
        return True
    if (_number(style.get("opacity", "")) or 1.0) < 0.05 or _is_zero(style.get("opacity", "")):
        return True
    if style.get("content-visibility") == "hidden" or "opacity(0" in style.get("filter", ""):
        return True
    if "scale(0)" in style.get("transform", "").replace(" ", ""):
        return True
    return _away(style) or _clipped(style)


def _away(style: Style) -> bool:
    placed = style.get("position") in {*_ABSOLUTE, "relative"}
    sides = [style.get(side, "") for side in ("left", "right", "top", "bottom")] if placed else []
    # What is indented to the left of its box is cut there; what is moved there is off screen.
    return any((_pixels(side) or 0) <= -_AWAY for side in [*sides, style.get("text-indent", "")])


def _clipped(style: Style) -> bool:
    clip = style.get("clip", "").replace(" ", "").replace("px", "").replace(",", "")
    if style.get("position") in _ABSOLUTE and clip in {"rect(0000)", "rect(1111)"}:
        return True
    path = style.get("clip-path", "").replace(" ", "")
    if path.startswith(("inset(50%", "inset(100%", "circle(0", "polygon(00)")):
        return True
    overflow = {style.get(name, "") for name in ("overflow", "overflow-x", "overflow-y")}
    sizes = [style.get(name, "") for name in ("width", "height", "max-width", "max-height")]
    shut = bool(overflow & {"hidden", "clip", "hidden hidden"})
    return shut and any((size := _pixels(value)) is not None and size <= 1 for value in sizes)


def _seen(element: HtmlElement, style: Style, above: _Seen) -> _Seen:
    visibility = style.get("visibility", "")
    # Without ink, unless a picture is cut out by the letters.
    ink = color4.parse_color(style.get("color", ""))
    if getattr(ink, "alpha", 1) < _CONTRAST and not any("clip" in name for name in style):
        visibility = "hidden"
    visible = visibility not in {"hidden", "collapse"} if visibility else above.visible
    colour = above.colour if element.tag not in {"a", "mark", "button", "input"} else None
    if (said := style.get("color")) and said != "inherit":
        colour = _colour(said)
    elif attribute := element.get("color") if element.tag == "font" else None:
        colour = _colour(attribute)
    return _Seen(visible, colour, _background(element, style, above), _small(style, above.small))


def _background(element: HtmlElement, style: Style, above: _Seen) -> Colour | None:
    if element.tag == "mark":
        return None
    said = style.get("background-color") or element.get("bgcolor") or ""
    image = style.get("background-image", "none")
    if short := style.get("background"):
        colours = [
            _colour(tinycss2.serialize([n])) for n in tinycss2.parse_component_value_list(short)
        ]
        known = [colour for colour in colours if colour is not None]
        if ("(" in short and not known) or "url" in short or "gradient" in short or "var" in short:
            return None
        if known and not said:
            return known[0]
    if image != "none":
        return None
    if not said or said in {"transparent", "inherit", "initial", "unset", "none"}:
        return above.background
    return _colour(said)


def _small(style: Style, above: bool) -> bool:
    sizes = [style.get("font-size", "")]
    if not sizes[0] and (short := style.get("font", "")):
        sizes = [word.partition("/")[0] for word in short.split() if word[:1].isdigit()]
    known = [value for value in sizes if value]
    if not known:
        return above
    # A relative size of what is nothing is nothing.
    relative = known[0].endswith(("em", "%")) and not known[0].endswith("rem")
    pixels = _number(known[0]) if relative else _pixels(known[0])
    if pixels is None:
        return above
    return (relative and above) or (pixels < 0.05 if relative else pixels <= 1)


def _reads(seen: _Seen) -> bool:
    if not seen.visible or seen.small:
        return False
    if seen.colour is None or seen.background is None:
        return True
    pairs = zip(seen.colour, seen.background, strict=True)
    return any(abs(ink - paper) > _CONTRAST for ink, paper in pairs)


def _colour(value: str) -> Colour | None:
    """Return red, green and blue, 0 to 1, of an opaque colour; no ink counts as white."""
    found = color4.parse_color(value.strip())
    if found is None or isinstance(found, str):
        return None
    try:
        red, green, blue = found.to("srgb").coordinates
    except (NotImplementedError, TypeError, ValueError):
        return None
    return None if found.alpha < 1 else (red or 0.0, green or 0.0, blue or 0.0)


def _is_zero(value: str) -> bool:
    return bool(value) and _number(value) == 0


def _number(value: str) -> float | None:
    tokens = tinycss2.parse_component_value_list(value)
    number = getattr(tokens[0], "value", None) if len(tokens) == 1 else None
    return float(number) if isinstance(number, int | float) else None


def _pixels(value: str) -> float | None:
    """Return a length in pixels, roughly where it depends on the window."""
    number = _number(value)
    unit = value.lstrip("+-.0123456789e") if "e" not in value[-2:] else value[-2:]
    unit = unit if unit in _PIXELS else value.lstrip("+-.0123456789")
    return number * _PIXELS[unit] if number is not None and unit in _PIXELS else None
