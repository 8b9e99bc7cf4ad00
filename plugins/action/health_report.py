# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which health sets of a site are healthy and what mends the others, on the controller."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.mailpair.mail.plugins.action.certificates_report import hosts
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.servers import Role
from mailpair.state import SiteState
from mailpair.watch import Health, health, report


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Put together what all hosts have told, and show it."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "seen": {"type": "str", "required": True},
                "certificates": {"type": "str", "required": True},
                "json": {"type": "bool", "default": False},
                "site_dir": {"type": "path"},
            }
        )
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        root = SiteState(site_dir).ca_certificate
        judged = report(
            hosts(variables, arguments["certificates"]),
            root.read_text(encoding="ascii") if root.exists() else None,
            datetime.now(UTC),
        )
        return result(health(told(variables, arguments["seen"]), judged), as_json=arguments["json"])


def told(variables: dict[str, Any], register: str) -> dict[str, dict[str, Any] | None]:
    """What each host of the site has told, None for one that has not; the variable is named ``register``."""
    names = dict.fromkeys(name for role in Role for name in variables["groups"].get(role.value, []))
    found = {name: variables["hostvars"][name].get(register) for name in names}
    return {name: each if each and "probes" in each else None for name, each in found.items()}


def result(made: Health, *, as_json: bool) -> dict[str, Any]:
    """Show the health sets, and what the task says of them."""
    said: dict[str, Any] = {"changed": False, **made.data()}
    # Here and not in the result alone: a callback that shows results breaks long lines, and a table with them.
    for line in [json.dumps(made.data())] if as_json else made.table():
        Display().display(line)
    if made.unhealthy:
        count = len(made.unhealthy)
        said |= {
            "failed": True,
            "msg": f"{count} thing{'s are' if count != 1 else ' is'} unhealthy; see above what to do",
        }
    return said
