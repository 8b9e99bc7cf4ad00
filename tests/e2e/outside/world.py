"""The outside world: mail servers and the DNS that leads to them, on one address.

world.py ADDRESS FOLDER serves until it is ended. FOLDER has ``server.pem`` and ``server.key``, for the name
relay.fabrikam.test, and ``clients.pem``, the CA of client certificates; each accepted message becomes a file there, and
each login that was tried a line of ``logins``, each certificate that was shown one of ``certificates``, each session
that its client gave up one of ``given-up``.

- Port 53: the domains fabrikam.test and litware.test, whose mail goes to mx.fabrikam.test, and nothing else.
- Port 25: a mail server that takes everything without a login, but for the recipient nobody.
- Port 587: a smart host that takes mail after STARTTLS and the login mailpair, password relay-pa55word.
- Port 2525: as port 25, without TLS.
- Port 2526: one that answers no message.
"""

from __future__ import annotations

import base64
import json
import os
import socketserver
import ssl
import struct
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

from cryptography import x509

MX = {"fabrikam.test", "litware.test"}
HOSTS = {"mx.fabrikam.test", "relay.fabrikam.test", "impostor.fabrikam.test"}
LOGIN = ("mailpair", "relay-pa55word")
TYPE_A, TYPE_MX = 1, 15
_CERTIFICATE = 11  # a handshake message (RFC 8446, section 4)


def labels(name: str) -> bytes:
    """A name as DNS writes it."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def answer(question: bytes, address: str) -> bytes:
    """The answer to a DNS question."""
    parts, place = [], 12
    while question[place]:
        parts.append(question[place + 1 : place + 1 + question[place]].decode().lower())
        place += 1 + question[place]
    name, kind = ".".join(parts), struct.unpack(">H", question[place + 1 : place + 3])[0]
    record = b""
    if name in MX and kind == TYPE_MX:
        record = struct.pack(">H", 10) + labels("mx.fabrikam.test")
    elif name in HOSTS and kind == TYPE_A:
        record = bytes(map(int, address.split(".")))
    known = name in MX or name in HOSTS
    head = question[:2] + struct.pack(">HHHHH", 0x8580 if known else 0x8583, 1, bool(record), 0, 0)
    body = question[12 : place + 5]
    if record:
        body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(record)) + record
    return head + body


class Dns(socketserver.BaseRequestHandler):
    """Answers one question."""

    address = ""

    def handle(self) -> None:
        """Answer it."""
        question, socket = self.request
        socket.sendto(answer(question, self.address), self.client_address)


class Smtp(socketserver.StreamRequestHandler):
    """One SMTP session."""

    folder: Path
    context: ssl.SSLContext
    port = 25
    smart_host = False
    offers_tls = True
    answers = True

    def setup(self) -> None:
        """Begin in the clear."""
        super().setup()
        self.session: dict[str, Any] = {"port": self.port, "tls": False, "login": None}
        self.session |= {"client": self.client_address[0], "connection": uuid.uuid4().hex}

    def note(self, name: str, line: str) -> None:
        """Write a line into a file of the folder."""
        with (self.folder / name).open("a") as file:
            file.write(f"{line}\n")

    def say(self, *lines: str) -> None:
        """Send a reply."""
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
        self.wfile.flush()

    def handle(self) -> None:
        """Talk until the client ends it."""
        self.say("220 outside.test")
        while line := self.rfile.readline():  # anew each time: STARTTLS replaces it
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            act = getattr(self, f"do_{verb.lower()}", None)
            if act is None:
                self.say("502 5.5.2 what?")
            elif act(rest):
                return

    def do_helo(self, name: str) -> None:
        """Greet, and offer nothing."""
        self.session |= {"helo": name, "verb": "HELO"}
        self.say("250 outside.test")

    def do_ehlo(self, name: str) -> None:
        """Say what is offered."""
        self.session |= {"helo": name, "verb": "EHLO"}
        offers = ["250-outside.test", "250-8BITMIME"]
        if not self.session["tls"]:
            offers += ["250-STARTTLS"] if self.offers_tls else []
        elif self.smart_host:
            offers.append("250-AUTH PLAIN LOGIN")
        self.say(*offers, "250 ENHANCEDSTATUSCODES")

    def do_starttls(self, _: str) -> bool:
        """Go on under TLS, if no client's certificate stands against it."""
        self.say("220 2.0.0 go ahead")
        try:
            self.connection = self.context.wrap_socket(self.connection, server_side=True)
        except ssl.SSLError:
            return True
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.session["tls"] = True
        return False

    def do_auth(self, rest: str) -> None:
        """Check a login of the mechanism PLAIN."""
        mechanism, _, initial = rest.partition(" ")
        self.note("logins", mechanism)
        if mechanism.upper() != "PLAIN":
            return self.say("504 5.5.4 PLAIN only")
        if not initial:
            self.say("334 ")
            initial = self.rfile.readline().decode().strip()
        _, user, password = base64.b64decode(initial).decode().split("\0")
        if (user, password) != LOGIN:
            return self.say("535 5.7.8 no")
        self.session["login"] = user
        return self.say("235 2.7.0 welcome")

    def do_mail(self, rest: str) -> None:
        """Begin a message."""
        if not self.answers:
            self.rfile.read()  # until the client goes
            return self.note("given-up", self.session["connection"])
        if self.smart_host and not self.session["login"]:
            return self.say("530 5.7.0 sign in first")
        self.session |= {"sender": rest.partition("<")[2].partition(">")[0], "recipients": []}
        return self.say("250 2.1.0 ok")

    def do_rcpt(self, rest: str) -> None:
        """Take a recipient, or not."""
        recipient = rest.partition("<")[2].partition(">")[0]
        if recipient.startswith("nobody@"):
            return self.say("550 5.1.1 nobody of that name here")
        self.session["recipients"].append(recipient)
        return self.say("250 2.1.5 ok")

    def do_data(self, _: str) -> None:
        """Take the message and store it."""
        if not self.session.get("recipients"):
            return self.say("503 5.5.1 no recipients")
        self.say("354 go on")
        lines = [line.removeprefix(b".") for line in iter(self.rfile.readline, b".\r\n")]
        record = self.session | {"data": b"".join(lines).decode("latin-1")}
        unfinished = self.folder / f".{uuid.uuid4().hex}"
        unfinished.write_text(json.dumps(record))
        unfinished.rename(self.folder / f"{unfinished.name[1:]}.json")
        return self.say("250 2.0.0 stored")

    def do_rset(self, _: str) -> None:
        """Forget the message."""
        self.session.pop("recipients", None)
        self.say("250 2.0.0 ok")

    def do_quit(self, _: str) -> bool:
        """End the session."""
        self.say("221 2.0.0 bye")
        return True


