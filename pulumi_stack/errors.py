"""What stops a stack, in the house's form: ``path: value: rule; remedy``."""

from __future__ import annotations

from mailpair.site.problems import Problem, SiteError

__all__ = ["Problem", "StackError", "refuse"]


class StackError(SiteError):
    """A stack that can't be made as asked, with everything that is in its way."""


def refuse(path: str, value: str, rule: str, remedy: str = "") -> StackError:
    """The error for a single problem; the arguments are those of :class:`~mailpair.site.problems.Problem`."""
    return StackError([Problem(path, value, rule, remedy)])
