"""A noticeboard, on back ends: front ends tell it of guesses and known clients, and are told what others have told.

``python3 -m sessions.board FOLDER``, with a socket handed over by systemd. Who may speak to it is decided before it:
haproxy lets front ends in by their certificates, as for mail.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

from .handed import handed_sockets, say
from .known import KnownClients
from .messages import LONGEST
from .sharing import Sharing

CONVERSATIONS = 64  # at a time; a front end has one, or two while one is given up


class Board:
    """The noticeboard of a back end."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is where known clients are kept."""
        self._sharing = Sharing(KnownClients(folder / "known.db", time.time, say), lambda _: None)
        self._open = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with a front end."""
        if self._open >= CONVERSATIONS:
            writer.close()
            return
        self._open += 1
        try:
            await self._sharing.converse(reader, writer)
        except ValueError as error:
            say(f"a front end was not understood: {error}")
        except (OSError, EOFError):
            pass  # it went away, and comes back by itself
        finally:
            self._open -= 1


async def main(folder: Path) -> None:
    """Serve until systemd ends the program."""
    board, stop = Board(folder), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    for each in handed_sockets():
        await asyncio.start_unix_server(board.converse, sock=each, limit=LONGEST)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
