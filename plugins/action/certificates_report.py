# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what is right and wrong about the certificates that hosts have told of, on the controller."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.servers import Role
from mailpair.state import SiteState
from mailpair.watch import Host, Report, report


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
                "json": {"type": "bool", "default": False},
                "site_dir": {"type": "path"},
            }
        )
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        root = SiteState(site_dir).ca_certificate
        made = report(
            hosts(variables, arguments["seen"]),
            root.read_text(encoding="ascii") if root.exists() else None,
            datetime.now(UTC),
        )
        return result(made, as_json=arguments["json"])


def hosts(variables: dict[str, Any], register: str) -> list[Host]:
    """What each host of the site has told; the variable that holds it is named ``register``."""
    names = dict.fromkeys(name for role in Role for name in variables["groups"].get(role.value, []))
    found = []
    for name in names:
        told = variables["hostvars"][name].get(register)
        if not told or told.get("failed") or told.get("unreachable") or "clock" not in told:
            found.append(Host(name, None))
        else:
            found.append(Host(name, told, datetime.fromtimestamp(told["asked"], UTC)))
    return found


def result(made: Report, *, as_json: bool) -> dict[str, Any]:
    """Show a report, and what the task says of it."""
    told: dict[str, Any] = {"changed": False, **made.data()}
    # Here and not in the result alone: a callback that shows results breaks long lines, and a table with them.
    for line in [json.dumps(made.data())] if as_json else made.table():
        Display().display(line)
    if made.errors:
        lines = "\n".join(str(each.problem) for each in made.errors)
        told |= {"failed": True, "msg": f"{len(made.errors)} of the certificates' problems are errors:\n{lines}"}
    return told
