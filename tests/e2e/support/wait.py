"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE = 60.0  # seconds; no figure is measured by it, it only ends a test whose condition never comes
STEP = 0.05  # seconds between two looks


def until(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """What ``look`` returns once that is true; fails with ``what`` after ``patience`` seconds."""
    end = time.monotonic() + patience
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {patience:.0f} s")
        time.sleep(STEP)