def noting(context: ssl.SSLContext, folder: Path) -> None:
    """Let a context ask for certificates and note the subjects of all that are shown, whatever they are good for."""
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(folder / "clients.pem")
    context.minimum_version = ssl.TLSVersion.TLSv1_3

    def hear(_: object, direction: str, version: object, content: object, kind: int, data: bytes) -> None:
        # A message's kind and length, an empty context, lengths of the list and of its first (RFC 8446, section 4.4.2).
        if direction == "read" and kind == _CERTIFICATE and (size := int.from_bytes(data[8:11], "big")):
            shown = x509.load_der_x509_certificate(data[11 : 11 + size])
            with (folder / "certificates").open("a") as file:
                file.write(f"{shown.subject.rfc4514_string()}\n")

    context._msg_callback = hear  # type: ignore[attr-defined]  # there is no other way to one that is not trusted


class Server(socketserver.ThreadingTCPServer):
    """A TCP server that can be started again at once."""

    allow_reuse_address = True
    daemon_threads = True


def main(address: str, folder: Path) -> None:
    """Serve everything."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    noting(context, folder)
    Dns.address = address
    kinds: dict[int, dict[str, bool]] = {25: {}, 587: {"smart_host": True}}
    kinds |= {2525: {"offers_tls": False}, 2526: {"answers": False}}
    servers: list[socketserver.BaseServer] = [socketserver.ThreadingUDPServer((address, 53), Dns)]
    for port, kind in kinds.items():
        handler = type("Kind", (Smtp,), {"folder": folder, "context": context, "port": port, **kind})
        servers.append(Server((address, port), handler))
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()  # until whoever started it is gone or closes it
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
