"""An ACME server (RFC 8555) that validates as a public one does: Pebble, on the outside host."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailpair.authority import CertificateAuthority, make_key
from tests.e2e.support.debian import DATA, Debian
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.outside import Outside

PORT, MANAGEMENT_PORT = 14000, 15000
EAB_KEY_ID, EAB_KEY = "kid-of-the-tests", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


@dataclass
class AcmeServer:
    """The server; ``ca`` is what its own TLS certificate is checked against."""

    host: Outside
    root: Debian
    dns: str
    ca: str
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, **config: Any) -> None:
        """Starts it; it knows nobody of before. ``config`` goes over Pebble's configuration."""
        values = {
            "listenAddress": f"{self.host.address}:{PORT}",
            "managementListenAddress": f"{self.host.address}:{MANAGEMENT_PORT}",
            "certificate": f"{DATA}/server.pem",
            "privateKey": f"{DATA}/server.key",
            "httpPort": 80,
            "tlsPort": 443,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            **config,
        }
        (self.root.data / "pebble.json").write_text(json.dumps({"pebble": values}))
        words = ["/usr/bin/pebble", "-config", f"{DATA}/pebble.json", "-dnsserver", f"{self.dns}:53"]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PEBBLE_")}
        with self.log.open("a") as output:
            self._process = subprocess.Popen(
                self.root.command(self.host, *words),
                stdout=output,
                stderr=subprocess.STDOUT,
                # Each order is validated, however lately another one was.
                env=variables | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0", "PEBBLE_WFE_NONCEREJECT": "0"},
            )
        until(self._answers, "the ACME server")

    def stop(self) -> None:
        """Stops it."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @property
    def log(self) -> Path:
        """What it has logged."""
        return self.root.data / "pebble.log"

    def _answers(self) -> bool:
        try:
            return bool(self.root_pem())
        except OSError:
            assert self._process
            assert self._process.poll() is None, self.log.read_text()
            return False

    def root_pem(self) -> str:
        """The certificate of the CA that it issues with; another one after each start."""
        trust = ssl.create_default_context(cadata=self.ca)
        address = f"https://{self.host.address}:{MANAGEMENT_PORT}/roots/0"
        with urllib.request.urlopen(address, context=trust, timeout=10) as answer:
            return str(answer.read().decode())


@contextmanager
def acme_server(host: Outside, root: Debian, name: str, dns: str) -> Iterator[AcmeServer]:
    """The server, started and known by a name, while the context lasts; it asks the DNS server at ``dns``."""
    passphrase = b"only for the tests"
    authority = CertificateAuthority.create(make_key(passphrase), passphrase)
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    csr = request.public_bytes(serialization.Encoding.PEM).decode()
    chain = authority.sign(csr, names=[name], addresses=[host.address], usage="server", days=1)
    (root.data / "server.pem").write_text(chain)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (root.data / "server.key").write_bytes(pem)
    server = AcmeServer(host, root, dns, authority.certificate_pem)
    server.start()
    try:
        yield server
    finally:
        server.stop()
