"""What is done to a document before its values are checked: its shape, its empty places, and the names in it."""

from __future__ import annotations

from typing import Any

from mailpair.settings.notation import ListOf, NotationError
from mailpair.settings.record import Group, Named, Parameter
from mailpair.site import paths
from mailpair.site.problems import Problem, shown


class Tidied:
    """A document of the right shape: mappings and lists where the records have them, and no None.

    A setting with nothing behind its colon, or PowerShell's $null, is one that was not said; a group or a named thing
    with nothing below it is an empty one. Chosen names are in the form that they mean, each of them once. What could
    not be kept is not in ``data``; ``problems`` says why, by its path.
    """

    def __init__(self, root: Group, data: dict[str, object]) -> None:
        self._root = root
        self.problems: dict[paths.Path, Problem] = {}
        self.data: dict[str, Any] = self._group(root, data, ())

    def _group(self, group: Group, data: dict[str, object], path: paths.Path) -> dict[str, Any]:
        unasked = {each.name: None for each in group.members if isinstance(each, Named) and each.ready}
        tidy: dict[str, Any] = {}
        for key, value in {**unasked, **data}.items():
            member = group.member(key)
            place = (*path, key)
            if isinstance(member, Group | Named):
                content = self._mapping(member, {} if value is None else value, place)
                if content is not None:
                    tidy[key] = content
            elif isinstance(member, Parameter) and isinstance(member.notation, ListOf):
                items = self._items(member.notation, value, place)
                if items is not None:
                    tidy[key] = items
            elif not _is_null(value):
                tidy[key] = value
        return tidy

    def _items(self, notation: ListOf[Any], value: object, path: paths.Path) -> list[object] | None:
        """A list, or text with commas as PowerShell takes it; None where nothing was said, or nothing that can be."""
        if isinstance(value, list):
            return value
        if _is_null(value):
            return None
        if isinstance(value, str) and value.startswith("@{"):
            self._lose(path, shown(value), "must be the whole list", "a document can't add to one, nor remove from it")
        elif isinstance(value, str) and value.strip():
            return [part.strip() for part in value.split(",")]
        else:
            written = notation.example if isinstance(value, dict | str) else f"[{shown(value)}]"
            self._lose(path, shown(value), "must be a list", f"write it as {written}")
        return None

    def _mapping(self, member: Group | Named, value: object, path: paths.Path) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self._lose(path, shown(value), "must be a mapping", "write its settings below it, each with a colon")
            return None
        return self._group(member, value, path) if isinstance(member, Group) else self._named(member, value, path)

    def _named(self, named: Named, data: dict[str, object], path: paths.Path) -> dict[str, Any]:
        tidy: dict[str, Any] = {name: dict(settings) for name, settings in named.ready.items()}
        ready = {name.lower(): name for name in named.ready}
        refused = {name.lower(): reason for name, reason in named.refused.items()}
        seen: dict[str, str] = {}
        for key, value in data.items():
            try:
                name = named.key.parse(key)
            except NotationError as error:
                self._lose((*path, key), shown(key), error.rule, error.remedy)
                continue
            # Exchange does not tell names apart by case either.
            folded = name.lower()
            if folded in seen:
                rule = f"must not be the same name as {seen[folded]!r}"
                self._lose((*path, key), shown(key), rule, "remove one of the two, or give it another name")
                continue
            seen[folded] = key
            if folded in refused:
                remedy = f"{refused[folded]}; give a connector of your own another name"
                self._lose((*path, key), shown(key), "must not be the name of a connector here", remedy)
                continue
            name = ready.get(folded, name)
            content = self._mapping(named.group, {} if value is None else value, (*path, name))
            if content is None:
                tidy.pop(name, None)
            else:
                tidy[name] = {**tidy.get(name, {}), **content}
        return tidy

    def _lose(self, path: paths.Path, value: str, rule: str, remedy: str) -> None:
        self.problems[path] = Problem(paths.text(self._root, path), value, rule, remedy)


def _is_null(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.lower() == "$null")
