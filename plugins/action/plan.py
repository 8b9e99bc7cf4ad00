# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans a host from the site's documents, on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from mailpair.plan import plan
from mailpair.servers import Role, Server
from mailpair.site import SiteError, join, load


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load, join, plan."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _, arguments = self.validate_argument_spec(argument_spec={"site_dir": {"type": "path"}})
        site_dir = Path(arguments["site_dir"] or self._templar.template(variables.get("mailpair_site_dir") or variables["inventory_dir"]))
        host = str(variables["inventory_hostname"])
        try:
            site = load(site_dir)
            servers = self._servers(variables, site.domain)
            join(site, servers)
            (server,) = (server for server in servers if server.name == host)
        except SiteError as error:
            raise AnsibleActionFail(f"{site_dir}: nothing was changed on any host.\n{error}") from None
        return {"changed": False, "ansible_facts": {"mailpair_plan": plan(site, servers, server)}}

    def _servers(self, variables: dict[str, Any], domain: str) -> tuple[Server, ...]:
        return tuple(
            self._server(name, role, variables["hostvars"][name], domain)
            for role in Role
            for name in variables["groups"].get(role.value, [])
        )

    def _server(self, name: str, role: Role, host: Any, domain: str) -> Server:
        # hostvars hands out finished values: templates in an inventory are resolved already.
        address = host.get("ansible_host", name)
        return Server(
            name=name,
            role=role,
            fqdn=str(host.get("mailpair_fqdn", f"{name}.{domain}")),
            addresses=tuple(map(str, host.get("mailpair_addresses", [address]))),
        )
