"""What a run left behind: the settings and the plan of each server as they were last applied, without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
    the server, by role. ``added`` says that mailboxes were brought after that plan.
    """

    settings: Mapping[str, str]
    servers: tuple[Server, ...]
    plan: Mapping[str, Any]
    added: bool = False


def remember(state: SiteState, name: str, applied: Applied, *, mailboxes_alone: bool = False) -> None:
    """Keeps what was applied to a server in the site's private folder.

    With ``mailboxes_alone`` a run brought mailboxes and nothing else there: then the other settings, where they differ
    from those of the last run, stay as they were, and with them the plan.
    """
    text = state.remembered_of(name) if mailboxes_alone else None
    if mailboxes_alone and text is None:
        return
    before = _applied(state, name, text) if text else None
    if before is not None and _others(before.settings) != _others(applied.settings):
        applied = replace(before, settings=_others(before.settings) | _mailboxes(applied.settings))
    _keep(state, name, applied)


def remember_mailbox(state: SiteState, name: str, address: str, settings: Mapping[str, str]) -> bool:
    """Keeps that one mailbox was brought to a server, and nothing else; without settings it has gone.

    ``settings`` are those of :func:`of_mailbox`. Nothing is kept of a server that nothing was applied to before; says
    whether it was.
    """
    return state.remember_later(
        name, address, json.dumps({"version": _VERSION, "settings": dict(settings)}, indent=1) + "\n"
    )


def _keep(state: SiteState, name: str, applied: Applied) -> None:
    content = {
        "version": _VERSION,
        "settings": dict(applied.settings),
        "servers": [[each.name, each.role.value, each.fqdn, list(each.addresses)] for each in applied.servers],
        "plan": dict(applied.plan),
        "added": applied.added,
    }
    state.remember(name, json.dumps(content, indent=1) + "\n")


def last_applied(state: SiteState) -> dict[str, Applied]:
    """What was last applied, by server; servers that nothing was applied to are missing.

    Raises StateError for a record that can't be read.
    """
    return {name: _applied(state, name, text) for name, text in state.remembered().items()}


def _applied(state: SiteState, name: str, text: str) -> Applied:
    applied: Applied = _parsed(name, f"{name}.json", text, _read)
    settings, later = dict(applied.settings), state.remembered_later(name)
    for address, record in later.items():
        of_it: dict[str, str] = _parsed(name, f"{name}/{address}.json", record, lambda content: content["settings"])
        settings = _without(settings, address) | of_it
    return replace(applied, settings=settings, added=bool(later)) if later else applied


def _parsed(name: str, file: str, text: str, read: Callable[[Any], Any]) -> Any:
    try:
        content = json.loads(text)
        return {_VERSION: read}[content["version"]](content)
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"the record of what was last applied to {name} can't be read; remove applied/{file} from the private "
            "folder, and the next run makes it anew"
        ) from error


def _read(content: Mapping[str, Any]) -> Applied:
    return Applied(content["settings"], _servers(content["servers"]), content["plan"], content.get("added", False))


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
