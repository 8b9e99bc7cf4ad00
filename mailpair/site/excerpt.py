"""The part of a large document that has to do with one thing in it, found in its text without parsing the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What could make a line look like the beginning of an entry that is none. Such documents are read whole: slowly. A
# quote begins something only where a value may begin, so not in O'Brien; and nothing in an entry's braces has braces.
_ODD = (
    ("\\", re.compile(r"\\")),
    ("\t", re.compile(r"\t")),
    ("\x85", re.compile("\x85")),  # ends a line for YAML alone, as the next two
    ("\u2028", re.compile("\u2028")),
    ("\u2029", re.compile("\u2029")),
    ("---", re.compile(r"^---", re.MULTILINE)),
    ("...", re.compile(r"^\.\.\.", re.MULTILINE)),
    ('"', re.compile(r'"(?<![^\s,:\[{]")[^"\n]*(?:[\[\]{}]|$)', re.MULTILINE)),
    ("'", re.compile(r"'(?<![^\s,:\[{]')(?:[^'\n]|'')*(?:[\[\]{}]|$)", re.MULTILINE)),
    ("{", re.compile(r"\{[^{}\n]*(?:\{|\s#|$)", re.MULTILINE)),
    ("[", re.compile(r"\[[^\[\]\n]*(?:\[|\s#|$)", re.MULTILINE)),
    ("|", re.compile(r":[ ]*[|]")),
    (">", re.compile(r":[ ]*>")),
    ("?", re.compile(r"^ *\?", re.MULTILINE)),
)
_NO_ENTRY = re.compile(r"^[^\s#]", re.MULTILINE)
_ADDRESS = re.compile(r"[a-z0-9._-]+@[a-z0-9.-]+")
_OF_ADDRESSES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")


def excerpt(text: str, key: str, name: str, others: Iterable[str]) -> str:
    """The document with empty lines in the place of entries that have nothing to do with the one called ``name``.

    ``key`` is the one key of the document, whose entries stand below it, each from a line of its own on. What stays are
    entries in which there is ``name``, an address that the entry of that name has, or one of ``others``; and whatever
    is no entry. Lines keep their numbers. ``name`` and ``others`` are in lower case. A document that can't be taken
    apart so stays whole.
    """
    begin, folded = _begin(text, key), text.lower()
    if begin is None or len(folded) != len(text):  # some letters are two in lower case, and places would not agree
        return text
    entries = _Entries(folded, begin)
    own = entries.with_words({name})
    addresses = {each for start, end in own if _is(folded, start, name) for each in _addresses(folded, start, end)}
    kept = own | entries.with_words(addresses | {*others})
    kept |= {entries.around(match.start()) for match in _NO_ENTRY.finditer(text)}
    parts, at = [], 0
    for start, end in sorted(kept):
        parts += ["\n" * text.count("\n", at, start), text[start:end]]
        at = end
    parts.append("\n" * text.count("\n", at))
    return "".join(parts)


def beginnings(text: str, key: str) -> list[int] | None:
    """Where entries below the one key of a document begin, and what stands beside it; None where that can't be told."""
    begin = _begin(text, key)
    return [match.start() for match in begin.finditer(text)] if begin else None


def _begin(text: str, key: str) -> re.Pattern[str] | None:
    first = re.search(rf"^{re.escape(key)}: *(?:#.*)?\n(?: *(?:#.*)?\n)*( +)[^\s#]", text, re.MULTILINE)
    if first is None or any(sign in text and odd.search(text) for sign, odd in _ODD):
        return None
    return re.compile(rf"^(?:{first[1]}[^\s#]|[^\s#])", re.MULTILINE)


class _Entries:
    """Entries of a text, each from where it begins to where the next one does; found around what is looked for."""

    def __init__(self, text: str, begin: re.Pattern[str]) -> None:
        """``begin`` matches at the beginning of each."""
        self._text, self._begin = text, begin

    def with_words(self, words: Iterable[str]) -> set[tuple[int, int]]:
        """Beginning and end of those in which one of the words stands by itself."""
        text, found = self._text, set()
        for word in words:
            at = text.find(word)
            while at >= 0:
                after = at + len(word)
                if text[at - 1] not in _OF_ADDRESSES and text[after : after + 1] not in _OF_ADDRESSES:
                    found.add(self.around(at))
                at = text.find(word, after)
        return found

    def around(self, at: int) -> tuple[int, int]:
        """Beginning and end of the one at a place of the text, or of what is none."""
        start = self._text.rfind("\n", 0, at) + 1
        while start and not self._begin.match(self._text, start):
            start = self._text.rfind("\n", 0, start - 1) + 1
        after = self._begin.search(self._text, self._text.find("\n", at) + 1 or len(self._text))
        return start, after.start() if after else len(self._text)


def _is(text: str, start: int, name: str) -> bool:
    return re.compile(rf" +['\"]?{re.escape(name)}['\"]? *:").match(text, start) is not None


def _addresses(text: str, start: int, end: int) -> set[str]:
    return {*_ADDRESS.findall(text, start, end)}
