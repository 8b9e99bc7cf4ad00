# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses a front end as a user's mail program would, from the controller."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.mailpair.mail.plugins.plugin_utils import connectivity, inventory
from ansible_collections.mailpair.mail.plugins.plugin_utils.connectivity import Place, Step, User

from mailpair.publish.endpoints import endpoints
from mailpair.servers import Role
from mailpair.site import Site, SiteError, join, load
from mailpair.site.model import Kind, Mailbox
from mailpair.state import SiteState

# Exchange's cmdlets that do the like.
_TITLES = {"IMAP": "ImapConnectivity", "POP": "PopConnectivity", "SMTP": "SmtpConnectivity"}


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Try everything, then report."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "front_end": {"type": "str"},
                "mailbox": {"type": "str"},
                "site_dir": {"type": "path"},
                "timeout": {"type": "float", "default": 30.0},
            }
        )
        site_dir = Path(arguments["site_dir"] or inventory.site_dir(variables, self._templar))
        try:
            site = load(site_dir)
            servers = inventory.servers(variables, site.domain)
            join(site, servers)
        except SiteError as error:
            raise AnsibleActionFail(f"{site_dir}: {error}") from None
        name = arguments["front_end"] or str(variables["inventory_hostname"])
        server = next((each for each in servers if each.name == name and each.role is Role.CLIENT_ACCESS), None)
        if server is None:
            fronts = ", ".join(each.name for each in servers if each.role is Role.CLIENT_ACCESS)
            raise AnsibleActionFail(f"front_end: {name}: must be a front end of the site; name one of {fronts}")
        places = [
            Place(each.protocol.value, each.address, each.port, each.encryption.value, each.certificate_name)
            for each in endpoints(site, server)
        ]
        if not places:
            raise AnsibleActionFail(
                f"{server.name}: no service is on that a user could sign in to; see services in site.yml"
            )
        state = SiteState(site_dir)
        steps: list[Step] = []
        for mailbox in chosen(site, state, arguments["mailbox"]):
            password = state.password_file(mailbox.address).read_text(encoding="utf-8").removesuffix("\n")
            user = User(mailbox.address, password, str(state.ca_certificate), arguments["timeout"])
            allowed = [place for place in places if _may(mailbox, place)]
            steps += sign_ins(allowed, user)
            steps += mail_flow(allowed, user)
        return _result(steps)


def chosen(site: Site, state: SiteState, named: str | None) -> list[Mailbox]:
    """The mailboxes to try: the one that is named, or one on each back end."""
    usable = [each for each in site.mailboxes if each.kind is Kind.USER and state.password_file(each.address).exists()]
    if named is not None:
        found = [each for each in usable if each.address == named.lower()]
    else:
        # Those that may use most come first; the sort keeps the order of addresses otherwise.
        usable.sort(key=lambda each: -(each.pop_enabled + each.imap_enabled))
        found = list({each.server: each for each in reversed(usable)}.values())
    if not found:
        what = named or "a mailbox of kind user"
        raise AnsibleActionFail(
            f"mailbox: {what}: must be a user's mailbox whose password is in {state.root / 'passwords'}; "
            "name one that is, or write its password into the file that has its address as its name"
        )
    return sorted(found, key=lambda each: (each.server, each.address))


def _may(mailbox: Mailbox, place: Place) -> bool:
    return {"IMAP": mailbox.imap_enabled, "POP": mailbox.pop_enabled}.get(place.protocol, True)


def sign_ins(places: Sequence[Place], user: User) -> Iterator[Step]:
    """Sign in everywhere."""
    for place in places:
        host = f"[{place.address}]" if ":" in place.address else place.address
        name = f"{_TITLES[place.protocol]} {place.encryption} {host}:{place.port}"
        yield connectivity.attempt(name, user, partial(connectivity.sign_in, place, user))


def mail_flow(places: Sequence[Place], user: User) -> Iterator[Step]:
    """Send a message, read it over each protocol, remove it; ends with the step that fails."""
    ways = {place.protocol: place for place in reversed(places)}  # the first of each protocol
    readers = [protocol for protocol in ("IMAP", "POP") if protocol in ways]
    if "SMTP" not in ways or not readers:
        return
    subject = f"mailpair verify {uuid.uuid4().hex}"
    sent = connectivity.attempt("Mailflow send", user, partial(connectivity.send, ways["SMTP"], user, subject))
    yield sent
    if sent.reason:
        return
    for protocol in readers:
        read = partial(connectivity.READ[protocol], ways[protocol], user, subject)
        yield connectivity.attempt(f"Mailflow read over {protocol}", user, read)
    remove = partial(connectivity.REMOVE[readers[0]], ways[readers[0]], user, subject)
    yield connectivity.attempt(f"Mailflow remove over {readers[0]}", user, remove)


def report(steps: Sequence[Step]) -> list[str]:
    """Make a table of the steps."""
    rows = [("Step", "Mailbox", "ms", "Result")]
    rows += [(step.name, step.mailbox, str(step.milliseconds), step.reason or "passed") for step in steps]
    first, second, third = (max(len(row[column]) for row in rows) for column in range(3))
    return [f"{row[0]:<{first}}  {row[1]:<{second}}  {row[2]:>{third}}  {row[3]}" for row in rows]


def _result(steps: Sequence[Step]) -> dict[str, Any]:
    failed = [f"{step.name} with {step.mailbox}: {step.reason}" for step in steps if step.reason]
    result: dict[str, Any] = {
        "changed": False,
        "report": report(steps),
        "steps": [
            {
                "name": step.name,
                "mailbox": step.mailbox,
                "passed": not step.reason,
                "milliseconds": step.milliseconds,
                "reason": step.reason,
            }
            for step in steps
        ],
    }
    # Here and not in the result alone: a callback that shows results breaks long lines, and a table with them.
    for line in result["report"]:
        Display().display(line)
    if failed:
        summary = f"{len(failed)} of {len(steps)} steps failed: "
        result |= {"failed": True, "msg": summary + "; ".join(failed)}
    return result
