"""A large document without the entries that say the same as another one: what is parsed of it is little."""

from __future__ import annotations

import re

from mailpair.site.excerpt import beginnings

# An address as it stands at the beginning of an entry, with nothing about it that YAML would take apart.
_NAME = re.compile(r" +([a-z0-9][a-z0-9._-]*@[a-z0-9.-]*[a-z0-9]):(?=[ \n])")


def fold(text: str, key: str) -> tuple[str, dict[str, str]]:
    """The document with empty lines in the place of entries that say what one before says; and that one by their names.

    ``key`` is the one key of the document, whose entries stand below it. Lines keep their numbers. A document in which
    something is there twice, or that can't be taken apart, stays whole.
    """
    starts = beginnings(text, key)
    if starts is None:
        return text, {}
    parts, first, same = [text[: starts[0]]], dict[str, str](), dict[str, str]()
    known = set[str]()
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        part, name = text[start:end], _NAME.match(text, start)
        if name is not None:
            if name[1] in known:
                return text, {}
            known.add(name[1])
            said = text[name.end() : end]
            if (like := first.setdefault(said, name[1])) != name[1]:
                same[name[1]], part = like, "\n" * part.count("\n")
        parts.append(part)
    return "".join(parts), same
