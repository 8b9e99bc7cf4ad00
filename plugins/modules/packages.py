# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that start nothing when they are installed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: packages
short_description: Install Debian packages without starting what they bring
description:
  - Asks dpkg first, which takes a fraction of the time that opening APT's cache does, and neither needs nor fetches
    package lists where nothing is missing, so a run succeeds while the mirror is away.
  - What is missing is installed in one go, without recommended packages. While that lasts, C(policy-rc.d) forbids that
    services are started, so nothing listens before it is configured.
options:
  name:
    description: Packages; C(name>=version) where an older one will not do.
    type: list
    elements: str
    required: true
attributes:
  check_mode: {support: full, description: Says what would be installed.}
  diff_mode: {support: none, description: There is nothing to compare.}
"""

EXAMPLES = r"""
- name: Dovecot is there
  mailpair.mail.packages:
    name: [dovecot-core>=1:2.4.1, dovecot-imapd]
"""

RETURN = r"""
missing:
  description: Packages that were not there, or too old.
  returned: always
  type: list
  elements: str
"""

import contextlib
import os
from collections.abc import Iterator

from ansible.module_utils.basic import AnsibleModule

POLICY = "/usr/sbin/policy-rc.d"
FORBID = "#!/bin/sh\n# Nothing starts while packages are installed.\nexit 101\n"
APT = ["apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"]


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={"name": {"type": "list", "elements": "str", "required": True}}, supports_check_mode=True
    )
    names: list[str] = module.params["name"]
    missing = lacking(module, names)
    if not missing and not module.check_mode:
        allow_again()
    if missing and not module.check_mode:
        install(module, [name.partition(">=")[0] for name in missing])
        still = lacking(module, missing)
        if still:
            module.fail_json(
                msg=f"{', '.join(still)}: Debian has no such version for this host; it must run Debian 13 with its "
                "security updates among its package sources"
            )
    module.exit_json(changed=bool(missing), missing=missing)


def lacking(module: AnsibleModule, names: list[str]) -> list[str]:
    """Those of the packages that are not installed, or too old."""
    plain = [name.partition(">=")[0] for name in names]
    query = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\\n"]
    # It fails for names it does not know, and prints the others all the same.
    _, out, _ = module.run_command([*query, *plain])
    installed = {
        package: version
        for package, status, version in (line.split(" ") for line in out.splitlines() if line.count(" ") == 2)
        if status == "installed"
    }
    return [name for name in names if not _suffices(module, installed, *name.partition(">=")[::2])]


def _suffices(module: AnsibleModule, installed: dict[str, str], package: str, least: str) -> bool:
    if package not in installed:
        return False
    if not least:
        return True
    code: int = module.run_command(["dpkg", "--compare-versions", installed[package], "ge", least])[0]
    return code == 0


def install(module: AnsibleModule, packages: list[str]) -> None:
    """Install packages, after what an interrupted run may have left half done.

    Lists of packages are fetched first, since old ones name files that mirrors no longer have.
    """
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    with nothing_starts():
        for command in (
            ["dpkg", "--configure", "--pending", "--force-confold"],
            [*APT, "update"],
            [*APT, "install", "--no-install-recommends", *packages],
        ):
            module.run_command(command, check_rc=True, environ_update=environment)


@contextlib.contextmanager
def nothing_starts() -> Iterator[None]:
    """Forbid starting services; an administrator's own policy is put back afterwards, also after an interrupted run."""
    kept = f"{POLICY}.mailpair"
    if os.path.lexists(POLICY) and not os.path.lexists(kept) and not _is_ours():
        os.rename(POLICY, kept)
    with open(POLICY, "w", encoding="ascii") as file:
        file.write(FORBID)
    os.chmod(POLICY, 0o755)  # noqa: S103 -- anyone may read it, as Debian's own scripts do
    try:
        yield
    finally:
        allow_again()


def allow_again() -> None:
    """Take away what forbids starting services, also where a run that was killed has left it behind."""
    if not os.path.lexists(POLICY) or not _is_ours():
        return
    kept = f"{POLICY}.mailpair"
    if os.path.lexists(kept):
        os.rename(kept, POLICY)
    else:
        os.unlink(POLICY)


def _is_ours() -> bool:
    with open(POLICY, encoding="ascii", errors="replace") as file:
        return file.read() == FORBID


if __name__ == "__main__":
    main()
