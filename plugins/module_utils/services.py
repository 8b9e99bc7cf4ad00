# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a service's files in place together and loads them; the work of the module C(service), standard library only."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.mailpair.mail.plugins.module_utils import accounts
from ansible_collections.mailpair.mail.plugins.module_utils.files import (
    Wanted,
    make_folders,
    owned,
    read,
    remove,
    wanted,
)

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

STAMPS = "/var/lib/mailpair/loaded"
STAMP_OWNER = ("root", "root")
UNITS = "/etc/systemd/system/"


@dataclass
class Job:
    """One service: what is wanted, what was done, what can be put back. ``params`` are options of the module."""

    module: AnsibleModule
    params: dict[str, Any]
    files: list[Wanted] = field(init=False)
    actions: list[str] = field(default_factory=list)
    begun: int = 0  # how many of these were done before files are replaced
    replaced: list[tuple[str, Wanted | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look at files in which only a part is ours."""
        self.files = [wanted(each) for each in self.params["files"]]

    @property
    def name(self) -> str:
        """The systemd unit."""
        return str(self.params["name"])


def options() -> dict[str, dict[str, Any]]:
    """The argument specification of one service."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["running", "stopped"], "default": "running"},
        "accounts": {"type": "dict", "options": accounts.options()},
        "users": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"name": {"type": "str", "required": True}, "home": {"type": "path", "required": True}},
        },
        "folders": {"type": "list", "elements": "dict", "default": [], "options": owned("0755")},
        "files": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "content": {"type": "str", "required": True},
                "reload": {"type": "bool", "default": True},
                "marker": {"type": "str"},
                **owned("0644"),
            },
        },
        "absent": {"type": "list", "elements": "path", "default": []},
        "watch": {"type": "list", "elements": "path", "default": []},
        "check": {"type": "list", "elements": "list", "default": []},
        "loaded": {"type": "list", "elements": "list", "default": []},
        "reload": {"type": "list", "elements": "list", "default": []},
        "after": {"type": "list", "elements": "list", "default": []},
        "confirm": {"type": "list", "elements": "list", "default": []},
    }


def run(job: Job) -> list[dict[str, str]]:
    """Do what is missing, and return how files differed; ends the module where it fails."""
    _settle_accounts(job)
    job.begun = len(job.actions)
    running = job.params["state"] == "running"
    stamp = os.path.join(STAMPS, job.name)
    outdated = [file for file in job.files if not file.is_there()]
    leftovers = [path for path in job.params["absent"] if os.path.lexists(path)]
    active, enabled = _is(job, "is-active"), _is(job, "is-enabled")
    stale = not active or read(stamp) != _loaded(job) or not _is_loaded(job)
    diff = [_difference(file) for file in outdated]

    if outdated or (running and (leftovers or stale)):
        _check(job)
    _make_users(job)
    job.actions.extend(make_folders(job.params["folders"], pretend=job.module.check_mode))
    _replace(job, outdated, leftovers)
    if running:
        _start(job, active, enabled, stale or bool(leftovers), stamp)
    else:
        if leftovers:  # its own unit may be one of them
            active, enabled = _is(job, "is-active"), _is(job, "is-enabled")
        _stop(job, active, enabled, stamp)
    return diff


def _settle_accounts(job: Job) -> None:
    params = job.params["accounts"]
    if params:
        try:
            job.actions += accounts.settle(
                params, accounts.given(params), job.module.run_command, pretend=job.module.check_mode
            )
        except accounts.SettleError as error:
            _fail(job, str(error), error.code)


def _loaded(job: Job) -> bytes:
    """What the stamp says once the service has loaded the wanted files and the watched ones as they are now."""
    whole = hashlib.sha256()
    for file, given in zip(job.files, job.params["files"], strict=True):
        if given["reload"]:
            whole.update(file.digest().encode())
    for path in job.params["watch"]:
        whole.update(b"\0" + path.encode() + b"\0" + (read(path) or b""))
    return whole.hexdigest().encode() + b"\n"


def _check(job: Job) -> None:
    """Judge the wanted files where they harm nobody; ends the module if they fail."""
    if job.module.check_mode and not _can_check(job):
        return
    staged = tempfile.mkdtemp(prefix="mailpair-", dir=job.module.tmpdir)
    try:
        for file in job.files:
            path = staged + file.path
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(path, "wb", opener=_private) as copy:
                copy.write(file.content)
        for command in job.params["check"]:
            words = [str(word).replace("{staged}", staged) for word in command]
            code, out, err = job.module.run_command(words)
            if code:
                said = (err.strip() or out.strip()).replace(staged, "")
                _fail(job, f"{job.name}: the new files fail its own check, so none was put in place: {said}", code)
    finally:
        shutil.rmtree(staged)


def _fail(job: Job, msg: str, rc: int = 1) -> None:
    """End the module; what was done by then, to a service before this one for example, is said."""
    job.module.fail_json(msg=msg, rc=rc, changed=bool(job.actions), actions=job.actions)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _can_check(job: Job) -> bool:
    # Before the first run neither the checker nor the certificates are there.
    programs = all(shutil.which(str(command[0])) for command in job.params["check"])
    return programs and all(os.path.exists(path) for path in job.params["watch"])


