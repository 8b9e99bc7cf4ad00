"""Wrong passwords of SMTP sessions, from Postfix's log: the session that has had enough of them is ended.

The log must name ports (smtpd_client_port_logging), since a session is told from others of its host by them.
"""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from dataclasses import dataclass

from .configuration import ConnectorSettings
from .sock_diag import address

# Postfix writes ten lines of a message; those that count are told apart before they are written as JSON.
JOURNAL = ("journalctl", "--follow", "--lines=0", "--output=json", "--output-fields=MESSAGE,SYSLOG_IDENTIFIER")
POSTFIX = (
    "--case-sensitive=yes",
    "--grep=^(dis)?connect from |^warning: .*: SASL .* authentication failed",
    "_SYSTEMD_UNIT=postfix.service",
)
IDENTIFIER = re.compile(r"postfix/(?P<name>.+)/smtpd")
CLIENT = r"\S*\[(?P<address>[0-9a-f.:]+)\]:(?P<port>\d+)"
BEGIN = re.compile(rf"(?:dis)?connect from {CLIENT}")
FAILURE = re.compile(rf"warning: {CLIENT}: SASL \S+ authentication failed")


@dataclass(frozen=True, slots=True)
class Enough:
    """A session to end: its client, and the ports that its connector has."""

    address: str
    port: int
    ports: tuple[int, ...]


class Logons:
    """Counts wrong passwords of each session."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str, int], int] = {}

    def hear(self, identifier: str, message: str, connectors: Iterable[ConnectorSettings]) -> Enough | None:
        """Take in a line of Postfix's log; returns the session that must end now, if any."""
        service = IDENTIFIER.fullmatch(identifier)
        found = BEGIN.match(message) or FAILURE.match(message)
        if service is None or found is None:
            return None
        client = (service["name"], address(found["address"]), int(found["port"]))
        if found.re is BEGIN:
            self._failures.pop(client, None)
            return None
        count = self._failures[client] = self._failures.get(client, 0) + 1
        for each in connectors:
            if each.name == client[0] and each.logon_failures is not None and count >= each.logon_failures:
                self._failures.pop(client)
                return Enough(client[1], client[2], each.ports)
        return None


async def journal() -> AsyncGenerator[tuple[str, str]]:
    """Postfix's log from now on: identifier and message of each line. Ends when journalctl does."""
    reader = await asyncio.create_subprocess_exec(*JOURNAL, *POSTFIX, stdin=DEVNULL, stdout=PIPE)
    try:
        while reader.stdout and (line := await reader.stdout.readline()):
            entry = json.loads(line)
            yield str(entry.get("SYSLOG_IDENTIFIER", "")), str(entry.get("MESSAGE", ""))
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            reader.kill()
        await reader.wait()
