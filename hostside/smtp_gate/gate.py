"""One SMTP session: limits kept, and what is said written down.

Postfix tells no milter how a client signs in, so no password can come into the log. A command that Postfix does not
know may be one, given at the wrong moment: of that only the length is written.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from .accounts import Accounts
from .limits import Limits
from .log import Log

TOO_MANY = "421 4.3.2 Too many connections from your address"
CHANGED = "421 4.7.0 Your account has changed; sign in again"
TOO_MUCH = "450 4.7.1 Too many messages from {user} in a minute"


class Gate:
    """Answers Postfix about one session."""

    def __init__(self, limits: Limits, accounts: Accounts, log: Log) -> None:
        """All are shared by all sessions."""
        self._limits = limits
        self._accounts = accounts
        self._at_first = accounts.stamps()
        self._log = log
        self._connector = ""
        self._address: str | None = None  # None: not counted
        self._written: list[object] | None = None  # the columns that all lines have; None: nothing is written
        self._number = 0

    def connect(self, address: str, port: int, macros: Mapping[str, str]) -> str | None:
        """Count the connection, and refuse it where its address has too many."""
        self._connector = macros.get("{daemon_name}", "")
        self._address = address
        if self._limits.connector(self._connector).log:
            local = _endpoint(macros.get("{daemon_addr}", ""), macros.get("{daemon_port}", ""))
            self._written = [uuid.uuid4().hex[:16].upper(), local, _endpoint(address, str(port))]
        self._write("+", "")
        return self._said(None if self._limits.come(self._connector, address) else TOO_MANY)

    def hello(self, name: str) -> str | None:
        """Write it down."""
        self._write("<", f"EHLO {name}")
        return None

    def sender(self, words: list[str], macros: Mapping[str, str]) -> str | None:
        """Count the message for its user, or its sender where nobody has signed in.

        The session ends where the user's account is not what it was when the session began: a password that is no
        longer good, or an account that may no longer sign in, sends nothing more.
        """
        user = macros.get("{auth_authen}", "")
        self._write("<", f"MAIL FROM:{' '.join(words)}", f"signed in as {user}" if user else "")
        whom = (user or words[0].strip("<>")).lower()
        if user and self._accounts.stamps().get(whom) != self._at_first.get(whom):
            return self._said(CHANGED)
        return self._said(None if self._limits.send(self._connector, whom) else TOO_MUCH.format(user=whom))

    def recipient(self, words: list[str], macros: Mapping[str, str]) -> str | None:
        """Write it down, with Postfix's reason where it is refused."""
        self._write("<", f"RCPT TO:{' '.join(words)}")
        if macros.get("{rcpt_mailer}") == "error":
            self._write(">", macros.get("{rcpt_addr}", ""))
        return None

    def data(self) -> str | None:
        """Write it down."""
        self._write("<", "DATA")
        return None

    def unknown(self, command: str) -> str | None:
        """Write down that there was one."""
        self._write("<", f"{len(command)} characters", "unknown command")
        return None

    def end(self) -> None:
        """Take the connection off the count."""
        self._write("-", "")
        if self._address is not None:
            self._limits.go(self._connector, self._address)

    def _said(self, reply: str | None) -> str | None:
        if reply:
            self._write(">", reply)
        return reply

    def _write(self, event: str, data: str, context: str = "") -> None:
        if self._written is not None:
            session, local, remote = self._written
            self._log.write(self._connector, session, self._number, local, remote, event, data, context)
            self._number += 1


def _endpoint(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
