"""A zone on Knot, on this machine's own loopback, and a hand that changes it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.query
import dns.rcode
import dns.tsig
import dns.update

from mailpair.publish.record_sets import Question
from mailpair.resolver import NameServer, look
from pulumi_stack.packages import of_all_roles
from pulumi_stack.platforms.nspawn.image import ImageSpec
from pulumi_stack.platforms.nspawn.make_image import default_cache, make
from pulumi_stack.process import Runner
from tests.e2e.support.debian import debian
from tests.e2e.support.dns_server import ALGORITHM, KEY_NAME, DnsServer, dns_server
from tests.e2e.support.outside import Outside
from tests.e2e.support.wait import until

NAME = "contoso.test"
TYPES = ("A", "AAAA", "CNAME", "MX", "SRV", "TXT")


class Here(Outside):
    """This machine itself in the place of an outside host."""

    def command(self, *command: str) -> list[str]:
        return list(command)


@dataclass(frozen=True)
class Zone:
    """The zone contoso.test, its server, and the secret of the key that may change it."""

    server: DnsServer
    port: int

    @property
    def address(self) -> NameServer:
        return NameServer(self.server.host.address, self.port)

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration of a stack that publishes there."""
        return {"server": self.address.address, "port": self.port, "zone": NAME, "key_name": KEY_NAME}

    def has(self, name: str, kind: str) -> set[str]:
        """The data of a name in the zone, as anyone is told."""
        asked: Question = (f"{name}.", kind)
        seen = look([asked], self.address)[asked]
        assert not seen.trouble
        return set(seen.data)

    def change(self, name: str, kind: str, *data: str, ttl: int = 60) -> None:
        """Somebody puts other records in the place of a name's; without data they are taken away."""
        update = dns.update.UpdateMessage(f"{NAME}.")
        update.use_tsig(dns.tsig.Key(KEY_NAME, self.server.secret, ALGORITHM))
        update.delete(f"{name}.", kind)
        for each in data:
            update.add(f"{name}.", ttl, kind, each)
        answer = dns.query.tcp(update, self.address.address, port=self.port, timeout=10)
        assert answer.rcode() == dns.rcode.NOERROR

    @contextmanager
    def rekeyed(self, secret: str) -> Iterator[None]:
        """The server has another key of the same name while the context lasts."""
        self._set(self.server.secret, secret)
        yield
        self._set(secret, self.server.secret)

    def _set(self, old: str, new: str) -> None:
        config = self.server.file.with_name("knot.conf")
        config.write_text(config.read_text().replace(old, new))
        loaded = self.server.log.read_text().count("configuration reloaded")
        self.server.process.send_signal(signal.SIGHUP)
        until(lambda: self.server.log.read_text().count("configuration reloaded") > loaded, "the other key")


@contextmanager
def zone(folder: Path) -> Iterator[Zone]:
    """A zone with nothing of a site in it while the context lasts; ``folder`` is empty."""
    asyncio.run(make(ImageSpec.of(of_all_roles()), default_cache(), Runner()))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    here = Here("", "127.0.0.1")
    with debian(folder, "knot") as root, dns_server(here, root, NAME, {}, port=port, types=TYPES) as server:
        yield Zone(server, port)
