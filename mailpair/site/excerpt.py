"""The part of a large document that has to do with one thing in it, found in its text without parsing the rest."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

# What could make a line look like the beginning of an entry that is none. Such documents are read whole: slowly.
_ODD = (
    ("\\", re.compile(r"\\")),
    ("\t", re.compile(r"\t")),
    ("---", re.compile(r"^---", re.MULTILINE)),
    ('"', re.compile(r'^[^"\n]*"[^"\n]*(?:"[^"\n]*"[^"\n]*)*$', re.MULTILINE)),
    ("'", re.compile(r"^[^'\n]*'[^'\n]*(?:'[^'\n]*'[^'\n]*)*$", re.MULTILINE)),
    ("{", re.compile(r"^[^{}\n]*\{[^{}\n]*$", re.MULTILINE)),
    ("[", re.compile(r"^[^\[\]\n]*\[[^\[\]\n]*$", re.MULTILINE)),
    ("|", re.compile(r":[ ]*[|]")),
    (">", re.compile(r":[ ]*>")),
    ("?", re.compile(r"^ *\?", re.MULTILINE)),
)
_ADDRESS = re.compile(r"[a-z0-9._-]+@[a-z0-9.-]+")
_OF_ADDRESSES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")


def excerpt(text: str, key: str, name: str, others: Iterable[str]) -> str:
    """The document with empty lines in the place of entries that have nothing to do with the one called ``name``.

    ``key`` is the one key of the document, whose entries stand below it, each from a line of its own on. What stays are
    entries in which there is ``name``, an address that the entry of that name has, or one of ``others``; and whatever
    is no entry. Lines keep their numbers. ``name`` and ``others`` are in lower case. A document that can't be taken
    apart so stays whole.
    """
    starts = beginnings(text, key)
    folded = text.lower()
    if starts is None or len(folded) != len(text):  # some letters are two in lower case, and places would not agree
        return text
    ends = [*starts[1:], len(text)]
    own = _found(folded, {name}, starts)
    addresses = {
        each
        for index in own
        if _is(folded, starts[index], name)
        for each in _addresses(folded, starts[index], ends[index])
    }
    kept = own | _found(folded, addresses | {*others}, starts)
    parts = [text[: starts[0]]]
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        entry = text[start] == " "
        parts.append("\n" * text.count("\n", start, end) if entry and index not in kept else text[start:end])
    return "".join(parts)


def beginnings(text: str, key: str) -> list[int] | None:
    """Where entries below the one key of a document begin, and what stands beside it; None where that can't be told."""
    first = re.search(rf"^{re.escape(key)}: *(?:#.*)?\n(?: *(?:#.*)?\n)*( +)[^\s#]", text, re.MULTILINE)
    if first is None or any(sign in text and odd.search(text) for sign, odd in _ODD):
        return None
    begin = re.compile(rf"^(?:{first[1]}[^\s#]|[^\s#])", re.MULTILINE)
    return [match.start() for match in begin.finditer(text)]


def _found(text: str, words: Iterable[str], starts: list[int]) -> set[int]:
    """The entries, by their place among all, in which one of the words stands by itself."""
    found = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            after = at + len(word)
            if text[at - 1] not in _OF_ADDRESSES and text[after : after + 1] not in _OF_ADDRESSES:
                found.add(bisect_right(starts, at) - 1)
            at = text.find(word, after)
    return found


def _is(text: str, start: int, name: str) -> bool:
    return re.compile(rf" +['\"]?{re.escape(name)}['\"]? *:").match(text, start) is not None


def _addresses(text: str, start: int, end: int) -> set[str]:
    return {*_ADDRESS.findall(text, start, end)}
