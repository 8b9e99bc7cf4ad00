"""Many sessions of users, who say something now and then."""

from __future__ import annotations

import imaplib
import poplib
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.e2e.support import clients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.e2e.support.lab import Lab


class Sessions:
    """So many sessions of each user over both protocols, half of them SSL and half of them TLS."""

    def __init__(self, lab: Lab, scope: ExitStack, users: Sequence[str], each: int) -> None:
        self._noops: list[Callable[[], bool]] = []
        self._at_a_time = threading.Lock()
        for number in range(each):
            encryption = "SSL" if number % 2 else "TLS"
            for address in users:
                self._imap(scope.enter_context(clients.connect_imap(lab, encryption)), address, lab.password(address))
                self._pop(scope.enter_context(clients.connect_pop(lab, encryption)), address, lab.password(address))

    def _imap(self, client: imaplib.IMAP4, address: str, password: str) -> None:
        client.login(address, password)
        self._noops.append(lambda: client.noop()[0] == "OK")

    def _pop(self, client: Any, address: str, password: str) -> None:
        client.user(address)
        client.pass_(password)
        self._noops.append(lambda: client.noop().startswith(b"+OK"))

    def answering(self) -> int:
        """How many of them answer."""

        def answers(noop: Callable[[], bool]) -> bool:
            with suppress(OSError, EOFError, imaplib.IMAP4.error, poplib.error_proto):
                return noop()
            return False

        with self._at_a_time:
            return sum(map(answers, self._noops))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """They say something again and again while the context lasts."""
        stop = threading.Event()

        def talk() -> None:
            while not stop.wait(5):
                self.answering()

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
