# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans a host from the site's documents, on the controller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory, provided

from mailpair.applied import last_applied
from mailpair.changes import differences
from mailpair.plan import plan
from mailpair.plan.accounts import accounts
from mailpair.plan.handed import handed
from mailpair.servers import Role
from mailpair.site import Loaded, Site, SiteError, join, load_written
from mailpair.state import SiteState, StateError

_MANY = 100  # passwords that take so long to hash that somebody may wonder
_EACH = 25


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load, join, plan."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _, arguments = self.validate_argument_spec(argument_spec={"site_dir": {"type": "path"}})
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        host = str(variables["inventory_hostname"])
        state = SiteState(site_dir)
        try:
            loaded = load_written(site_dir)
            site = loaded.site
            servers = inventory.servers(variables, site.domain)
            join(site, servers)
            (server,) = (server for server in servers if server.name == host)
        except SiteError as error:
            raise AnsibleActionFail(f"{site_dir}: nothing was changed on any host.\n{error}") from None
        front_end = server.role is Role.CLIENT_ACCESS
        if front_end and (number := state.without_hash([each.address for each in accounts(site, "smtp")])) >= _MANY:
            self._display.display(
                f"{host}: the passwords of {number} mailboxes are hashed, which takes a core {_EACH} ms each"
            )
        problems = [*_secrets(site, state), *provided.wrong(site, state, self._loader)] if front_end else []
        if problems:
            raise AnsibleActionFail("\n".join([f"{site_dir}: nothing was changed on any host.", *problems]))
        result = {"changed": False, "ansible_facts": {"mailpair_plan": handed(plan(site, servers, server))}}
        return {**result, **self._difference(state, host, loaded)} if self._task.diff else result

    def _difference(self, state: SiteState, host: str, loaded: Loaded) -> dict[str, Any]:
        """The settings that differ from those that were last applied to the host; Ansible shows what would change."""
        try:
            before = last_applied(state).get(host)
        except StateError:
            return {}
        lines = differences(before.settings, loaded.settings) if before else ["nothing was applied from here yet"]
        text = "".join(f"{line}\n" for line in (f"settings of the site, against the last run on {host}:", *lines))
        return {"changed": bool(lines) and self._task.check_mode, "diff": [{"prepared": text}]}


def _secrets(site: Site, state: SiteState) -> list[str]:
    """What is wrong with the secrets that later tasks put on a front end, which then hide what they say."""
    logins = {each.authentication_credential for each in site.send_connectors if each.enabled}
    asked: list[tuple[Callable[[Any], object], Any]] = [
        (state.password_hashes, [mailbox.address for mailbox in accounts(site, "smtp")]),
        *((state.credential, name) for name in sorted(name for name in logins if name)),
        *([(state.keytab, site.kerberos_keytab)] if site.kerberos_keytab else []),
    ]
    problems = []
    for ask, names in asked:
        try:
            ask(names)
        except StateError as error:
            problems.append(str(error))
    return problems
