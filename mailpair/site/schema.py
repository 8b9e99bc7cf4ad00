"""Cerberus schemas made from the records, and what Cerberus finds, in the words of the house."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cerberus
from cerberus.errors import (
    DEPENDENCIES_FIELD_VALUE,
    NOT_NULLABLE,
    REQUIRED_FIELD,
    UNKNOWN_FIELD,
    ErrorDefinition,
    ValidationError,
)
from cerberus.schema import UnvalidatedSchema

from mailpair.settings.notation import ListOf, Notation
from mailpair.settings.record import Group, Named, Parameter
from mailpair.site import paths
from mailpair.site.problems import Problem, shown
from mailpair.site.tidy import Tidied

_REPEATED = ErrorDefinition(0x1001, "each_once")
_TOO_FEW = ErrorDefinition(0x1002, "at_least")
# By the identity of a root, which has mappings and so no hash; it stays here, so that no other one gets its identity.
_SCHEMAS: dict[int, tuple[Group, Any]] = {}
# More known names than this are no help in a line.
_LISTED = 12

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a document.

    ``values`` has what is right about it, each value parsed and defaults in place; a list with anything wrong in it is
    empty there, and a thing under a chosen name with anything wrong in it is missing. ``incomplete`` names the settings
    at the top that lack something for such a reason, so that nobody complains of what they lack.
    """

    values: dict[str, Any]
    problems: tuple[Problem, ...]
    incomplete: frozenset[str]


def check(root: Group, data: dict[str, object]) -> Checked:
    """Checks data against the records below ``root``."""
    tidied = Tidied(root, data)
    return _alike(root, tidied) or _each(root, tidied)


def _alike(root: Group, tidied: Tidied) -> Checked | None:
    """Checks one of the named things that say the same, for all of them; None where anything is wrong.

    A directory has thousands of mailboxes and few kinds of them, and what is said of one does not depend on its name.
    Those that say the same share their values.
    """
    if tidied.problems:
        return None
    few: dict[str, Any] = {}
    first: dict[str, dict[str, str]] = {}  # under what name the same is said first, by name
    for key, value in tidied.data.items():
        if isinstance(root.member(key), Named):
            said: dict[str, str] = {}
            first[key] = {name: said.setdefault(repr(settings), name) for name, settings in value.items()}
            few[key] = {name: value[name] for name in said.values()}
        else:
            few[key] = value
    validator = _Validator(_schema(root))
    if not validator.validate(few):
        return None
    values: dict[str, Any] = validator.document
    for key, names in first.items():
        values[key] = {name: values[key][other] for name, other in names.items()}
    return Checked(values, (), frozenset())


def _each(root: Group, tidied: Tidied) -> Checked:
    validator = _Validator(_schema(root))
    validator.validate(tidied.data)
    problems = dict(tidied.problems)
    # The documented list of errors loses where they stand. What depends on something wrong is not at fault: it is last.
    errors = sorted(_leaves(validator._errors), key=_depends)  # noqa: SLF001
    for error in errors:
        path = _place(error)
        if not any(path[: len(lost)] == lost for lost in problems) and not _is_moot(error, path, problems):
            problems[path] = _problem(root, tidied.data, path, error)
    for path in problems:
        _cut(root, tidied.data, path)
    values: dict[str, Any] = _Validator(_schema(root)).normalized(tidied.data, always_return_document=True)
    return Checked(values, tuple(problems.values()), frozenset(str(path[0]) for path in problems))


def _schema(root: Group) -> Any:
    """What Cerberus makes of the records, made once: it would do so for each document, several times.

    Whether it is a schema at all is for a test to find out. That takes a quarter of a second, in each of the many
    processes of Ansible's that read the documents.
    """
    if id(root) not in _SCHEMAS:
        _SCHEMAS[id(root)] = (root, UnvalidatedSchema(_members(root)))
    return _SCHEMAS[id(root)][1]


def _members(group: Group) -> dict[str, Any]:
    return {each.name: _rules(each) for each in group.members}


def _rules(member: Parameter | Group | Named) -> dict[str, Any]:
    rules: dict[str, Any]
    match member:
        case Group():
            return {"default_setter": _empty, "schema": _members(member)}
        case Named():
            return {"default_setter": _empty, "valuesrules": {"schema": _members(member.group)}}
        case Parameter(notation=ListOf() as notation):
            rules = {
                "schema": {"coerce": notation.item.parse},
                "each_once": True,
                "at_least": notation.at_least,
            }
        case Parameter(notation=Notation() as notation):
            rules = {"coerce": notation.parse}
    if member.default is not None:
        rules["default"] = member.default
    if member.only_while is not None:
        other, value = member.only_while
        rules["dependencies"] = {other: [value]}
    return {**rules, "required": member.required}


