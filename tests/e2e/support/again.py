"""Something that is done again and again while other things happen."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
FEW = 3  # times before and after


class Again(Generic[T]):
    """``done`` has what an action returned each time, ``failed`` what it raised of the kinds that are named."""

    def __init__(self, action: Callable[[], T], *errors: type[Exception]) -> None:
        self._action = action
        self._errors = errors
        self._stop = threading.Event()
        self.done: list[T] = []
        self.failed: list[Exception] = []

    def _repeat(self) -> None:
        while not self._stop.is_set():
            try:
                self.done.append(self._action())
            except self._errors as error:
                self.failed.append(error)

    @contextmanager
    def running(self) -> Iterator[None]:
        """It is done while the context lasts, and a few times before and after what happens in it."""
        thread = threading.Thread(target=self._repeat)
        thread.start()
        try:
            until(lambda: len(self.done) >= FEW, "the first few times")
            yield
            enough = len(self.done) + FEW
            until(lambda: len(self.done) >= enough, "a few times afterwards")
        finally:
            self._stop.set()
            thread.join()
