"""Says by its status whether services of this host answer: 0, they do; 1, one of them does not, and which.

``answering listening PORT ...``: each port is bound at all IPv4 addresses. The kernel's table tells, so nothing is
logged by the services, and it can be looked at every other second.

``answering greeting ADDRESS WORD ...``: each port at the address answers. ``993/tls`` greets after TLS has begun,
``143`` without, and of ``443/https`` TLS itself is the answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 8.0  # seconds for each step of an answer
TABLE = Path("/proc/net/tcp")
# What IMAP, POP3 and SMTP servers say first when they take clients (RFC 9051, RFC 1939, RFC 5321).
GREETINGS = (b"* OK", b"+OK", b"220")
_LISTEN = "0A"  # a state (proc_pid_net(5), include/net/tcp_states.h)
_ANY = "00000000"


def main(how: str, *words: str) -> int:
    """Look, and say what is missing; returns the status to end with."""
    missing = unbound(words) if how == "listening" else list(unanswered(*words))
    if missing:
        sys.stdout.write(f"no answer: {', '.join(missing)}\n")
    return 1 if missing else 0


def unbound(ports: tuple[str, ...]) -> list[str]:
    """Those of the ports that nothing listens at."""
    rows = (line.split() for line in TABLE.read_text(encoding="ascii").splitlines()[1:])
    ends = (row[1].split(":") for row in rows if row[3] == _LISTEN)
    bound = {int(port, 16) for address, port in ends if address == _ANY}
    return [port for port in ports if int(port) not in bound]


def unanswered(address: str, *words: str) -> Iterator[str]:
    """Those of the words whose port gives no answer."""
    for word in words:
        port, _, kind = word.partition("/")
        try:
            answered = _answers(address, int(port), kind)
        except OSError:  # refused, silent, or not TLS
            answered = False
        if not answered:
            yield word


def _answers(address: str, port: int, kind: str) -> bool:
    # Not needed every other second.
    import socket  # noqa: PLC0415
    import ssl  # noqa: PLC0415

    with socket.create_connection((address, port), PATIENCE) as plain:
        if not kind:
            return plain.recv(512).startswith(GREETINGS)
        # Nothing is told to the other end, which is this host.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(plain) as secure:
            return kind == "https" or secure.recv(512).startswith(GREETINGS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