def _make_users(job: Job) -> None:
    for user in job.params["users"]:
        try:
            pwd.getpwnam(user["name"])
        except KeyError:
            job.actions.append(f"made the user {user['name']}")
            if not job.module.check_mode:
                options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
                command = ["useradd", *options, "--home-dir", user["home"], user["name"]]
                job.module.run_command(command, check_rc=True)


def _replace(job: Job, outdated: list[Wanted], leftovers: list[str]) -> None:
    job.actions.extend(f"replaced {file.path}" for file in outdated)
    job.actions.extend(f"removed {path}" for path in leftovers)
    if job.module.check_mode:
        return
    try:
        for file in outdated:
            job.replaced.append((file.path, _found(file.path)))
            os.makedirs(os.path.dirname(file.path), mode=0o755, exist_ok=True)
            file.put()
        for path in leftovers:
            if os.path.dirname(path) == UNITS.rstrip("/"):  # what is added to a unit is in a folder below
                job.module.run_command(["systemctl", "disable", "--now", os.path.basename(path)], check_rc=True)
            job.replaced.append((path, _found(path)))
            remove(path)
    except OSError as error:
        _put_back(job)
        msg = f"{job.name}: {error.filename}: {error.strerror}; the files that were replaced are put back"
        _fail(job, msg)
    _daemon_reload(job)


def _found(path: str) -> Wanted | None:
    """The file as it is, to be put back if need be."""
    content = read(path)
    if content is None:
        return None
    meta = os.stat(path)
    return _Kept(path, content, str(meta.st_uid), str(meta.st_gid), stat.S_IMODE(meta.st_mode))


class _Kept(Wanted):
    """A file as it was; its owner and group are numbers, since they need not have names."""

    def ids(self) -> tuple[int, int]:
        return int(self.owner), int(self.group)


def _put_back(job: Job) -> None:
    del job.actions[job.begun :]
    for path, former in reversed(job.replaced):
        if former is None:
            remove(path)
        else:
            former.put()
    _daemon_reload(job)


def _daemon_reload(job: Job) -> None:
    if any(path.startswith(UNITS) for path, _ in job.replaced):
        job.module.run_command(["systemctl", "daemon-reload"], check_rc=True)


def _start(job: Job, active: bool, enabled: bool, stale: bool, stamp: str) -> None:
    if not enabled:
        job.actions.append(f"enabled {job.name}")
    if not active:
        job.actions.append(f"started {job.name}")
    elif stale:
        job.actions.append(f"reloaded {job.name}")
    if job.module.check_mode:
        return
    if not active:
        _load(job, [["systemctl", "start", job.name]])
    elif stale:
        _load(job, job.params["reload"] or [["systemctl", "reload", job.name]])
    if not enabled:
        job.module.run_command(["systemctl", "enable", job.name], check_rc=True)
    if stale:
        os.makedirs(STAMPS, mode=0o755, exist_ok=True)
        Wanted(stamp, _loaded(job), *STAMP_OWNER).put()


def _load(job: Job, commands: list[list[str]]) -> None:
    """Make the service load its files, or put the old ones back and end the module."""
    since = str(int(time.time()))
    for command in [*commands, *job.params["after"], *job.params["confirm"]]:
        words = [str(word).replace("{since}", since) for word in command]
        code, out, err = job.module.run_command(words)
        if code == 0 and _is(job, "is-active"):
            continue
        said = (out.strip() or err.strip()) if command in job.params["confirm"] else _last_words(job)
        _put_back(job)
        if _is(job, "is-active"):
            for again in commands:
                job.module.run_command([str(word) for word in again])
        msg = f"{job.name}: '{' '.join(words)}' failed, so its former files were put back: {said or err.strip()}"
        _fail(job, msg, code)


def _last_words(job: Job) -> str:
    journal = ["journalctl", "--unit", job.name, "--lines", "5", "--output", "cat", "--no-pager"]
    out: str = job.module.run_command(journal)[1]
    return out.strip()


def _stop(job: Job, active: bool, enabled: bool, stamp: str) -> None:
    if active:
        job.actions.append(f"stopped {job.name}")
    if enabled:
        job.actions.append(f"disabled {job.name}")
    if job.module.check_mode or not (active or enabled):
        return
    job.module.run_command(["systemctl", "disable", "--now", job.name], check_rc=True)
    if os.path.exists(stamp):
        remove(stamp)


def _is_loaded(job: Job) -> bool:
    return all(job.module.run_command(command)[0] == 0 for command in job.params["loaded"])


def _is(job: Job, verb: str) -> bool:
    code: int = job.module.run_command(["systemctl", "--quiet", verb, job.name])[0]
    return code == 0


def _difference(file: Wanted) -> dict[str, str]:
    before, after = (read(file.path) or b"").decode(errors="replace"), file.content.decode()
    return {"before": before, "after": after, "before_header": file.path, "after_header": file.path}
