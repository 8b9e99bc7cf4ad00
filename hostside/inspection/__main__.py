"""Run the inspection: ``python3 -m inspection FILE``, with its socket handed over by systemd."""

from __future__ import annotations

import signal
import socket
import socketserver
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from .configuration import Configuration
from .dialogue import serve
from .queues import LONGEST, PATIENCE, Queue, Queues

_FIRST_SOCKET = 3  # sd_listen_fds(3)


class Inspection(socketserver.ThreadingUnixStreamServer):
    """A thread for each message; its end waits for those that are under way."""

    def __init__(self, listening: socket.socket, configuration: Configuration) -> None:
        """``listening`` takes the connections of servers that talk to senders."""
        super().__init__("", Between, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.configuration = configuration
        self.queues = Queues()

    def server_close(self) -> None:
        """Close what is there for messages to come, once the last has its end."""
        super().server_close()
        self.queues.close()


@dataclass(frozen=True)
class Way:
    """The way to the server that listens at ``path``; ``host`` is this server's name."""

    queues: Queues
    path: str
    host: str

    def take(self) -> Queue:
        """A connection. Raises ValueError where there can be none."""
        return self.queues.take(self.path, self.host)

    def give(self, queue: Queue) -> None:
        """It is there for another message."""
        self.queues.give(queue)


class Between(socketserver.StreamRequestHandler):
    """Stands between two servers for a message.

    Where that can't be, the connection ends, and the one that talks to the sender asks it to come again.
    """

    timeout = PATIENCE
    wbufsize = -1  # as much as usual

    def handle(self) -> None:
        """Serves a message, and says in one line why it can't."""
        try:
            self._handle(cast(Inspection, self.server))
        except (OSError, ValueError) as error:
            sys.stderr.write(f"a message breaks off: {error}\n")

    def _handle(self, server: Inspection) -> None:
        configuration = server.configuration
        self.wfile.write(b"220 inspection ESMTP\r\n")
        self.wfile.flush()
        name = self.rfile.readline(LONGEST).decode(errors="replace").rstrip().partition(" ")[2]  # after EHLO
        connector = configuration.connector(name)
        if not connector:
            raise ValueError(f"{configuration.file} has no connector {name!r}")
        way = Way(server.queues, connector.queue, configuration.host)
        serve(self.rfile, self.wfile, way, connector.limits, configuration.outgoing)


def main(file: str) -> None:
    """Serve until systemd asks for the end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # threads have their mask from this one
    server = Inspection(socket.socket(fileno=_FIRST_SOCKET), Configuration(Path(file)))
    threading.Thread(target=server.serve_forever).start()
    signal.sigwait({signal.SIGTERM})
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main(sys.argv[1])
