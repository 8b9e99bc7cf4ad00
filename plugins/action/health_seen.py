# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host try what it serves, and look at itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.plan import health
from mailpair.plan.role import plain
from mailpair.site import SiteError, join, load

MODULE = "mailpair.mail.health_seen"


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Find out what there is to try, and have it tried."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = dict(self._task.args)
        site_dir = Path(arguments.get("site_dir") or inventory.site_dir(variables, self._templar))
        name = str(variables["inventory_hostname"])
        try:
            site = load(site_dir)
            servers = inventory.servers(variables, site.domain)
            join(site, servers)
        except SiteError as error:
            raise AnsibleActionFail(f"{site_dir}: {error}") from None
        (server,) = (each for each in servers if each.name == name)
        planned = plain(health.plan(site, servers, server))
        asked: dict[str, Any] = self._execute_module(MODULE, module_args={**planned, **arguments}, task_vars=variables)
        return asked
