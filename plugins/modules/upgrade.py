# SPDX-License-Identifier: GPL-3.0-or-later
"""Newer versions of a host's Debian packages, and the way back from them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade
short_description: Take newer versions of Debian packages, or go back to the former ones
description:
  - V(upgraded) takes the newest version of every installed package, with what that needs; nothing is removed. Before
    that the installed version of each is kept as a package, fetched or packed from what is installed, so there is a way
    back that needs no mirror. Settings of services stay as they are.
  - V(taken_back) installs what was kept, and holds these packages at it until there is another version than the one
    that was taken back.
options:
  state:
    description: What to do.
    type: str
    choices: [upgraded, taken_back]
    default: upgraded
  folder:
    description: Where former versions are kept, until the next upgrade.
    type: path
    default: /var/lib/mailpair/upgrade
attributes:
  check_mode: {support: full, description: Says what would change by the lists of packages as they are.}
  diff_mode: {support: none, description: The versions are in the result.}
"""

EXAMPLES = r"""
- name: Packages are the newest
  mailpair.mail.upgrade:
"""

RETURN = r"""
packages:
  description: What changed, each as C(NAME FORMER -> NEW); a package that came newly has no former version.
  returned: always
  type: list
  elements: str
  sample: ['dovecot-core 1:2.4.1+dfsg1-6+deb13u7 -> 1:2.4.1+dfsg1-6+deb13u8']
held:
  description: Packages that stay at their version, since the newer one was taken back.
  returned: always
  type: list
  elements: str
restart_required:
  description: Whether the host has to be started anew for the upgrade to hold everywhere; nothing here does that.
  returned: always
  type: bool
"""

import glob
import json
import os
import re
import shutil
from typing import Any, TypedDict

from ansible.module_utils.basic import AnsibleModule

APT = ["apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300"]
KEEP_SETTINGS = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
RESTART_REQUIRED = "/run/reboot-required"
# `apt-get --simulate` says: Inst NAME [FORMER] (NEW SOURCE [ARCHITECTURE]) ...
_LINE = re.compile(r"^Inst (?P<name>\S+)(?: \[(?P<former>\S+)\])? \((?P<new>\S+) ", re.MULTILINE)


class Change(TypedDict):
    """A package and its versions; C(former) is empty where it came newly."""

    name: str
    former: str
    new: str


class Kept(TypedDict):
    """What the folder's list says: the last upgrade, and versions that were taken back by their packages."""

    upgraded: list[Change]
    taken_back: dict[str, str]


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["upgraded", "taken_back"], "default": "upgraded"},
            "folder": {"type": "path", "default": "/var/lib/mailpair/upgrade"},
        },
        supports_check_mode=True,
    )
    Upgrade(module, module.params["folder"]).run(module.params["state"])


