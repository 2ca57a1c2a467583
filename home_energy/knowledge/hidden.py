"""Parts of a web page that a browser does not show."""

from dataclasses import dataclass, field

from lxml.html import HtmlElement


@dataclass(slots=True)
class Hidden:
    """What does not show."""

    trees: list[HtmlElement] = field(default_factory=list)
    """Elements with all that is in them; none is in another."""
    texts: list[HtmlElement] = field(default_factory=list)
    """Elements whose own text does not show, while an element in them may."""


def own_text(element: HtmlElement) -> str:
    """Return the text of an element that is in none of its children."""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def drop_own_text(element: HtmlElement) -> None:
    """Remove the text of an element that is in none of its children."""
    element.text = None
    for child in element:
        child.tail = None
