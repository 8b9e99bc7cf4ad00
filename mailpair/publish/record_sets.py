"""Records as DNS keeps them, by name and type, and how those that DNS has differ from those that a site needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from mailpair.publish.dns import Record
from mailpair.site.problems import Problem

ADDRESS_TYPES = ("A", "AAAA")
# Their last word is a name that must have addresses of its own (RFC 2181, section 10.3; RFC 2782).
_POINTING = ("MX", "SRV")

Question = tuple[str, str]
"""A name and a type."""


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All records of one type at one name: ``data`` as in :class:`~mailpair.publish.dns.Record`, in normal form."""

    name: str
    type: str
    data: tuple[str, ...]

    @property
    def label(self) -> str:
        """How a person names it: ``contoso.test MX``."""
        return label((self.name, self.type))


@dataclass(frozen=True, slots=True)
class Seen:
    """What DNS answered to a question: data; the name that the asked one is an alias of; or why there is no answer."""

    data: tuple[str, ...] = ()
    alias: str = ""
    trouble: str = ""


def label(question: Question) -> str:
    """A name and a type, as a person writes them."""
    return f"{question[0].rstrip('.')} {question[1]}"


def record_sets(records: Iterable[Record]) -> tuple[RecordSet, ...]:
    """Records by name and type, in the order of the first of each."""
    found: dict[Question, list[str]] = {}
    for each in records:
        found.setdefault((each.name.lower(), each.type), []).append(normal(each.type, each.data))
    return tuple(RecordSet(*question, tuple(dict.fromkeys(data))) for question, data in found.items())


def normal(kind: str, data: str) -> str:
    """The one form of all that mean the same: upper and lower case differ in texts alone."""
    if kind in ADDRESS_TYPES:
        return str(ip_address(data))
    return data if kind == "TXT" else " ".join(data.lower().split())


def left_out_problems(path: str, sets: Sequence[RecordSet], left_out: Iterable[str]) -> list[Problem]:
    """Labels of what is left out that name nothing; ``path`` is where they are written."""
    known = {each.label for each in sets}
    rule, remedy = "must be a name and a type that the site has records of", f"these are {', '.join(sorted(known))}"
    return [
        Problem(f"{path}[{index}]", repr(each), rule, remedy)
        for index, each in enumerate(left_out)
        if each not in known
    ]


def without(sets: Iterable[RecordSet], left_out: Collection[str]) -> tuple[RecordSet, ...]:
    """The sets whose labels are not among these."""
    return tuple(each for each in sets if each.label not in left_out)


def split(wanted: RecordSet, found: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What DNS has in the place of a set, and what stands beside it for other purposes.

    Texts for anything stand at one name. Those that begin with the same tag (``v=spf1``) have the same purpose; of all
    other types a set is the site's as a whole.
    """
    tags = {_tag(each) for each in wanted.data}
    known = tuple(dict.fromkeys(normal(wanted.type, each) for each in found))
    mine = tuple(each for each in known if wanted.type != "TXT" or _tag(each) in tags)
    return mine, tuple(each for each in known if each not in mine)


def _tag(text: str) -> str:
    return re.split(r"[ ;]", text, maxsplit=1)[0].lower()


def questions(sets: Iterable[RecordSet]) -> tuple[Question, ...]:
    """What DNS has to be asked to compare it with these sets: of a host's name, both families of addresses."""
    asked: dict[Question, None] = {}
    for each in sets:
        for kind in ADDRESS_TYPES if each.type in ADDRESS_TYPES else (each.type,):
            asked[each.name, kind] = None
    return tuple(asked)


def drift(sets: Sequence[RecordSet], seen: Mapping[Question, Seen]) -> tuple[Problem, ...]:
    """How DNS differs from the sets; ``seen`` has an answer to each of :func:`questions`."""
    troubles = {each.trouble for each in seen.values()}
    if len(troubles) == 1 and (trouble := troubles.pop()):
        return (Problem("DNS", "no answer", trouble),)
    wanted = {(each.name, each.type): each for each in sets}
    pointed = {each.rpartition(" ")[2] for it in sets if it.type in _POINTING for each in it.data}
    found: list[Problem] = []
    for question in questions(sets):
        found += _of_one(wanted.get(question, RecordSet(*question, ())), seen[question], pointed=question[0] in pointed)
    return tuple(found)


def _of_one(wanted: RecordSet, seen: Seen, *, pointed: bool) -> list[Problem]:
    if seen.trouble:
        return [Problem(wanted.label, "no answer", seen.trouble)]
    mine, _ = split(wanted, seen.data)
    missing = [each for each in wanted.data if each not in mine]
    extra = [each for each in mine if each not in wanted.data]
    if seen.alias and (missing or extra or (pointed and mine)):
        rule = "must have records of its own, since MX and SRV name it" if pointed else "must lead to the right records"
        data = ", ".join(wanted.data)
        remedy = f"these are {data}" if data else "the site has none of this type"
        return [Problem(wanted.label, f"an alias of {seen.alias}", rule, remedy)]
    if missing and extra:
        return [Problem(wanted.label, ", ".join(extra), f"must be {', '.join(missing)}")]
    return [
        *(Problem(wanted.label, "missing", f"must be {each}") for each in missing),
        *(Problem(wanted.label, each, "is not the site's", "take it away") for each in extra),
    ]