class Upgrade:
    """The packages of this host, and the folder with their former versions."""

    def __init__(self, module: AnsibleModule, folder: str) -> None:
        """Touches nothing yet."""
        self._module, self._folder = module, folder
        self._list = os.path.join(folder, "list.json")
        self._kept = self._read()

    def run(self, state: str) -> None:
        """Do it, and end the module."""
        changes = self._upgrade() if state == "upgraded" else self._take_back()
        self._module.exit_json(
            changed=bool(changes),
            packages=[_shown(each) for each in changes],
            held=sorted(self._kept["taken_back"]),
            restart_required=os.path.exists(RESTART_REQUIRED),
        )

    def _upgrade(self) -> list[Change]:
        if not self._module.check_mode:
            self._call(["dpkg", "--configure", "--pending", "--force-confold"])
            self._call([*APT, "update"])
            self._let_go()
        upgrade = [*APT, *KEEP_SETTINGS, "--with-new-pkgs", "upgrade"]
        said = self._call([*upgrade, "--simulate", "-o", "Debug::NoLocking=1"])
        changes = announced(said)
        if not changes or self._module.check_mode:
            return changes
        # Most of what goes wrong does so here, where nothing has changed yet; the way back from the last upgrade stays.
        if wrong := self._wrong([*upgrade, "--download-only"], changes):
            self._fail(wrong, [])
        self._keep([each for each in changes if each["former"]])
        self._kept["upgraded"] = changes
        self._write()
        if wrong := self._wrong(upgrade, changes):
            # What it has changed until then is alone to be taken back.
            self._kept["upgraded"] = [each for each in changes if not self._is_as_before(each)]
            self._write()
            self._fail(wrong, self._kept["upgraded"])
        return changes

    def _wrong(self, command: list[str], changes: list[Change]) -> str:
        """Run apt-get, and say what went wrong; empty: nothing did."""
        code, out, error = self._module.run_command(command, environ_update=ENVIRONMENT)
        if code == 0:
            return ""
        lines = (error or out).strip().splitlines()[-5:]
        return f"{', '.join(map(_shown, changes))}: apt-get ended with {code}: {' / '.join(lines)}"

    def _is_as_before(self, change: Change) -> bool:
        version, status = self._installed(change["name"])
        if not change["former"]:
            return status in {"", "not-installed"}
        return (version, status) == (change["former"], "installed")

    def _installed(self, name: str) -> tuple[str, str]:
        """A package's version and status in dpkg's words; empty where dpkg knows nothing of it."""
        show = ["dpkg-query", "--show", "--showformat", "${Version} ${db:Status-Status}", name]
        code, out, _ = self._module.run_command(show, environ_update=ENVIRONMENT)
        version, _, status = ("" if code else out).rpartition(" ")
        return version, status

    def _take_back(self) -> list[Change]:
        # What goes is what is there: a security update may have followed the upgrade.
        changes = [
            Change(name=each["name"], former=each["former"], new=self._installed(each["name"])[0] or each["new"])
            for each in self._kept["upgraded"]
            if each["former"]
        ]
        if not changes or self._module.check_mode:
            return changes
        # dpkg and not apt: it installs over packages whose configuration failed.
        self._call(["dpkg", "--force-downgrade", "--force-confold", "--install", *self._files(changes)])
        self._call(["apt-mark", "hold", *(each["name"] for each in changes)])
        self._kept["taken_back"] |= {each["name"]: each["new"] for each in changes}
        self._kept["upgraded"] = []
        self._write()
        return changes

    def _let_go(self) -> None:
        """Hold no package of which there is another version than the one that was taken back."""
        for name, refused in sorted(self._kept["taken_back"].items()):
            policy = self._call(["apt-cache", "policy", name])
            candidate = re.search(r"^ +Candidate: (\S+)$", policy, re.MULTILINE)
            if not candidate or candidate[1] != refused:
                self._call(["apt-mark", "unhold", name])
                del self._kept["taken_back"][name]
        self._write()

    def _keep(self, changes: list[Change]) -> None:
        """Put the installed version of each package into the folder; nothing but it is there afterwards."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._kept["upgraded"] = []  # whose former versions have just gone
        self._write()
        for each in changes:
            version = f"{each['name']}={each['former']}"
            before = self._files()
            # A mirror has the newest version of a release alone, so what is installed may be had from here alone.
            if (
                self._module.run_command([*APT, "download", version], cwd=self._folder, environ_update=ENVIRONMENT)[0]
                != 0
            ):
                self._module.run_command(["dpkg-repack", each["name"]], cwd=self._folder, environ_update=ENVIRONMENT)
            if self._files() == before:
                self._fail(
                    f"{version}: is neither to be had nor to be packed, so there would be no way back; nothing was "
                    "upgraded. Look what dpkg-repack says of it",
                    [],
                )

    def _files(self, changes: list[Change] | None = None) -> list[str]:
        """Packages that are kept: all of them, or those of some changes."""
        files = sorted(glob.glob(os.path.join(glob.escape(self._folder), "*.deb")))
        names = {each["name"].partition(":")[0] for each in changes or ()}
        # A package's file is called NAME_VERSION_ARCHITECTURE.deb.
        return [each for each in files if changes is None or os.path.basename(each).partition("_")[0] in names]

    def _read(self) -> Kept:
        try:
            with open(self._list, encoding="utf-8") as file:
                kept: Kept = json.load(file)
                return kept
        except FileNotFoundError:
            return {"upgraded": [], "taken_back": {}}

    def _write(self) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        with open(f"{self._list}.new", "w", encoding="utf-8") as file:
            json.dump(self._kept, file, indent=1)
        os.replace(f"{self._list}.new", self._list)

    def _call(self, command: list[str]) -> str:
        out: str = self._module.run_command(command, check_rc=True, environ_update=ENVIRONMENT)[1]
        return out

    def _fail(self, msg: str, changes: list[Change]) -> None:
        result: dict[str, Any] = {"packages": [_shown(each) for each in changes]}
        self._module.fail_json(msg=msg, changed=bool(changes), **result)


def announced(simulation: str) -> list[Change]:
    """Read what apt-get says that it would do."""
    return [
        Change(name=each["name"], former=each["former"] or "", new=each["new"]) for each in _LINE.finditer(simulation)
    ]


def _shown(change: Change) -> str:
    former = f"{change['former']} " if change["former"] else ""
    return f"{change['name']} {former}-> {change['new']}"


if __name__ == "__main__":
    main()
