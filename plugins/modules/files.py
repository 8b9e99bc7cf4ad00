# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that services read by themselves when they change."""

from __future__ import annotations

DOCUMENTATION = r"""
module: files
short_description: Put files in place that need no reload
description:
  - Makes folders and replaces files, each in one step and on stable storage before anyone sees it.
  - For files that a service reads anew when they change, a directory of accounts for example. It shows no content, so
    it suits secrets, together with C(no_log).
options:
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
  absent:
    description: Files that must not be there.
    type: list
    elements: path
    default: []
attributes:
  check_mode: {support: full, description: Reports what would change.}
  diff_mode: {support: none, description: The content may be secret.}
"""

EXAMPLES = r"""
- name: Accounts for IMAP
  mailpair.mail.files:
    folders:
      - {path: /etc/accounts, group: dovecot, mode: '0750'}
    files: "{{ query('mailpair.mail.directory', 'imap', site_dir=mailpair_site_dir, folder='/etc/accounts') }}"
  no_log: true
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: [replaced /etc/accounts/imap]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.files import make_folders, owned, remove, wanted


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "folders": {"type": "list", "elements": "dict", "default": [], "options": owned("0755")},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"content": {"type": "str", "required": True}, **owned("0644")},
            },
            "absent": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    actions = make_folders(module.params["folders"], pretend=module.check_mode)
    for file in map(wanted, module.params["files"]):
        if not file.is_there():
            actions.append(f"replaced {file.path}")
            if not module.check_mode:
                os.makedirs(os.path.dirname(file.path), mode=0o755, exist_ok=True)
                try:
                    file.put()
                except OSError as error:
                    module.fail_json(msg=f"{error.filename}: {error.strerror}")
    for path in module.params["absent"]:
        if os.path.lexists(path):
            actions.append(f"removed {path}")
            if not module.check_mode:
                remove(path)
    module.exit_json(changed=bool(actions), actions=actions)


if __name__ == "__main__":
    main()
