"""Builds the base image into the cache."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pulumi_stack.platforms.nspawn.host import locked, remove_tree
from pulumi_stack.platforms.nspawn.image import ImageSpec
from pulumi_stack.process import Runner


def default_cache() -> Path:
    """The cache of this user: ``MAILPAIR_CACHE``, or ``mailpair`` in the place that XDG names."""
    named = os.environ.get("MAILPAIR_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mailpair"


async def make(spec: ImageSpec, cache: Path, runner: Runner) -> Path:
    """Returns the folder of the image, which is built if it is not there.

    One build at a time; an interrupted one leaves a draft, which the next takes away. Raises StackError with the
    last lines of a build that failed.
    """
    folder = spec.folder(cache)
    if folder.exists():
        return folder
    async with locked(folder.with_name(f"{spec.key}.lock"), runner):
        if folder.exists():
            return folder
        draft = folder.with_name(f".{spec.key}.new")
        await remove_tree(runner, draft)
        draft.mkdir(mode=0o700)
        try:
            await runner.check(spec.build(draft / "root"))
            draft.rename(folder)
        finally:
            if draft.exists():
                shutil.rmtree(draft, ignore_errors=True)
    return folder
