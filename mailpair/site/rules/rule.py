"""The form of a rule across settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailpair.site.model import Site
from mailpair.site.problems import Problem


@dataclass(frozen=True, slots=True)
class Rule:
    """``find`` yields what is wrong with a site.

    ``needs`` are the settings at the top of the documents that have to be complete for that: those in which the rule
    misses something, as opposed to those in which it minds something.
    """

    find: Callable[[Site], Iterator[Problem]]
    needs: frozenset[str] = frozenset()
