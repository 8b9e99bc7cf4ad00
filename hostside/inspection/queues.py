"""Connections to the servers that queue: one serves many messages in a row, since each costs such a server's start."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

PATIENCE = 600.0  # seconds for an answer; the servers on both sides give up before
LASTING = 2.0  # seconds; a server that queues has the settings that held when a connection began
LONGEST = 1 << 12  # bytes of a command or an answer
AT_ONCE = 100  # commands that are told before their answers are read; the answers fit into a socket


class Queue:
    """A connection to a server that queues."""

    def __init__(self, path: str, host: str) -> None:
        """``host`` is this server's name.

        Raises ValueError where nobody listens at ``path``, or who does takes no messages.
        """
        self.path = path
        self.used = False
        self.old = False
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise ValueError(f"{path}: {error.strerror}") from error
        self._read = self._socket.makefile("rb")
        self.told = self._socket.makefile("wb")
        greeting = self.reply()
        self.offers = self.ask([f"EHLO {host}\r\n".encode()])[0] if greeting.startswith(b"220") else b""
        if not self.offers.startswith(b"250"):
            self.drop()
            raise ValueError(f"{path} says {self.offers or greeting!r}")

    def reply(self) -> bytes:
        """The next SMTP reply with all its lines; empty where the server is gone."""
        whole = io.BytesIO()
        while line := self._read.readline(LONGEST):
            whole.write(line)
            if line[3:4] != b"-":
                return whole.getvalue()
        return b""

    def ask(self, commands: Sequence[bytes]) -> list[bytes]:
        """The replies to commands, which are told together (RFC 2920), the last of them too."""
        replies = []
        for first in range(0, len(commands), AT_ONCE):
            some = commands[first : first + AT_ONCE]
            self.told.write(b"".join(some))
            self.told.flush()
            replies += [self.reply() for _ in some]
        return replies

    def close(self) -> None:
        """Take leave; the answer is not waited for."""
        with suppress(OSError):
            self.told.write(b"QUIT\r\n")
            self.told.flush()
        self.drop()

    def drop(self) -> None:
        """End it without a word: what is under way comes to nothing."""
        with suppress(OSError):  # what was not sent yet
            self.told.close()
        self._read.close()
        self._socket.close()


class Queues:
    """Connections that wait for a message, by the place where their servers listen; for all threads."""

    def __init__(self) -> None:
        """None is there at first."""
        self._waiting: list[Queue] = []
        self._lock = threading.Lock()

    def take(self, path: str, host: str) -> Queue:
        """A connection, the one that was used last where there is any. Raises what :class:`Queue` raises."""
        with self._lock:
            found = next((each for each in reversed(self._waiting) if each.path == path), None)
            if found:
                self._waiting.remove(found)
        return found or self._open(path, host)

    def give(self, queue: Queue) -> None:
        """A message has come to its end, and the connection is there for the next one."""
        queue.used = True
        with self._lock:
            if not queue.old:
                self._waiting.append(queue)
                return
        queue.close()

    def close(self) -> None:
        """Close all that wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.close()

    def _open(self, path: str, host: str) -> Queue:
        queue = Queue(path, host)
        timer = threading.Timer(LASTING, self._age, (queue,))
        timer.daemon = True  # the program's end does not wait for it
        timer.start()
        return queue

    def _age(self, queue: Queue) -> None:
        with self._lock:
            queue.old = True
            if queue not in self._waiting:
                return
            self._waiting.remove(queue)
        queue.close()
