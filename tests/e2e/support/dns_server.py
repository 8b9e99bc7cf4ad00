"""A DNS server that takes updates with TSIG (RFC 2136, RFC 8945): Knot, on the outside host."""

from __future__ import annotations

import base64
import secrets
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.support.debian import DATA, Debian
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.support.outside import Outside

KEY_NAME, ALGORITHM = "mailpair", "hmac-sha256"
_CONFIG = """
server:
    listen: {address}@{port}
    rundir: /run
log:
  - target: stderr
    any: info
database:
    storage: {data}/knot
key:
  - id: {key_name}
    algorithm: {algorithm}
    secret: {secret}
acl:
  - id: challenges
    key: {key_name}
    action: update
    update-type: [{types}]
zone:
  - domain: {zone}
    file: {data}/{zone}.zone
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    acl: challenges
"""


@dataclass(frozen=True)
class DnsServer:
    """The server, and the secret of the key that may change records."""

    host: Outside
    secret: str
    zone: str
    file: Path
    log: Path
    process: subprocess.Popen[bytes]

    def point(self, names: Mapping[str, list[str]]) -> None:
        """Gives other addresses to hosts; texts are forgotten."""
        loaded = self.log.read_text().count("] loaded, serial")
        write_zone(self.file, self.zone, self.host, names)
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.log.read_text().count("] loaded, serial") > loaded, "the zone's new addresses")


def write_zone(file: Path, zone: str, host: Outside, names: Mapping[str, list[str]]) -> None:
    """Write a zone's file; each time with a later serial."""
    records = [f"{name} {'AAAA' if ':' in at else 'A'} {at}" for name, addresses in names.items() for at in addresses]
    soa = f"@ SOA ns hostmaster {time.time_ns() // 10**9} 60 60 600 1"
    file.write_text("\n".join([f"$ORIGIN {zone}.", "$TTL 1", soa, "@ NS ns", f"ns A {host.address}", *records, ""]))


@contextmanager
def dns_server(
    host: Outside,
    root: Debian,
    zone: str,
    names: Mapping[str, list[str]],
    *,
    port: int = 53,
    types: tuple[str, ...] = ("TXT",),
) -> Iterator[DnsServer]:
    """The DNS of a zone while the context lasts; ``names`` are its hosts' addresses, each relative to the zone.

    The key may change records of these types.
    """
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    (root.data / "knot").mkdir()
    file = root.data / f"{zone}.zone"
    write_zone(file, zone, host, names)
    config = root.data / "knot.conf"
    config.touch(mode=0o600)
    config.write_text(
        _CONFIG.format(
            address=host.address,
            port=port,
            data=DATA,
            key_name=KEY_NAME,
            algorithm=ALGORITHM,
            secret=secret,
            types=", ".join(types),
            zone=zone,
        )
    )
    log = root.data / "knot.log"
    with log.open("w") as output:
        command = root.command(host, "/usr/sbin/knotd", "-c", f"{DATA}/knot.conf")
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: "server started" in log.read_text(), "the DNS server")
        yield DnsServer(host, secret, zone, file, log, server)
    finally:
        server.terminate()
        server.wait()
