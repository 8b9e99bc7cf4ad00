# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds one mailbox in the site's documents, on the controller, and has a host told of it."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailpair.mail.plugins.plugin_utils import inventory

from mailpair.applied import of_mailbox
from mailpair.plan import one_mailbox
from mailpair.plan.accounts import accounts
from mailpair.servers import Role
from mailpair.settings.names import ADDRESS
from mailpair.settings.notation import NotationError
from mailpair.site import Loaded, Site, SiteError, join, load_excerpt, stamps
from mailpair.site.problems import Problem, shown
from mailpair.state import SiteState, StateError

MODULE = "mailpair.mail.mailbox"
WELCOME = "mailpair.mail.welcome"
SPECIFICATION = {
    "address": {"type": "str", "required": True},
    "site_dir": {"type": "path"},
    "only_look": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True
    _supports_diff = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load the excerpt, join, plan, and run the module with what it says."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _, arguments = self.validate_argument_spec(argument_spec=SPECIFICATION)
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        host = str(variables["inventory_hostname"])
        state = SiteState(site_dir)
        try:
            address = _parsed(arguments["address"])
            read = _stamps(site_dir)
            loaded = load_excerpt(site_dir, address)
            servers = inventory.servers(variables, loaded.site.domain)
            join(loaded.site, servers)
            (server,) = (server for server in servers if server.name == host)
            _known(loaded.site, state, address)
            password_hash = cache(state.password_hash)
            for mailbox in accounts(loaded.site, "smtp"):
                if mailbox.address == address:
                    password_hash(address)
            planned = loaded.site, servers, server, address
            look: bool = arguments["only_look"]
            welcome = None
            if server.role is Role.CLIENT_ACCESS:
                services = one_mailbox.front_end(*planned, _no_hash if look else password_hash)
            else:
                services = one_mailbox.back_end(*planned)
                welcome = None if look else one_mailbox.welcomed(*planned)
        except (SiteError, StateError) as error:
            raise AnsibleActionFail(f"{site_dir}: nothing was changed on any host.\n{error}") from None
        noted = self._welcome("noted", welcome, variables)
        if noted.get("failed"):
            return noted
        module_args = {"address": address, "only_look": look, "services": one_mailbox.plain(services)}
        told: dict[str, Any] = self._execute_module(MODULE, module_args=module_args, task_vars=variables)
        if told.get("failed"):
            return told
        delivered = self._welcome("delivered", welcome, variables)
        changed = any(each.get("changed") for each in (noted, told, delivered))
        noticed = time.monotonic() + told.get("noticed_in", 0.0)
        facts = {"mailpair_one_mailbox": {**_fact(loaded, address), "noticed": noticed, "read": read}}
        return {**told, **delivered, "changed": changed, "ansible_facts": facts}

    def _welcome(self, state: str, welcome: dict[str, Any] | None, variables: dict[str, Any]) -> dict[str, Any]:
        """Run the module that greets new mailboxes, for this one."""
        if welcome is None:
            return {}
        result: dict[str, Any] = self._execute_module(
            WELCOME, module_args={**welcome, "state": state}, task_vars=variables
        )
        return result


def _parsed(written: str) -> str:
    try:
        return ADDRESS.parse(written)
    except NotationError as error:
        raise SiteError([Problem("mailbox", shown(written), error.rule, error.remedy)]) from None


def _known(site: Site, state: SiteState, address: str) -> None:
    """Refuse an address that is in no document and never had a password: it is more likely mistyped than gone."""
    if any(each.address == address for each in site.mailboxes):
        return
    if state.password_file(address).exists() or state.hash_file(address).exists():
        return
    rule = "must be an address in mailboxes.yml, or one that had a mailbox"
    raise SiteError([Problem("mailbox", shown(address), rule, "add it there, or correct it here")])


def _fact(loaded: Loaded, address: str) -> dict[str, Any]:
    return {"address": address, "settings": of_mailbox(loaded.settings, address)}


def _stamps(site_dir: Path) -> list[list[int]]:
    try:
        return stamps(site_dir)
    except OSError:  # which reading them tells
        return []


def _no_hash(_: str) -> str:
    """In the place of a hash where nothing is written, so that no secret is in the task's arguments."""
    return ""
