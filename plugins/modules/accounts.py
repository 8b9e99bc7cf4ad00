# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that say who has a mailbox, and the sessions that a change of them concerns."""

from __future__ import annotations

DOCUMENTATION = r"""
module: accounts
short_description: Put a service's accounts in place, effective at once
description:
  - Replaces files in one step each, makes the running service read them where it does not do so by itself, and ends the
    sessions of accounts that have changed or gone. All of that is done when the module ends.
  - What a run that was interrupted left undone is done by the next one.
  - It shows no content, so it suits secrets, together with C(no_log).
options:
  service:
    description: The systemd unit that reads the files. While it does not run nothing is reloaded or kicked.
    type: str
    required: true
  folders:
    description: Folders to make before the files.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Where., type: path, required: true}
      owner: {description: A user on the host., type: str, default: root}
      group: {description: A group on the host., type: str, default: root}
      mode: {description: Permission bits, in octal., type: str, default: '0755'}
  files:
    description: Files to put in place.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Where., type: path, required: true}
      content: {description: The whole file., type: str, required: true}
      owner: {description: A user on the host., type: str, default: root}
      group: {description: A group on the host., type: str, default: root}
      mode: {description: Permission bits, in octal., type: str, default: '0644'}
  reload:
    description: Whether the service must be reloaded to read a changed file.
    type: bool
    default: false
  kick:
    description: >-
      A command that ends the sessions of the account whose name is put behind it. With it the files are passwd-files,
      and it runs for each account whose line is another than before, or is gone.
    type: list
    elements: str
    default: []
attributes:
  check_mode: {support: full, description: Reports what would change.}
  diff_mode: {support: none, description: The content may be secret.}
"""

EXAMPLES = r"""
- name: Accounts for IMAP
  mailpair.mail.accounts:
    service: dovecot
    files: "{{ query('mailpair.mail.directory', 'imap', site_dir=mailpair_site_dir, folder='/etc/accounts') }}"
    kick: [doveadm, kick]
  no_log: true
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: [replaced /etc/accounts/imap, ended the sessions of ada@contoso.test]
"""

import json
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.files import (
    Wanted,
    make_folders,
    owned,
    read,
    remove,
    wanted,
)

# What is still to be done once the files are in place; it outlives a run that is interrupted.
UNDONE = "/var/lib/mailpair/undone"
UNDONE_OWNER = ("root", "root")


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "required": True},
            "folders": {"type": "list", "elements": "dict", "default": [], "options": owned("0755")},
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"content": {"type": "str", "required": True}, **owned("0644")},
            },
            "reload": {"type": "bool", "default": False},
            "kick": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    run(module)


def run(module: AnsibleModule) -> None:
    """Do what is missing and end the module."""
    params: dict[str, Any] = module.params
    outdated = [file for file in map(wanted, params["files"]) if not file.is_there()]
    note = os.path.join(UNDONE, params["service"])
    concerned = {*json.loads(read(note) or b"[]")}
    unfinished = os.path.exists(note)
    if params["kick"]:
        concerned.update(name for file in outdated for name in changed(read(file.path) or b"", file.content))
    actions = make_folders(params["folders"], pretend=module.check_mode)
    actions.extend(f"replaced {file.path}" for file in outdated)
    active = module.run_command(["systemctl", "--quiet", "is-active", params["service"]])[0] == 0
    then = [["systemctl", "reload", params["service"]]] if params["reload"] else []
    then += [[*params["kick"], name] for name in sorted(concerned)]
    if active and (outdated or unfinished):
        actions.extend([f"reloaded {params['service']}"] if params["reload"] else [])
        actions.extend(f"ended the sessions of {name}" for name in sorted(concerned))
    if not module.check_mode and (outdated or unfinished):
        os.makedirs(UNDONE, mode=0o755, exist_ok=True)
        Wanted(note, json.dumps(sorted(concerned)).encode(), *UNDONE_OWNER, 0o600).put()
        for file in outdated:
            os.makedirs(os.path.dirname(file.path), mode=0o755, exist_ok=True)
            file.put()
        for command in then if active else []:
            _do(module, command)
        remove(note)
    module.exit_json(changed=bool(actions), actions=actions)


def changed(before: bytes, after: bytes) -> set[str]:
    """Names of the accounts whose line in a passwd-file is another than before, or is gone."""
    fresh = set(after.decode().splitlines())
    return {line.partition(":")[0] for line in before.decode().splitlines() if line and line not in fresh}


def _do(module: AnsibleModule, command: list[str]) -> None:
    code, out, err = module.run_command(command)
    if code:
        module.fail_json(msg=f"'{' '.join(command)}' ended with {code}: {(err or out).strip()}", rc=code)


if __name__ == "__main__":
    main()
