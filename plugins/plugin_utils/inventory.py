# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's folder and servers, as an inventory names them; on the controller, for action plugins."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mailpair.servers import Role, Server
from mailpair.settings.names import DOMAIN
from mailpair.settings.notation import NotationError
from mailpair.site import SiteError
from mailpair.site.problems import Problem, shown

SUBJECT_LENGTH = 64  # of a certificate's common name, RFC 5280


def site_dir(variables: dict[str, Any], templar: Any) -> Path:
    """Find the site's folder: the variable C(mailpair_site_dir), or the folder of the inventory."""
    return Path(templar.template(variables.get("mailpair_site_dir") or variables["inventory_dir"]))


def servers(variables: dict[str, Any], domain: str) -> tuple[Server, ...]:
    """List all servers of a site whose first accepted domain is C(domain).

    Raises SiteError with everything that is no name or no address: both end up in the configuration of every host.
    """
    problems: list[Problem] = []
    found = tuple(
        _server(name, role, variables["hostvars"][name], domain, problems)
        for role in Role
        for name in variables["groups"].get(role.value, [])
    )
    if problems:
        raise SiteError(problems)
    return found


def _server(name: str, role: Role, host: Any, domain: str, problems: list[Problem]) -> Server:
    # hostvars hands out finished values: templates in an inventory are resolved already.
    path = f"inventory[{name}]"
    fqdn = str(host.get("mailpair_fqdn", f"{name}.{domain}"))
    try:
        fqdn = DOMAIN.parse(fqdn)
    except NotationError as error:
        problems.append(Problem(f"{path}.mailpair_fqdn", shown(fqdn), str(error), "set mailpair_fqdn for this host"))
    if role is Role.CLIENT_ACCESS and len(fqdn) > SUBJECT_LENGTH:
        rule = f"must have {SUBJECT_LENGTH} characters or less: back ends know it by its certificate's subject"
        problems.append(Problem(f"{path}.mailpair_fqdn", shown(fqdn), rule, "give it a shorter name in mailpair_fqdn"))
    addresses = host.get("mailpair_addresses", [host.get("ansible_host", name)])
    if isinstance(addresses, str):
        addresses = [addresses]
    return Server(name, role, fqdn, tuple(_address(path, str(each), problems) for each in addresses))


def _address(path: str, written: str, problems: list[Problem]) -> str:
    try:
        return str(ip_address(written))
    except ValueError:
        rule = "must be an IP address that the other servers reach this one at"
        remedy = "give such addresses in mailpair_addresses, or one as ansible_host"
        problems.append(Problem(f"{path}.mailpair_addresses", shown(written), rule, remedy))
        return written
