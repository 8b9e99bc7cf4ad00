"""In what the settings of POP3 and IMAP4 differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProtocolWords:
    """A protocol's names and numbers.

    ``idle`` is after how many seconds Dovecot ends a session that is idle, ``command_size`` what Exchange sets and
    takes for a command's length.
    """

    group: str
    cmdlet: str
    service: str
    spoken: str
    ssl_port: int
    plain_port: int
    idle: int
    command_size: tuple[int, int, int]  # the default, the least, the most


POP = ProtocolWords("pop_settings", "Set-PopSettings", "pop3", "POP3", 995, 110, 600, (512, 40, 1024))
IMAP = ProtocolWords("imap_settings", "Set-ImapSettings", "imap4", "IMAP4", 993, 143, 1800, (10240, 1024, 16384))
