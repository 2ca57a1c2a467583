"""What `var(--name)` stands for in a style sheet."""

from collections.abc import Mapping

import tinycss2
from tinycss2.ast import FunctionBlock, Node

_MAX = 2_000
"""Of a resolved value, in characters: a few lines of var() in var() are gigabytes of text."""
_DEEP = 20
_ABOVE = {"inherit", "unset", "revert", "revert-layer"}


def is_custom(name: str) -> bool:
    """Say whether a property is one that the page's author made up."""
    return name.startswith("--")


def inherited(declared: Mapping[str, str], above: Mapping[str, str]) -> Mapping[str, str]:
    """Return the custom properties that hold for an element and, unless changed, below it."""
    own = {
        name: value
        for name, value in declared.items()
        if is_custom(name) and value.lower() not in _ABOVE
    }
    if not own:
        return above
    known = {**above, **own}
    # A name means what it did where it was declared, also below where what it names differs.
    known |= {name: resolved(value, known) for name, value in own.items() if "(" in value}
    return {name: value for name, value in known.items() if value.lower() != "initial"}


def resolved(value: str, custom: Mapping[str, str]) -> str:
    """Return a value with each var() replaced; one that is not known stays as it is written.

    What is not known here may be set by a style sheet elsewhere: it hides nothing by itself.
    """
    if "(" not in value:
        return value
    known = _resolved(tinycss2.parse_component_value_list(value, True), custom, _DEEP)
    return value if known is None or len(known) > _MAX else known


def _resolved(nodes: list[Node], custom: Mapping[str, str], deep: int) -> str | None:
    """Return the nodes as text; None when a var() in them cannot be replaced."""
    parts: list[str] = []
    size = 0
    for node in nodes:
        part = _part(node, custom, deep)
        size += len(part or "")
        if part is None or size > _MAX:
            return None
        parts.append(part)
    return "".join(parts)


def _part(node: Node, custom: Mapping[str, str], deep: int) -> str | None:
    if not isinstance(node, FunctionBlock):
        return str(node.serialize())
    if not deep:
        return None
    if node.lower_name != "var":
        inner = _resolved(node.arguments, custom, deep - 1)
        return None if inner is None else f"{node.name}({inner})"
    name, fallback = _parts(node.arguments)
    known = custom.get(name, "initial")
    if known.lower() != "initial":
        again = tinycss2.parse_component_value_list(known, True)
        if (found := _resolved(again, custom, deep - 1)) is not None:
            return found
    return None if fallback is None else _resolved(fallback, custom, deep - 1)


def _parts(arguments: list[Node]) -> tuple[str, list[Node] | None]:
    """Return the name that a var() asks for, and what it takes instead, if it says."""
    comma = next((i for i, node in enumerate(arguments) if node == ","), None)
    name = "".join(node.serialize() for node in arguments[:comma] if node.type == "ident")
    return name, None if comma is None else arguments[comma + 1 :]
