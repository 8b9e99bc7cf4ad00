"""``python3 -m upgrade_turn FILE WAITS`` ends with 0 where all front ends greet, with 1 where one does not.

It says which. As an ExecCondition of systemd's (systemd.service(5)), 1 leaves the service alone until its next time,
and 255 makes it fail, which is seen: after three days without updates, and where the program itself goes wrong. FILE is
a list in JSON of ``{"server", "addresses", "port", "tls"}``; the age of WAITS says since when updates wait.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
import traceback
from pathlib import Path
from typing import TypedDict

PATIENCE = 30.0  # seconds for a greeting
# What IMAP, POP3 and SMTP servers say first when they take clients (RFC 9051, RFC 1939, RFC 5321).
GREETINGS = (b"* OK", b"* PREAUTH", b"+OK", b"220")
DAYS = 3  # without updates, after which somebody has to look
WAIT, FAIL = 1, 255
_NOTICE = "<4>"  # a warning to the journal (sd-daemon(3))


class Greeter(TypedDict):
    """A port that greets, at one of its addresses at least."""

    server: str
    addresses: list[str]
    port: int
    tls: bool


async def main(file: str, waits: str) -> int:
    """Ask all at once; returns the status to end with."""
    greeters: list[Greeter] = json.loads(Path(file).read_text(encoding="utf-8"))
    wrong = [said for said in await asyncio.gather(*(unwell(each) for each in greeters)) if said]
    since = Path(waits)
    if not wrong:
        since.unlink(missing_ok=True)
        return 0
    for said in wrong:
        sys.stdout.write(f"{_NOTICE}updates wait for tomorrow: {said}\n")
    if not since.exists():
        since.touch(mode=0o644)
    days = (time.time() - since.stat().st_mtime) / 86400
    if days < DAYS:
        return WAIT
    sys.stdout.write(f"{_NOTICE}no updates for {days:.0f} days: mend that, or run playbooks/upgrade.yml\n")
    return FAIL


async def unwell(greeter: Greeter) -> str:
    """What is wrong with a port at all of its addresses; empty: it greets."""
    said = [await _unwell(greeter, address) for address in greeter["addresses"]]
    return "" if "" in said else "; ".join(said)


async def _unwell(greeter: Greeter, address: str) -> str:
    place = f"{greeter['server']} at {address} port {greeter['port']}"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                address, greeter["port"], ssl=_anybody() if greeter["tls"] else None
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
    try:
        status = asyncio.run(main(*sys.argv[1:]))
    except Exception:  # noqa: BLE001 -- systemd takes Python's own status for a wait
        traceback.print_exc()
        status = FAIL
    sys.exit(status)