def _empty(_document: Any) -> dict[str, Any]:
    """A mapping for what is not written; each has its own."""
    return {}


class _Validator(cerberus.Validator):  # type: ignore[misc]
    """Cerberus with two rules for lists; their docstrings are the schemas of their constraints."""

    def _validate_each_once(self, constraint: bool, field: str, value: list[object]) -> None:
        """{'type': 'boolean'}"""  # noqa: D415
        for index, item in enumerate(value):
            if constraint and item in value[:index]:
                self._error(field, _REPEATED, index)

    def _validate_at_least(self, constraint: int, field: str, value: list[object]) -> None:
        """{'type': 'integer'}"""  # noqa: D415
        if len(value) < constraint:
            self._error(field, _TOO_FEW)


def _leaves(found: Iterable[ValidationError]) -> Iterator[ValidationError]:
    for error in found:
        if error.child_errors:
            yield from _leaves(error.child_errors)
        # A list's empty item is refused by its notation as well, in better words.
        elif error.code != NOT_NULLABLE.code:
            yield error


def _depends(error: ValidationError) -> bool:
    return bool(error.code == DEPENDENCIES_FIELD_VALUE.code)


def _is_moot(error: ValidationError, path: paths.Path, problems: dict[paths.Path, Problem]) -> bool:
    """Whether an error is only that something depends on what is wrong itself."""
    return _depends(error) and any((*path[:-1], other) in problems for other in error.constraint)


def _place(error: ValidationError) -> paths.Path:
    path: paths.Path = tuple(error.document_path)
    return (*path, error.info[0]) if error.code == _REPEATED.code else path


def _problem(root: Group, data: dict[str, Any], path: paths.Path, error: ValidationError) -> Problem:
    place = paths.text(root, path)
    group, member = _record(root, path)
    match error.code:
        case UNKNOWN_FIELD.code:
            return Problem(place, shown(path[-1]), "is no setting here", _suggestion(group, str(path[-1])))
        case REQUIRED_FIELD.code:
            remedy = f"add {member.name}, {member.notation.said}" if member else ""
            return Problem(place, "missing", "must be given", remedy)
        case _REPEATED.code:
            return Problem(place, shown(_value(data, path)), "must be there once", "remove it here")
        case DEPENDENCIES_FIELD_VALUE.code:
            ((other, (value,)),) = error.constraint.items()
            rule = f"must not be given while {other} is {shown(not value)}"
            return Problem(place, shown(_value(data, path)), rule, f"set {other} to {shown(value)} first")
        case _TOO_FEW.code:
            return Problem(place, "an empty list", "must have one item at least")
    # What remains is a notation that refused a value.
    hidden = member is not None and member.confidential
    return Problem(place, "not shown" if hidden else shown(_value(data, path)), *error.info)


def _record(root: Group, path: paths.Path) -> tuple[Group, Parameter | None]:
    """The group in which a path ends, and the setting there, if it is one."""
    group: Group = root
    place: Group | Named | Parameter | None = root
    for segment in path:
        if isinstance(place, Named):
            group = place = place.group
        elif isinstance(place, Group):
            group, place = place, place.member(str(segment))
    return group, place if isinstance(place, Parameter) else None


def _suggestion(group: Group, key: str) -> str:
    known = [each.name for each in group.members]
    written = _WORD_START.sub("_", key).replace("-", "_").replace(" ", "_").lower()
    if written in group.strangers:
        return group.strangers[written]
    if close := difflib.get_close_matches(written, known, n=1):
        return f"did you mean {close[0]}?"
    return (
        f"there are {', '.join(known)}" if len(known) <= _LISTED else "docs/site-document.md describes those there are"
    )


def _value(data: Any, path: paths.Path) -> object:
    for segment in path:
        data = data[segment]
    return data


def _cut(root: Group, data: dict[str, Any], path: paths.Path) -> None:
    """Removes what a problem at ``path`` spoils: the named thing that it is in, a list's items, or the value itself."""
    place: Group | Named | Parameter | None = root
    for segment in path:
        if isinstance(place, Named):
            data.pop(str(segment), None)
            return
        name = str(segment)
        place = place.member(name) if isinstance(place, Group) else None
        if not isinstance(place, Group | Named):
            if place is not None and isinstance(data.get(name), list):
                data[name] = []
            else:
                data.pop(name, None)
            return
        if name not in data:
            return
        data = data[name]
