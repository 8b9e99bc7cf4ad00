"""What a run would change, as a person reads it: settings that differ, and the parts of each server they concern."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mailpair.applied import Applied
from mailpair.plan import plan
from mailpair.servers import Server
from mailpair.site import Loaded
from mailpair.site.problems import in_order

# The settings of a thing under a chosen name begin with this.
_NAMED = re.compile(r"[a-z_]+\[[^\]]+\]")
_LONGEST = 200
_NOTHING = "nothing"


def report(loaded: Loaded, servers: Sequence[Server], applied: Mapping[str, Applied], *, values: bool = False) -> str:
    """What a run on these servers would change against what was last applied to each; a line ends each text.

    ``values`` adds what would change in the plan of each server, line by line.
    """
    if not applied:
        return "Nothing was applied from here yet: a run configures every server.\n"
    known = [server for server in servers if server.name in applied]
    new = [server.name for server in servers if server.name not in applied]
    plans = {server.name: plan(loaded.site, servers, server) for server in known}
    # Of mailboxes that were brought one by one no plan is kept: where nothing else differs it is this one.
    before = {
        name: plans[name] if _is_this_plan(applied[name], loaded, servers) else applied[name].plan for name in plans
    }
    lines = [*_settings(loaded, [server.name for server in known], applied), *_roles(plans, before)]
    if new:
        lines.append(f"Nothing was applied from here to {_listed(new)} yet: a run configures it from the beginning.")
    if not lines:
        return f"A run would change nothing: this is what was last applied to {_listed(sorted(plans))}.\n"
    if values:
        lines += [line for name in sorted(plans) for line in _values(name, before[name], plans[name])]
    return "\n".join(lines) + "\n"


def _is_this_plan(applied: Applied, loaded: Loaded, servers: Sequence[Server]) -> bool:
    return applied.added and applied.settings == loaded.settings and applied.servers == tuple(servers)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The settings that differ, a line each, sorted by path; a thing that is new or gone as a whole is one line."""
    lines: dict[str, str] = {}
    came, went = _names(after) - _names(before), _names(before) - _names(after)
    for path in before.keys() | after.keys():
        old, new = before.get(path, _NOTHING), after.get(path, _NOTHING)
        match = _NAMED.match(path)
        if match and match[0] in came | went:
            lines[match[0]] = f"{match[0]}: {'new' if match[0] in came else 'gone'}"
        elif old != new:
            lines[path] = f"{path}: {_short(old)} -> {_short(new)}"
    return [lines[path] for path in sorted(lines, key=in_order)]


def _names(settings: Mapping[str, str]) -> set[str]:
    return {match[0] for path in settings if (match := _NAMED.match(path))}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _settings(loaded: Loaded, names: Sequence[str], applied: Mapping[str, Applied]) -> Iterator[str]:
    """The settings that differ; servers with the same differences are named together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(names):
        alike.setdefault(tuple(differences(applied[name].settings, loaded.settings)), []).append(name)
    for lines, where in alike.items():
        if lines:
            yield f"Settings that differ from what was last applied to {_listed(where)}:"
            yield from (f"  {line}" for line in lines)


def _roles(plans: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The parts of each server that would be configured anew."""
    for name in sorted(plans):
        roles = [role for role in plans[name] if _plain(before[name].get(role)) != _plain(plans[name][role])]
        roles += [role for role in before[name] if role not in plans[name]]
        if roles:
            yield f"A run would change on {name}: {', '.join(roles)}."


def _values(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for role in dict.fromkeys((*before, *after)):
        old, new = _plain(before.get(role)).splitlines(), _plain(after.get(role)).splitlines()
        yield from difflib.unified_diff(
            old, new, f"{name} {role}, last applied", f"{name} {role}, from now on", n=1, lineterm=""
        )


def _plain(plan: object) -> str:
    """A plan as it is kept, in which tuples are lists."""
    return json.dumps(plan, indent=1, sort_keys=True)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
