"""Whose a stack's things are: a stack is known by its name and the folder of its checkout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_stack.errors import refuse


def is_others(mark: Mapping[str, Any], owner: str) -> bool:
    """Whether a mark says that a thing is another checkout's.

    A checkout that is gone owns nothing: whoever comes next takes over what it left.
    """
    other = str(mark["owner"])
    return other != owner and Path(other).is_dir()


def check_owner(folder: Path, mark: Mapping[str, Any] | None, owner: str) -> None:
    """Raises StackError for a folder that is not this stack's to use: another checkout's, or one without a mark."""
    if mark is None:
        if folder.exists():
            raise refuse(
                str(folder),
                "exists",
                "no stack made this folder",
                "move it away, or name the stack otherwise",
            )
        return
    if is_others(mark, owner):
        raise refuse(
            str(folder),
            repr(mark["owner"]),
            f"the stack {mark['stack']} of this checkout made it and still has it",
            "take that stack down there, or name this stack otherwise and give it another subnet",
        )
