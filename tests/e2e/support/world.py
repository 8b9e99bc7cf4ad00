"""The outside world on the outside host: what arrives there, and how the site is led to it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailpair.authority import CertificateAuthority, make_key
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.e2e.support.lab import Host
    from tests.e2e.support.outside import Outside

PROGRAMS = Path(__file__).parents[1] / "outside"
RELAY = "relay.fabrikam.test"
LOGIN = "mailpair:relay-pa55word"  # what its smart host takes
TRUSTED = "/usr/local/share/ca-certificates/outside.crt"


@dataclass(frozen=True)
class World:
    """Mail servers outside.

    Its messages are dictionaries: port, client, connection, verb, helo, tls, login, sender, recipients, data.
    """

    host: Outside
    folder: Path
    ca_pem: str

    def messages(self, subject: str) -> list[dict[str, Any]]:
        """What has arrived with a subject."""
        everything = [json.loads(file.read_text()) for file in self.folder.glob("*.json")]
        return [message for message in everything if f"Subject: {subject}\r\n" in message["data"]]

    def wait(self, subject: str) -> dict[str, Any]:
        """The one message with a subject, as soon as it is there."""
        (message,) = until(lambda: self.messages(subject), f"a message outside with subject {subject!r}")
        return dict(message)

    def logins(self) -> int:
        """How many logins were tried."""
        return len(self.noted("logins"))

    def noted(self, name: str) -> list[str]:
        """What its servers have noted in a file: logins, certificates, given-up."""
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


def say(host: Outside, server: str, port: int, commands: Sequence[str], *, tls: bool = False) -> list[tuple[int, str]]:
    """What a server answers somebody outside: to the connection, to STARTTLS where it is asked for, to each command."""
    done = subprocess.run(
        host.command(sys.executable, str(PROGRAMS / "client.py"), server, str(port)),
        input=json.dumps({"tls": tls, "commands": list(commands)}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [(code, text) for code, text in json.loads(done.stdout)]


def send(host: Outside, server: str, sender: str, recipient: str, subject: str) -> tuple[int, str]:
    """The last answer to a message from outside on port 25."""
    content = f"\nFrom: <{sender}>\r\nSubject: {subject}\r\n\r\nGood morning.\r\n."
    commands = ["EHLO outside.test", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA", content]
    return say(host, server, 25, commands)[-1]


@contextmanager
def outside_world(host: Outside, folder: Path, client_ca: Path) -> Iterator[World]:
    """Mail servers and DNS on the outside host while the context lasts; ``client_ca`` vouches for their clients."""
    passphrase = b"only for the tests"
    authority = CertificateAuthority.create(make_key(passphrase), passphrase)
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    csr = request.public_bytes(serialization.Encoding.PEM).decode()
    certificate = authority.sign(csr, names=[RELAY], addresses=[], usage="server", days=1)
    (folder / "server.pem").write_text(certificate)
    (folder / "clients.pem").write_text(client_ca.read_text())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(pem)
    command = host.command(sys.executable, str(PROGRAMS / "world.py"), host.address, str(folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
        try:
            yield World(host, folder, authority.certificate_pem)
        finally:
            program.terminate()


@contextmanager
def led_to(world: World, server: Host) -> Iterator[None]:
    """A server asks the outside world's DNS and trusts its CA while the context lasts."""
    resolver = server.run("cat /etc/resolv.conf")
    server.run("cat > /etc/resolv.conf", stdin=f"nameserver {world.host.address}\n")
    server.run(f"cat > {TRUSTED} && update-ca-certificates", stdin=world.ca_pem)
    try:
        yield
    finally:
        server.run("cat > /etc/resolv.conf", stdin=resolver)
        server.run(f"rm {TRUSTED} && update-ca-certificates --fresh")
