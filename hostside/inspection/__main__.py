"""Run the inspection: ``python3 -m inspection FILE``, with its socket handed over by systemd."""

from __future__ import annotations

import io
import signal
import socket
import socketserver
import sys
import threading
from pathlib import Path
from typing import cast

from .configuration import Configuration
from .dialogue import LONGEST, reply, serve

_FIRST_SOCKET = 3  # sd_listen_fds(3)


class Inspection(socketserver.ThreadingUnixStreamServer):
    """A thread for each message; its end waits for those that are under way."""

    def __init__(self, listening: socket.socket, configuration: Configuration) -> None:
        """``listening`` takes the connections of servers that talk to senders."""
        super().__init__("", Between, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.configuration = configuration


class Between(socketserver.StreamRequestHandler):
    """Stands between two servers for a message.

    Where that can't be, the connection ends, and the one that talks to the sender asks it to come again.
    """

    timeout = 600  # seconds; the servers on both sides give up before
    wbufsize = -1  # as much as usual

    def handle(self) -> None:
        """Serves a message, and says in one line why it can't."""
        try:
            self._handle(cast(Inspection, self.server).configuration)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"a message breaks off: {error}\n")

    def _handle(self, configuration: Configuration) -> None:
        self.wfile.write(b"220 inspection ESMTP\r\n")
        self.wfile.flush()
        name = self.rfile.readline(LONGEST).decode(errors="replace").rstrip().partition(" ")[2]  # after EHLO
        connector = configuration.connector(name)
        if not connector:
            raise ValueError(f"{configuration.file} has no connector {name!r}")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(self.timeout)
            try:
                connection.connect(connector.queue)
            except OSError as error:
                raise ValueError(f"{connector.queue}: {error.strerror}") from error
            with connection.makefile("rb") as queue, connection.makefile("wb") as to_queue:
                greeting = io.BytesIO()
                if reply(queue, greeting) != b"220":
                    raise ValueError(f"{connector.queue} says {greeting.getvalue()!r}")
                to_queue.write(f"EHLO {configuration.host}\r\n".encode())
                to_queue.flush()
                serve(self.rfile, self.wfile, queue, to_queue, connector.limits, configuration.outgoing)


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
