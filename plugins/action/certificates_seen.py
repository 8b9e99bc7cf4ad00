# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host tell which certificates it has in files and shows at ports."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.plan.role import plain
from mailpair.plan.served import served
from mailpair.site import SiteError, join, load

MODULE = "mailpair.mail.certificates_seen"


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Find out what there is to see, and have it looked at."""
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
        asked: dict[str, Any] = self._execute_module(
            MODULE, module_args={**plain(served(site, server)), **arguments}, task_vars=variables
        )
        return {**asked, "asked": time.time()}
