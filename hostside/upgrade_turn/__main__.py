"""``python3 -m upgrade_turn FILE`` ends with 0 where all front ends greet, with 1 where one does not, and says which.

As an ExecCondition of systemd's (systemd.service(5)), 1 leaves the service alone until its next time. FILE is a list in
JSON of ``{"server", "address", "port", "tls"}``.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import TypedDict

PATIENCE = 30.0  # seconds for a greeting
# What IMAP, POP3 and SMTP servers say first when they take clients (RFC 9051, RFC 1939, RFC 5321).
GREETINGS = (b"* OK", b"* PREAUTH", b"+OK", b"220")
_NOTICE = "<4>"  # a warning to the journal (sd-daemon(3))


class Greeter(TypedDict):
    """A port that greets."""

    server: str
    address: str
    port: int
    tls: bool


async def main(file: str) -> int:
    """Ask all at once; returns the status to end with."""
    greeters: list[Greeter] = json.loads(Path(file).read_text(encoding="utf-8"))
    wrong = [said for said in await asyncio.gather(*(unwell(each) for each in greeters)) if said]
    for said in wrong:
        sys.stdout.write(f"{_NOTICE}updates wait for tomorrow: {said}\n")
    return 1 if wrong else 0


async def unwell(greeter: Greeter) -> str:
    """What is wrong with a port; empty: it greets."""
    place = f"{greeter['server']} at {greeter['address']} port {greeter['port']}"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                greeter["address"], greeter["port"], ssl=_anybody() if greeter["tls"] else None
            )
            try:
                line = await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        return f"{place} says nothing"
    except (OSError, ValueError) as error:  # a line without an end is a ValueError
        return f"{place}: {error}"
    return "" if line.startswith(GREETINGS) else f"{place} greets with {line[:80].decode('ascii', 'replace').strip()!r}"


def _anybody() -> ssl.SSLContext:
    """Nothing is told to the other end, so it does not matter who that is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
