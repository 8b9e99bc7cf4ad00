"""A plan as roles are handed it: what there is of each account is text already, as it stands in a file.

Ansible looks at every value of a structure each time it is used, and at a text once, however long that is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mailpair.plan.mailbox import account_line
from mailpair.plan.recipients import map_line

Values = Mapping[str, Any]


def handed(planned: Values) -> dict[str, Any]:
    """Of the plan of a server, which :func:`mailpair.plan.plan` made."""
    return {role: {**values, **_TEXTS[role](values)} if role in _TEXTS else values for role, values in planned.items()}


def _mailbox(values: Values) -> dict[str, Any]:
    known = "".join(f"{account_line(each['address'], each['fields'])}\n" for each in values["mailboxes"])
    welcome = values["welcome"]
    return {
        "mailboxes": known,
        "welcome": welcome and {**welcome, "mailboxes": json.dumps(welcome["mailboxes"])},
    }


def _portal(values: Values) -> dict[str, Any]:
    # As the module mailbox writes it, which changes the entries of one mailbox.
    text = json.dumps(values["published"], indent=4, sort_keys=True, separators=(",", ": "))
    return {"published": f"{text}\n"}


def _quota_gate(values: Values) -> dict[str, Any]:
    return {"tables": json.dumps(values["tables"])}


def _receive_connector(values: Values) -> dict[str, Any]:
    return {name: _map(values[name]) for name in ("aliases", "mailboxes", "senders")}


def _map(entries: Sequence[Values]) -> str:
    return "".join(f"{map_line(each['key'], each['value'])}\n" for each in entries)


_TEXTS: dict[str, Callable[[Values], dict[str, Any]]] = {
    "mailbox": _mailbox,
    "portal": _portal,
    "quota_gate": _quota_gate,
    "receive_connector": _receive_connector,
}
