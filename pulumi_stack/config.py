"""The stack's configuration (``pulumi config``): plain data in; typed, frozen values out, or all that is wrong.

Every key has a default, and together they are the lab. README.md of this folder lists them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mailpair.servers import Role
from pulumi_stack.dns_config import DnsConfig, parse_dns
from pulumi_stack.errors import Problem, StackError
from pulumi_stack.packages import of_all_roles
from pulumi_stack.platforms.nspawn.names import name_problems
from pulumi_stack.platforms.nspawn.network import subnet_problems

T = TypeVar("T")

NSPAWN, EXISTING = "nspawn", "existing"
PLATFORMS = (NSPAWN, EXISTING)

DEFAULT_SITE = "../inventories/lab"
DEFAULT_SUBNET = "10.213.0.0/24"
DEFAULT_SERVERS = ({"name": "front1", "role": "client_access"}, {"name": "back1", "role": "mailbox"})

# Addresses that are not given: the first server has number 11 of the subnet, the first bare machine number 101.
FIRST_SERVER, FIRST_BARE = 11, 101

SETTINGS = ("platform", "site", "servers", "configure", "subnet", "image_packages", "bare_machines", "dns", "dns_key")
SERVER_KEYS = {
    NSPAWN: ("name", "role", "fqdn", "address"),
    EXISTING: ("name", "role", "fqdn", "address", "address6", "host", "user", "port", "key"),
}
_FQDN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """A server as the configuration has it; ``fqdn`` is None where it follows from the site's domain.

    ``host``, ``user``, ``port`` and ``key`` say how an existing server is reached over SSH.
    """

    name: str
    role: Role
    fqdn: str | None
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    address6: ipaddress.IPv6Address | None = None
    host: str = ""
    user: str = "root"
    port: int = 22
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class StackConfig:
    """The whole configuration.

    ``subnet``, ``image_packages`` and ``bare_machines`` only matter on nspawn; without ``dns`` nothing is published.
    """

    platform: str
    site_dir: Path
    servers: tuple[ServerConfig, ...]
    configure: bool
    subnet: ipaddress.IPv4Network
    image_packages: tuple[str, ...]
    bare_machines: Mapping[str, ipaddress.IPv4Address]
    dns: DnsConfig | None = None


def parse(raw: Mapping[str, Any], project_dir: Path) -> StackConfig:
    """Checks a configuration; raises StackError with all problems.

    ``raw`` has the keys that are set, with values as YAML has them (text for true and false will do); relative paths
    start at ``project_dir``.
    """
    return _Parser(raw, project_dir).parse()


def site_folder(raw: Mapping[str, Any], project_dir: Path) -> Path:
    """The folder of the site that a configuration names, whether or not it is one."""
    return (project_dir / str(raw.get("site", DEFAULT_SITE))).resolve()


class _Parser:
    """Collects problems while it reads, so that they are all told at once."""

    def __init__(self, raw: Mapping[str, Any], project_dir: Path) -> None:
        self._raw, self._project_dir = raw, project_dir
        self._problems: list[Problem] = []

    def parse(self) -> StackConfig:
        self._only("", self._raw, SETTINGS)
        platform = self._choice("platform", self._raw.get("platform", NSPAWN), PLATFORMS) or NSPAWN
        site_dir = self._site()
        subnet = self._subnet()
        servers = self._servers(platform, subnet)
        bare = self._bare(platform, subnet, servers)
        configure = self._flag("configure", self._raw.get("configure", True))
        packages = self._texts("image_packages", self._raw.get("image_packages", of_all_roles()))
        dns, problems = parse_dns(self._raw.get("dns"), self._raw.get("dns_key"))
        self._problems += problems
        if self._problems:
            raise StackError(self._problems)
        return StackConfig(platform, site_dir, tuple(servers), configure, subnet, packages, bare, dns)

    def _say(self, path: str, value: Any, rule: str, remedy: str = "") -> None:
        self._problems.append(Problem(path, value if value == "missing" else repr(value), rule, remedy))

    def _only(self, path: str, mapping: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in mapping:
            if key not in known:
                self._say(f"{path}{key}", mapping[key], "is no setting here", f"these are: {', '.join(known)}")

    def _choice(self, path: str, value: Any, choices: Sequence[str]) -> str | None:
        if value in choices:
            return str(value)
        self._say(path, value, f"must be {' or '.join(choices)}")
        return None

    def _flag(self, path: str, value: Any) -> bool:
        if value in (True, False, "true", "false"):
            return value in (True, "true")
        self._say(path, value, "must be true or false")
        return False

    def _texts(self, path: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            self._say(path, value, "must be a list of texts")
            return ()
        return tuple(value)

    def _site(self) -> Path:
        path = site_folder(self._raw, self._project_dir)
        if not path.is_dir():
            self._say("site", self._raw.get("site", DEFAULT_SITE), f"must be the folder of a site; {path} is no folder")
        return path

    def _subnet(self) -> ipaddress.IPv4Network:
        value = str(self._raw.get("subnet", DEFAULT_SUBNET))
        problems = subnet_problems("subnet", value)
        self._problems += problems
        return ipaddress.IPv4Network(DEFAULT_SUBNET if problems else value)

    def _servers(self, platform: str, subnet: ipaddress.IPv4Network) -> list[ServerConfig]:
        value = self._raw.get("servers", DEFAULT_SERVERS if platform == NSPAWN else "missing")
        if not isinstance(value, list | tuple) or not value:
            self._say("servers", value, "must be a list of one or more servers, each with name and role")
            return []
        servers: list[ServerConfig] = []
        for index, entry in enumerate(value):
            path = f"servers[{index}]"
            if not isinstance(entry, Mapping):
                self._say(path, entry, "must have name and role")
                continue
            server = self._server(f"{path}.", entry, platform, subnet, FIRST_SERVER + index)
            if server is not None:
                servers.append(server)
        self._twice("servers", "name", [each.name for each in servers])
        self._twice("servers", "address", [str(each.address) for each in servers])
        return servers

    def _twice(self, path: str, what: str, values: Iterable[str]) -> None:
        seen: set[str] = set()
        for value in values:
            if value in seen:
                self._say(path, value, f"two of them have this {what}")
            seen.add(value)

    def _server(
        self, path: str, entry: Mapping[str, Any], platform: str, subnet: ipaddress.IPv4Network, number: int
    ) -> ServerConfig | None:
        before = len(self._problems)
        self._only(path, entry, SERVER_KEYS[platform])
        name = str(entry.get("name", "missing"))
        if "name" in entry:
            self._problems += name_problems(f"{path}name", name)
        else:
            self._say(f"{path}name", "missing", "must be given")
        role = self._choice(f"{path}role", entry.get("role", "missing"), [each.value for each in Role])
        fqdn = entry.get("fqdn")
        self._matches(f"{path}fqdn", fqdn, _FQDN, "must be a host name with its domain, in lower case")
        if platform == NSPAWN:
            address = self._address_in(f"{path}address", entry.get("address"), subnet, number)
            if len(self._problems) > before or role is None or address is None:
                return None
            return ServerConfig(name, Role(role), fqdn, address)
        return self._existing(path, entry, before, name, role)

    def _existing(
        self, path: str, entry: Mapping[str, Any], before: int, name: str, role: str | None
    ) -> ServerConfig | None:
        host = entry.get("host", entry.get("address"))
        if not isinstance(host, str) or not host:
            self._say(f"{path}host", host or "missing", "must be the name or address that SSH reaches the server at")
            host = None
        address = self._address(f"{path}address", entry.get("address", host), ipaddress.ip_address)
        address6 = None
        if "address6" in entry:
            address6 = self._address(f"{path}address6", entry["address6"], ipaddress.IPv6Address)
        user, port, key = entry.get("user", "root"), entry.get("port", 22), entry.get("key")
        self._matches(f"{path}user", user, _USER, "must be the name of a user")
        if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= _LAST_PORT:
            self._say(f"{path}port", port, f"must be a port from 1 to {_LAST_PORT}")
        key_file = None
        if key is not None:
            key_file = self._project_dir / Path(str(key)).expanduser()
            if not key_file.is_file():
                self._say(f"{path}key", key, f"must be the file of a private SSH key, and there is no {key_file}")
        if len(self._problems) > before or role is None or address is None or host is None:
            return None
        return ServerConfig(name, Role(role), entry.get("fqdn"), address, address6, host, user, port, key_file)

    def _matches(self, path: str, value: Any, pattern: re.Pattern[str], rule: str) -> None:
        if value is not None and (not isinstance(value, str) or not pattern.fullmatch(value)):
            self._say(path, value, rule)

    def _address(self, path: str, value: Any, kind: Callable[[str], T]) -> T | None:
        try:
            return kind(str(value))
        except ValueError:
            self._say(path, value, "must be an IP address at which the other servers reach this one")
            return None

    def _address_in(
        self, path: str, value: Any, subnet: ipaddress.IPv4Network, number: int
    ) -> ipaddress.IPv4Address | None:
        """The address that is given, or the one with this number in the subnet."""
        if value is None:
            if number >= subnet.num_addresses - 1:
                self._say(path, "missing", f"{subnet} has no address number {number}", "give an address")
                return None
            return subnet[number]
        try:
            address = ipaddress.IPv4Address(str(value))
        except ValueError:
            self._say(path, value, f"must be an IPv4 address in {subnet}")
            return None
        if address not in subnet or address in (subnet[0], subnet[1], subnet[-1]):
            self._say(path, value, f"must be a host's address in {subnet}, and not the gateway's, {subnet[1]}")
            return None
        return address

    def _bare(
        self, platform: str, subnet: ipaddress.IPv4Network, servers: Sequence[ServerConfig]
    ) -> dict[str, ipaddress.IPv4Address]:
        names = self._texts("bare_machines", self._raw.get("bare_machines", ()))
        if names and platform != NSPAWN:
            self._say("bare_machines", list(names), f"can only be made on the platform {NSPAWN}")
            return {}
        if names:
            self._twice("bare_machines", "name", [*{each.name for each in servers}, *names])
        machines = {}
        for index, name in enumerate(names):
            self._problems += name_problems(f"bare_machines[{index}]", name)
            address = self._address_in(f"bare_machines[{index}]", None, subnet, FIRST_BARE + index)
            if address is not None:
                machines[name] = address
        return machines
