"""Stands in for a back end: shows a certificate or none, and writes down what is sent to it. Runs on a host.

Its arguments are ports. Certificate and key come by standard input; without them it speaks in the clear. It writes a
line for each connection: the port, and the bytes that came after TLS (in the clear: all), as hexadecimal digits.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import sys
import tempfile

GREETINGS = {
    1993: b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n",
    1995: b"+OK ready\r\n",
    24: b"220 ready\r\n",
}
PATIENCE = 5.0  # seconds in which a client says what it has to say


def main() -> None:
    """Answer one connection after the other."""
    pem = sys.stdin.read()
    context = None
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
    listening = [
        socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True) for port in sys.argv[1:]
    ]
    tell("ready")
    while True:
        for each in select.select(listening, [], [])[0]:
            client, _ = each.accept()
            port = each.getsockname()[1]
            with client:
                client.settimeout(PATIENCE)
                tell(f"{port} {heard(client, context, GREETINGS[port]).hex()}")


def tell(line: str) -> None:
    """Write a line for whoever reads along."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def heard(client: socket.socket, context: ssl.SSLContext | None, greeting: bytes) -> bytes:
    """What a client sends once it was greeted."""
    found = b""
    with contextlib.suppress(OSError):
        stream = context.wrap_socket(client, server_side=True) if context else client
        stream.sendall(greeting)
        while more := stream.recv(4096):
            found += more
    return found


if __name__ == "__main__":
    main()
