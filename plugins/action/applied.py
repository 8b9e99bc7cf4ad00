# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what a run applied to the hosts of a play, on the controller."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.applied import Applied, of_mailbox, remember, remember_mailbox
from mailpair.plan import plan
from mailpair.plan.handed import handed
from mailpair.site import SiteError, load_excerpt, load_written, stamps
from mailpair.state import SiteState, StateError


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Plan again what was applied, and keep it."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        specification = {
            "site_dir": {"type": "path"},
            "mailboxes_alone": {"type": "bool", "default": False},
            "mailbox_alone": {"type": "bool", "default": False},
        }
        _, arguments = self.validate_argument_spec(argument_spec=specification)
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        host = str(variables["inventory_hostname"])
        state = SiteState(site_dir)
        kept = False
        try:
            if arguments["mailbox_alone"]:
                one = variables["mailpair_one_mailbox"]
                address, settings = one["address"], one["settings"]
                # Documents that were changed while the run was on its way are not what it applied.
                kept = not self._task.check_mode and (
                    stamps(site_dir) == one["read"]
                    or settings == of_mailbox(load_excerpt(site_dir, address).settings, address)
                )
                kept = kept and remember_mailbox(state, host, address, settings)
                if (left := one["noticed"] - time.monotonic()) > 0:
                    time.sleep(left)
            else:
                kept = self._remembered(site_dir, state, host, variables, mailboxes_alone=arguments["mailboxes_alone"])
        except (OSError, SiteError, StateError) as error:
            raise AnsibleActionFail(f"{site_dir}: what was applied could not be kept.\n{error}") from None
        return {"changed": False, "kept": kept}

    def _remembered(
        self, site_dir: Path, state: SiteState, host: str, variables: dict[str, Any], *, mailboxes_alone: bool
    ) -> bool:
        """Keep all of it, if it is what the run planned; says whether it was kept."""
        loaded = load_written(site_dir)
        servers = inventory.servers(variables, loaded.site.domain)
        (server,) = (server for server in servers if server.name == host)
        planned = plan(loaded.site, servers, server)
        if self._task.check_mode or handed(planned) != variables.get("mailpair_plan"):
            return False
        applied = Applied(loaded.settings, servers, planned)
        remember(state, host, applied, mailboxes_alone=mailboxes_alone)
        return True
