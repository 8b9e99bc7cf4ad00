# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans a host from the site's documents, on the controller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.plan import plan
from mailpair.plan.accounts import accounts
from mailpair.servers import Role
from mailpair.site import Site, SiteError, join, load
from mailpair.state import SiteState, StateError


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
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        host = str(variables["inventory_hostname"])
        try:
            site = load(site_dir)
            servers = inventory.servers(variables, site.domain)
            join(site, servers)
            (server,) = (server for server in servers if server.name == host)
        except SiteError as error:
            raise AnsibleActionFail(f"{site_dir}: nothing was changed on any host.\n{error}") from None
        problems = _secrets(site, SiteState(site_dir)) if server.role is Role.CLIENT_ACCESS else []
        if problems:
            raise AnsibleActionFail("\n".join([f"{site_dir}: nothing was changed on any host.", *problems]))
        return {"changed": False, "ansible_facts": {"mailpair_plan": plan(site, servers, server)}}


def _secrets(site: Site, state: SiteState) -> list[str]:
    """What is wrong with the secrets that later tasks put on a front end, which then hide what they say."""
    logins = {each.authentication_credential for each in site.send_connectors if each.enabled}
    asked: list[tuple[Callable[[str], object], str]] = [
        *((state.password_hash, mailbox.address) for mailbox in accounts(site, "smtp")),
        *((state.credential, name) for name in sorted(name for name in logins if name)),
        *([(state.keytab, site.kerberos_keytab)] if site.kerberos_keytab else []),
    ]
    problems = []
    for ask, name in asked:
        try:
            ask(name)
        except StateError as error:
            problems.append(str(error))
    return problems
