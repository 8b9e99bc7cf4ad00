"""What a run left behind: the settings and the plan of each server as they were last applied, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mailpair.servers import Role, Server
from mailpair.state import SiteState, StateError

_VERSION = 1
_MAILBOXES = "mailboxes["


@dataclass(frozen=True, slots=True)
class Applied:
    """What was last applied to a server.

    ``settings`` are all of the site's by their paths, as text; ``servers`` are all of the site; ``plan`` is the plan of
    the server, by role.
    """

    settings: Mapping[str, str]
    servers: tuple[Server, ...]
    plan: Mapping[str, Any]


def remember(state: SiteState, name: str, applied: Applied, *, mailboxes_alone: bool = False) -> None:
    """Keeps what was applied to a server in the site's private folder.

    With ``mailboxes_alone`` a run brought mailboxes and nothing else there: then the other settings, where they differ
    from those of the last run, stay as they were, and with them the plan.
    """
    before = last_applied(state).get(name) if mailboxes_alone else None
    if mailboxes_alone and before is None:
        return
    if before is not None and _others(before.settings) != _others(applied.settings):
        applied = replace(before, settings=_others(before.settings) | _mailboxes(applied.settings))
    _keep(state, name, applied)


def remember_mailbox(state: SiteState, name: str, applied: Applied, address: str) -> None:
    """Keeps that one mailbox was brought to a server, and nothing else.

    ``applied`` is what the documents say now. Where they differ from the last run in that mailbox alone, this is what
    was applied; else the mailbox's settings are exchanged, and everything else stays as it was, the plan as well.
    """
    before = last_applied(state).get(name)
    if before is None:
        return
    settings = _without(before.settings, address) | of_mailbox(applied.settings, address)
    if settings != applied.settings:
        applied = replace(before, settings=settings)
    _keep(state, name, applied)


def _keep(state: SiteState, name: str, applied: Applied) -> None:
    content = {
        "version": _VERSION,
        "settings": dict(applied.settings),
        "servers": [[each.name, each.role.value, each.fqdn, list(each.addresses)] for each in applied.servers],
        "plan": dict(applied.plan),
    }
    state.remember(name, json.dumps(content, indent=1) + "\n")


def last_applied(state: SiteState) -> dict[str, Applied]:
    """What was last applied, by server; servers that nothing was applied to are missing.

    Raises StateError for a record that can't be read.
    """
    return {name: _applied(name, text) for name, text in state.remembered().items()}


def _applied(name: str, text: str) -> Applied:
    try:
        content = json.loads(text)
        return {_VERSION: _read}[content["version"]](content)
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"the record of what was last applied to {name} can't be read; remove applied/{name}.json from the private "
            "folder, and the next run makes it anew"
        ) from error


def _read(content: Mapping[str, Any]) -> Applied:
    return Applied(content["settings"], _servers(content["servers"]), content["plan"])


def _servers(written: Sequence[Any]) -> tuple[Server, ...]:
    return tuple(Server(name, Role(role), fqdn, tuple(addresses)) for name, role, fqdn, addresses in written)


def of_mailbox(settings: Mapping[str, str], address: str) -> dict[str, str]:
    """The settings of one mailbox, of all of a site's; none where there is no such mailbox."""
    return {path: text for path, text in settings.items() if path.startswith(f"{_MAILBOXES}{address}]")}


def _without(settings: Mapping[str, str], address: str) -> dict[str, str]:
    return {path: text for path, text in settings.items() if not path.startswith(f"{_MAILBOXES}{address}]")}


def _mailboxes(settings: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in settings.items() if path.startswith(_MAILBOXES)}


def _others(settings: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in settings.items() if not path.startswith(_MAILBOXES)}
