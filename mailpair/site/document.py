"""YAML text in, plain data out: the part of YAML 1.2 that a document needs, and nothing that surprises.

Only ``true`` and ``false`` are truth values and only decimal digits are numbers, so that ``10:00:00``, ``yes``, ``010``
and dates stay the text that was written. Tags, anchors and aliases are refused, and so is a key that is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mailpair.site.folding import fold
from mailpair.site.problems import Problem, shown

# Deep enough for any setting; a document that nests deeper is a mistake, or an attempt to exhaust the reader.
_DEPTH = 20

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")

# libyaml's parser gives the same events many times faster, where it is there.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(
    path: Path, key: str, narrow: Callable[[str], str] | None = None
) -> tuple[dict[str, object] | None, list[Problem]]:
    """Reads the mapping under the one key that a document must have.

    ``narrow`` makes of the text the part that is to be read; by default all of it is. Returns the mapping, or None
    where there is none to speak of, and what is wrong with the file as such. Values are None, bool, int, str, list and
    dict.
    """
    reader = _Reader(path.name)
    text = _text(path, reader.problems)
    if narrow:
        text = narrow(text)
    elif not reader.problems and (content := _folded(text, key)) is not None:
        return content, []
    data = reader.parse(text)
    if reader.problems:
        return None, reader.problems
    if not isinstance(data, dict) or key not in data:
        rule = f"must be a mapping with the key {key}"
        return None, [Problem(path.name, shown(data), rule, f"begin it with {key}:")]
    others = sorted(other for other in data if other != key)
    problems = [Problem(path.name, shown(other), f"must have the key {key} alone", "remove it") for other in others]
    content = data[key]
    if content is None:
        return {}, problems
    if not isinstance(content, dict):
        return None, [*problems, Problem(key, shown(content), "must be a mapping", f"indent what is under {key}:")]
    return content, problems


def _folded(text: str, key: str) -> dict[str, object] | None:
    """The mapping, of a document in which much is alike; None where it isn't, or anything is wrong."""
    folded, same = fold(text, key)
    if not same:
        return None
    reader = _Reader("")
    data = reader.parse(folded)
    content = data.get(key) if isinstance(data, dict) and len(data) == 1 else None
    if reader.problems or not isinstance(content, dict):
        return None
    if not content.keys().isdisjoint(same) or not content.keys() >= {*same.values()}:
        return None
    return content | {name: copy(content[like]) for name, like in same.items()}


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        remedy = "write it, or name the folder that has it" if isinstance(error, FileNotFoundError) else ""
        problems.append(Problem(path.name, str(error.strerror).lower(), "must be a readable file", remedy))
    except UnicodeDecodeError:
        problems.append(Problem(path.name, "other bytes", "must be UTF-8 text", "save it as UTF-8"))
    else:
        if text.strip():
            return text
        problems.append(Problem(path.name, "empty", "must have a document"))
    return ""


@dataclass(slots=True)
class _Container:
    """A list or mapping whose end has not come yet."""

    value: list[object] | dict[str, object]
    lines: dict[str, int | None] = field(default_factory=dict)  # of a mapping's keys
    key: str | None = None  # whose value comes next


class _Reader:
    """Builds data from events with a stack of its own, so that no document can exhaust Python's."""

    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._stack: list[_Container] = []
        self._result: object = None
        self._documents = 0

    def parse(self, text: str) -> object:
        """The data that a text describes; what is wrong with it is in :attr:`problems`."""
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                if not self._take(event):
                    break
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
            self._refuse(mark.line + 1 if mark else None, "text", "must be YAML", str(reason))
        return self._result

    def _take(self, event: yaml.Event) -> bool:
        """Takes an event; False where reading on makes no sense."""
        line = _line(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    return self._refuse(line, "---", "must be one document", "remove what comes after it")
            case yaml.AliasEvent():
                return self._refuse(line, f"*{event.anchor}", "must not refer to anchors", "write the value out")
            case yaml.ScalarEvent() | yaml.CollectionStartEvent():
                return self._begin(event, line)
            case yaml.CollectionEndEvent():
                self._stack.pop()
            case _:
                pass
        return True

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int | None) -> bool:
        if event.anchor is not None:
            return self._refuse(line, f"&{event.anchor}", "must not have anchors", "remove it")
        if event.tag is not None:
            return self._refuse(line, str(event.tag), "must not have tags", "write plain values")
        if isinstance(event, yaml.ScalarEvent):
            return self._add(_scalar(event), line)
        container = _Container({} if isinstance(event, yaml.MappingStartEvent) else [])
        if not self._add(container.value, line):
            return False
        self._stack.append(container)
        if len(self._stack) > _DEPTH:
            return self._refuse(line, "a value", f"must not be nested deeper than {_DEPTH}")
        return True

    def _add(self, value: object, line: int | None) -> bool:
        """Puts a value where it belongs: into the list or mapping that is open, as a key or for one."""
        if not self._stack:
            self._result = value
            return True
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None
        elif not isinstance(value, str):
            written = "a list or mapping" if isinstance(value, list | dict) else shown(value)
            return self._refuse(line, written, "must be text, as every key", "put it in quotes")
        else:
            if value in top.lines:
                rule = f"must be there once, and is in line {top.lines[value]} already"
                self._refuse(line, shown(value), rule, "remove one of the two")
            top.lines.setdefault(value, line)
            top.key = value
        return True

    def _refuse(self, line: int | None, value: str, rule: str, remedy: str = "") -> bool:
        place = self._name if line is None else f"{self._name} line {line}"
        self.problems.append(Problem(place, value, rule, remedy))
        return False


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None


def _scalar(event: yaml.ScalarEvent) -> object:
    text = str(event.value)
    if not event.implicit[0]:  # quoted, or a block
        return text
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    return int(text) if _NUMBER.fullmatch(text) else text
