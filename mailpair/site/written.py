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
    return dict(_members(root, values, ""))


def _members(group: Group, values: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for member in group.members:
        path = f"{place}.{member.name}" if place else member.name
        value = values.get(member.name)
        match member:
            case Parameter():
                if member.name in values and not member.settled:
                    yield path, _HIDDEN if member.confidential else _text(member, value)
            case Group():
                yield from _members(member, value or {}, path)
            case Named():
                yield from _named(member, value or {}, path)


def _named(named: Named, values: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Things under chosen names; many of a large directory share their values."""
    alike: dict[int, list[tuple[str, str]]] = {}
    for name, each in sorted(values.items()):
        if id(each) not in alike:
            alike[id(each)] = list(_members(named.group, each, ""))
        place = f"{path}[{paths.key(name)}]"
        for setting, text in alike[id(each)]:
            yield f"{place}.{setting}", text


def _text(parameter: Parameter, value: Any) -> str:
    if isinstance(parameter.notation, ListOf):
        return f"[{', '.join(map(parameter.notation.item.write, value))}]"
    return parameter.notation.write(value)
