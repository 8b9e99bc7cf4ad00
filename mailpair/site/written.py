"""All settings of a site as text, each under its path: what two states of a document are compared by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailpair.settings.notation import ListOf
from mailpair.settings.record import Group, Named, Parameter
from mailpair.site import paths

_HIDDEN = "given, and not shown"


def written(root: Group, values: dict[str, Any]) -> dict[str, str]:
    """The settings below ``root`` that have a value, defaults included, in the form of the documents.

    ``values`` are those that :func:`mailpair.site.schema.check` found. What is confidential is not among the texts, and
    neither is what has but one value to take.
    """
    return {paths.text(root, path): text for path, text in _members(root, values, ())}


def _members(group: Group, values: dict[str, Any], path: paths.Path) -> Iterator[tuple[paths.Path, str]]:
    for member in group.members:
        place = (*path, member.name)
        value = values.get(member.name)
        match member:
            case Parameter():
                if member.name in values and not member.settled:
                    yield place, _HIDDEN if member.confidential else _text(member, value)
            case Group():
                yield from _members(member, value or {}, place)
            case Named():
                for name, each in sorted((value or {}).items()):
                    yield from _members(member.group, each, (*place, name))


def _text(parameter: Parameter, value: Any) -> str:
    if isinstance(parameter.notation, ListOf):
        return f"[{', '.join(map(parameter.notation.item.write, value))}]"
    return parameter.notation.write(value)
