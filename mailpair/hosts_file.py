"""The servers that a plain inventory in YAML names, as far as they can be read without Ansible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import yaml

from mailpair.servers import Role, Server

HOSTS_FILE = "hosts.yml"


def read_hosts(path: Path, domain: str) -> tuple[Server, ...]:
    """The servers of an inventory file, as :func:`hosts` finds them; none where it is missing or can't be read."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ()
    return hosts(content, domain)


def hosts(inventory: object, domain: str) -> tuple[Server, ...]:
    """The hosts of the groups client_access and mailbox, in Ansible's YAML form of an inventory, front ends first.

    ``domain`` is where hosts without a full name are. What is no inventory has none; an address that a template makes
    is left out.
    """
    groups = list(_groups(inventory))
    variables: dict[str, dict[str, Any]] = {}
    for _, members in groups:
        for name, given in members.items():
            variables.setdefault(name, {}).update(given if isinstance(given, Mapping) else {})
    return tuple(
        _server(name, role, variables[name], domain)
        for role in Role
        for group, members in groups
        if group == role.value
        for name in members
    )


def _groups(content: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All groups with their own hosts, at whatever depth."""
    if not isinstance(content, Mapping):
        return
    for name, group in content.items():
        if isinstance(group, Mapping):
            members = group.get("hosts")
            yield str(name), dict(members) if isinstance(members, Mapping) else {}
            yield from _groups(group.get("children"))


def _server(name: str, role: Role, variables: Mapping[str, Any], domain: str) -> Server:
    given = variables.get("mailpair_addresses", variables.get("ansible_host", name))
    addresses = given if isinstance(given, list) else [given]
    return Server(
        name=name,
        role=role,
        fqdn=str(variables.get("mailpair_fqdn", f"{name}.{domain}")).lower(),
        addresses=tuple(str(each) for each in addresses if _is_address(str(each))),
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
