# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a service whose accounts change; used by modules on hosts, so standard library only."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.mailpair.mail.plugins.module_utils.files import (
    Wanted,
    make_folders,
    owned,
    read,
    remove,
    wanted,
)
from ansible_collections.mailpair.mail.plugins.module_utils.tables import Stored, stored

# Not logged, nor sent back with a module's answer, which takes Ansible long to put together for a large directory.
CONTENT = {"type": "str", "required": True, "no_log": True}

# What is still to be done once the files are in place; it outlives a run that is interrupted.
UNDONE = "/var/lib/mailpair/undone"
UNDONE_OWNER = ("root", "root")

_SEVERAL = 3  # accounts from which on it pays to ask who is signed in

# Runs a command and returns its exit code, its output, and what it said on standard error.
Run = Callable[[list[str]], tuple[int, str, str]]


class SettleError(Exception):
    """Accounts could not be settled; the text says why, ``code`` is the exit code of a command that failed, or 1."""

    def __init__(self, said: str, code: int = 1) -> None:
        super().__init__(said)
        self.code = code


def options() -> dict[str, dict[str, Any]]:
    """The argument specification of a service's accounts."""
    return {
        "service": {"type": "str", "required": True},
        "folders": {"type": "list", "elements": "dict", "default": [], "options": owned("0755")},
        "files": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"content": CONTENT, **owned("0644")},
        },
        "tables": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "content": CONTENT,
                "in_place": {"type": "bool", "default": False},
                **owned("0640"),
            },
        },
        "reload": {"type": "bool", "default": False},
        "kick": {"type": "list", "elements": "str", "default": []},
        "who": {"type": "list", "elements": "str", "default": []},
    }


def given(params: dict[str, Any]) -> list[Wanted | Stored]:
    """The files and tables of such arguments."""
    tables = [stored(file, json.loads(file["content"])) for file in params["tables"]]
    return [*(wanted(file) for file in params["files"]), *tables]


def settle(params: dict[str, Any], files: Sequence[Wanted | Stored], run: Run, *, pretend: bool) -> list[str]:
    """Put a service's files in place, have it take them, and end the sessions of accounts that have changed or gone.

    ``params`` are those of the module C(accounts): service, folders, reload, kick, who. Returns what was done, or
    would be if only pretended, in order. Raises SettleError.
    """
    try:
        return _settled(params, files, run, pretend=pretend)
    except OSError as error:
        raise SettleError(f"{error.filename}: {error.strerror}") from error
    except sqlite3.Error as error:
        tables = ", ".join(file.path for file in files if isinstance(file, Stored))
        raise SettleError(f"{tables}: {error}") from error


def _settled(params: dict[str, Any], files: Sequence[Wanted | Stored], run: Run, *, pretend: bool) -> list[str]:
    service = params["service"]
    outdated = [file for file in files if not file.is_there()]
    note = os.path.join(UNDONE, service)
    concerned = {*json.loads(read(note) or b"[]")}
    unfinished = os.path.exists(note)
    tables = [file for file in outdated if isinstance(file, Stored)]
    texts = [file for file in outdated if isinstance(file, Wanted)]
    if params["kick"]:
        concerned.update(name for file in tables for name in file.lost())
        concerned.update(name for file in texts for name in changed(read(file.path) or b"", file.content))
    # Who keeps an SQLite file open does not see that there is another one; it may have come with a run that broke off.
    kept_open = [file for file in files if isinstance(file, Stored) and file.in_place]
    reload = params["reload"] or any(unfinished or file.renewed for file in kept_open)
    actions: list[str] = make_folders(params["folders"], pretend=pretend)
    actions.extend(f"replaced {file.path}" for file in outdated)
    active = run(["systemctl", "--quiet", "is-active", service])[0] == 0
    if active and (outdated or unfinished):
        actions.extend([f"reloaded {service}"] if reload else [])
    if pretend and active:
        actions.extend(_ended(name) for name in _signed_in(run, params, concerned))
    if not pretend and (outdated or unfinished):
        os.makedirs(UNDONE, mode=0o755, exist_ok=True)
        Wanted(note, json.dumps(sorted(concerned)).encode(), *UNDONE_OWNER, 0o600).put()
        for file in outdated:
            os.makedirs(os.path.dirname(file.path), mode=0o755, exist_ok=True)
            file.put()
        if active and reload:
            _do(run, ["systemctl", "reload", service])
        if active and concerned:
            if texts or not tables:
                until_noticed(time.time())
            # Nobody is let in with what was before by now, so who is signed in can be asked once for all.
            for name in _signed_in(run, params, concerned):
                _do(run, [*params["kick"], name])
                actions.append(_ended(name))
        remove(note)
    return actions


def _signed_in(run: Run, params: dict[str, Any], concerned: set[str]) -> list[str]:
    """Those whose sessions are to end; of several those who have any: a command for each of 100,000 would take long."""
    who = params.get("who")
    if not who or len(concerned) < _SEVERAL:
        return sorted(concerned)
    names = {line.partition("\t")[0] for line in _do(run, who).splitlines()}
    return sorted(names & concerned)


def _ended(name: str) -> str:
    return f"ended the sessions of {name}"


def changed(before: bytes, after: bytes) -> set[str]:
    """Names of the accounts whose line in a passwd-file is another than before, or is gone."""
    before, after = apart(before, after)
    fresh = set(after.splitlines())
    return {line.partition(b":")[0].decode() for line in before.splitlines() if line and line not in fresh}


def apart(one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """Two texts without the lines that begin both and those that end both: most of them where one of many differs."""
    begin = one.rfind(b"\n", 0, _alike(one, other, lambda text, size: text[:size])) + 1
    one, other = one[begin:], other[begin:]
    size = _alike(one, other, lambda text, size: text[len(text) - size :])
    end = one.find(b"\n", len(one) - size)
    size = len(one) - end - 1 if end >= 0 and size else 0
    return one[: len(one) - size], other[: len(other) - size]


def _alike(one: bytes, other: bytes, part: Callable[[bytes, int], bytes]) -> int:
    """How many bytes of a part that both have are the same."""
    sizes = range(min(len(one), len(other)) + 1)
    return bisect_left(sizes, True, key=lambda size: part(one, size) != part(other, size)) - 1


def until_noticed(replaced: float) -> None:
    """Wait for the end of the second in which a passwd-file was replaced; ``replaced`` as from ``time.time``.

    Dovecot looks once in a second of the clock whether such a file is another (passwd_file_sync in its
    src/auth/db-passwd-file.c), so it lets in whom the former one names until then.
    """
    while (left := int(replaced) + 1 - time.time()) > 0:
        time.sleep(left)


def _do(run: Run, command: list[str]) -> str:
    code, out, err = run(command)
    if code:
        raise SettleError(f"'{' '.join(command)}' ended with {code}: {(err or out).strip()}", code)
    return out
