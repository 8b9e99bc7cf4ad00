"""Signs in with the Kerberos ticket at hand, in the name of a mailbox, and prints the last answers.

client.py SERVICE ADDRESS PORT ENCRYPTION MAILBOX; SERVICE is imap, pop or smtp, ENCRYPTION SSL or none. Runs on a host
that has python3-gssapi and trusts the site's CA.
"""

from __future__ import annotations

import base64
import socket
import ssl
import sys

import gssapi  # type: ignore[import-not-found]  # of the host that it runs on

NAME = "mail.contoso.test"
NO_LAYER = b"\1\0\0\0"  # nothing beyond the sign-in is asked of the mechanism
ASKS = (b"+ ", b"334 ")


def main(service: str, address: str, port: int, encryption: str, mailbox: str) -> None:
    """Sign in."""
    connection = socket.create_connection((address, port), 60)
    if encryption == "SSL":
        context = ssl.create_default_context(cafile="/etc/mailpair/tls/ca.pem")
        connection = context.wrap_socket(connection, server_hostname=NAME)
    lines = connection.makefile("rb")

    def send(line: bytes) -> None:
        connection.sendall(line + b"\r\n")

    lines.readline()
    if service == "smtp":
        send(b"EHLO client.contoso.test")
        while lines.readline().startswith(b"250-"):
            pass
    who = gssapi.Name(f"{service}@{NAME}", gssapi.NameType.hostbased_service)
    ticket = gssapi.SecurityContext(name=who, usage="initiate")
    send(b"a AUTHENTICATE GSSAPI" if service == "imap" else b"AUTH GSSAPI")
    while (line := lines.readline()).startswith(ASKS):
        asked = base64.b64decode(line.partition(b" ")[2].strip())
        if not ticket.complete:
            send(base64.b64encode(ticket.step(asked or None) or b""))
        else:
            ticket.unwrap(asked)
            send(base64.b64encode(ticket.wrap(NO_LAYER + mailbox.encode(), False).message))
    sys.stdout.write(line.decode())
    send(b"b LOGOUT" if service == "imap" else b"QUIT")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5])
