"""The pair under test, as the stack's outputs and its site folder describe it."""

from __future__ import annotations

import contextlib
import shlex
import socket
import ssl
import subprocess
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from unittest import mock

from mailpair.state import SiteState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Host:
    """One server of the pair; ``run`` is for setting a scene and for looking behind it, never for a client's part."""

    name: str
    fqdn: str
    addresses: tuple[str, ...]
    ssh: tuple[str, ...]

    @property
    def address(self) -> str:
        """Its IPv4 address."""
        return self.at(4)

    def at(self, version: int) -> str:
        """Its address of an IP version, 4 or 6."""
        return next(address for address in self.addresses if ip_address(address).version == version)

    def run(self, command: str, *, stdin: str = "", check: bool = True) -> str:
        """Standard output of a shell command; both outputs are in the error where it fails and ``check`` is set."""
        done = subprocess.run(
            [*self.ssh, command], input=stdin, capture_output=True, text=True, check=False, timeout=120
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {command}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def python(self, program: str, *arguments: str) -> str:
        """What a Python program prints that runs on the host."""
        return self.run(shlex.join(["python3", "-", *arguments]), stdin=program)


class Lab:
    """Endpoints, names, passwords and the CA of a running pair."""

    def __init__(self, outputs: Mapping[str, Any], site_dir: Path) -> None:
        """``outputs`` are the stack's, ``site_dir`` holds its documents and its private folder."""
        self.outputs = outputs
        self.site_dir = site_dir
        self.state = SiteState(site_dir)
        groups = outputs["ansible_inventory"]["all"]["children"]
        self.fronts = [self._host(*item) for item in groups["client_access"]["hosts"].items()]
        self.backs = [self._host(*item) for item in groups["mailbox"]["hosts"].items()]

    @staticmethod
    def _host(name: str, variables: Mapping[str, Any]) -> Host:
        ssh = ["ssh", "-i", variables["ansible_ssh_private_key_file"], "-p", str(variables.get("ansible_port", 22))]
        ssh += [*shlex.split(variables["ansible_ssh_common_args"]), "-o", "BatchMode=yes"]
        ssh += [f"{variables['ansible_user']}@{variables['ansible_host']}"]
        return Host(name, variables["mailpair_fqdn"], tuple(variables["mailpair_addresses"]), tuple(ssh))

    @property
    def front(self) -> Host:
        """The front end."""
        return self.fronts[0]

    @property
    def back(self) -> Host:
        """The back end."""
        return self.backs[0]

    @property
    def hosts(self) -> list[Host]:
        """All servers."""
        return [*self.fronts, *self.backs]

    def password(self, address: str) -> str:
        """A mailbox's password."""
        return self.state.password_file(address).read_text().strip()

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """What a client trusts: the site's CA alone, and only for the name it asked for."""
        return ssl.create_default_context(cafile=str(self.state.ca_certificate))

    @contextlib.contextmanager
    def names(self, *public: str, fronts: Sequence[Host] = ()) -> Iterator[None]:
        """Lets this process find the servers by name, as DNS would; ``public`` names lead to all front ends or some."""
        known = {host.fqdn: [host.address] for host in self.hosts}
        known |= {name: [front.address for front in fronts or self.fronts] for name in public}
        ask = socket.getaddrinfo

        def answer(host: Any, *arguments: Any, **options: Any) -> Any:
            return [each for found in known.get(host, [host]) for each in ask(found, *arguments, **options)]

        with mock.patch("socket.getaddrinfo", answer):
            yield
