# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's folder and servers, as an inventory names them; on the controller, for action plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mailpair.servers import Role, Server


def site_dir(variables: dict[str, Any], templar: Any) -> Path:
    """Find the site's folder: the variable C(mailpair_site_dir), or the folder of the inventory."""
    return Path(templar.template(variables.get("mailpair_site_dir") or variables["inventory_dir"]))


def servers(variables: dict[str, Any], domain: str) -> tuple[Server, ...]:
    """List all servers of a site whose first accepted domain is C(domain)."""
    return tuple(
        _server(name, role, variables["hostvars"][name], domain)
        for role in Role
        for name in variables["groups"].get(role.value, [])
    )


def _server(name: str, role: Role, host: Any, domain: str) -> Server:
    # hostvars hands out finished values: templates in an inventory are resolved already.
    address = host.get("ansible_host", name)
    return Server(
        name=name,
        role=role,
        fqdn=str(host.get("mailpair_fqdn", f"{name}.{domain}")),
        addresses=tuple(map(str, host.get("mailpair_addresses", [address]))),
    )
