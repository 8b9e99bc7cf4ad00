# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that say who has a mailbox, and the sessions that a change of them concerns."""

from __future__ import annotations

DOCUMENTATION = r"""
module: accounts
short_description: Put a service's accounts in place, effective at once
description:
  - Replaces files in one step each, and tables in one transaction, makes the running service read them where it does
    not do so by itself, and ends the sessions of accounts that have changed or gone. All of that is done when the
    module ends.
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
    default: []
    suboptions:
      path: {description: Where., type: path, required: true}
      content: {description: The whole file., type: str, required: true}
      owner: {description: A user on the host., type: str, default: root}
      group: {description: A group on the host., type: str, default: root}
      mode: {description: Permission bits, in octal., type: str, default: '0644'}
  tables:
    description: SQLite files to put in place.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Where., type: path, required: true}
      content:
        description: >-
          JSON, by the names of tables mappings of C(columns), of C(key), those of them that tell rows apart, of
          C(owner), the one that says whose a row is, and of C(rows), lists of values.
        type: str
        required: true
      in_place:
        description: >-
          Whether a change is a transaction in the file, for a service that keeps it open and may write there. Otherwise
          the file is replaced in one step, for services that may only read, and look whether it is another.
        type: bool
        default: false
      owner: {description: A user on the host., type: str, default: root}
      group: {description: A group on the host., type: str, default: root}
      mode: {description: Permission bits, in octal., type: str, default: '0640'}
  reload:
    description: Whether the service must be reloaded to read a changed file.
    type: bool
    default: false
  kick:
    description: >-
      A command that ends the sessions of the account whose name is put behind it. It runs for each owner of a row of
      O(tables) that is another than before, or is gone, and for each account whose line in O(files) is; with it these
      are passwd-files.
    type: list
    elements: str
    default: []
  who:
    description: >-
      A command that says who has sessions, in lines that begin with the name of an account and a tab. With it, where
      several accounts are concerned, O(kick) runs for those of them who are signed in.
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
    tables:
      - path: /etc/accounts.db
        content: "{{ lookup('mailpair.mail.directory', 'logins', site_dir=mailpair_site_dir) }}"
        group: dovecot
        in_place: true
    kick: [doveadm, kick]
    who: [doveadm, -f, tab, who]
  no_log: true
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: [replaced /etc/accounts.db, ended the sessions of ada@contoso.test]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.accounts import SettleError, given, options, settle


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=options(), supports_check_mode=True)
    run(module)


def run(module: AnsibleModule) -> None:
    """Do what is missing and end the module."""
    params: dict[str, Any] = module.params
    files = given(params)
    actions: list[str] = []
    try:
        actions = settle(params, files, module.run_command, pretend=module.check_mode)
    except SettleError as error:
        module.fail_json(msg=str(error), rc=error.code)
    module.exit_json(changed=bool(actions), actions=actions)


if __name__ == "__main__":
    main()
