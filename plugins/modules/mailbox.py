# SPDX-License-Identifier: GPL-3.0-or-later
"""One mailbox, in the files that say who has one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox
short_description: Bring one mailbox to this host, as the site's documents have it
description:
  - Finds one mailbox in the site's documents on the controller and, on the host, puts its lines, entries and rows in
    the place of former ones in files that are there already. What it leaves is what a run for all mailboxes leaves.
  - Each file is replaced in one step, or changed in one transaction; services read it, and sessions of a mailbox that
    changed or went end, as with M(mailpair.mail.accounts). All of that is done when the module ends.
  - A mailbox that is no longer in the documents goes from the host. Its mail and its password stay.
  - It shows no content, so it suits secrets, together with C(no_log).
options:
  address:
    description: The mailbox's address.
    type: str
    required: true
  site_dir:
    description: >-
      The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
  only_look:
    description: Whether to change nothing, and say only whether the files are there; it opens the connection as well.
    type: bool
    default: false
  services:
    description: >-
      What is told of the mailbox, as C(mailpair.plan.one_mailbox) has it. Found in the documents; not to be given.
    type: list
    elements: dict
    default: []
attributes:
  check_mode: {support: full, description: Reports what would change.}
  diff_mode: {support: none, description: The content may be secret.}
"""

EXAMPLES = r"""
- name: Bring the mailbox
  mailpair.mail.mailbox:
    address: carol@contoso.com
  no_log: true
"""

RETURN = r"""
noticed_in:
  description: >-
    Seconds until Dovecot has noticed passwd-files that were replaced; it looks once in a second of the clock whether
    they are others. M(mailpair.mail.applied) waits until then.
  returned: success, unless only looked
  type: float
  sample: 0.4
actions:
  description: What was done, or would be in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: [replaced /etc/mailpair/directory/accounts.db]
ansible_facts:
  description: The settings that were brought, for M(mailpair.mail.applied).
  returned: success
  type: dict
  contains:
    mailpair_one_mailbox:
      description: >-
        Its address; its settings as text by their paths, none if it is gone; and when Dovecot has noticed it, on the
        controller's monotonic clock.
      type: dict
"""

import os
import sqlite3
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.accounts import SettleError, settle
from ansible_collections.mailpair.mail.plugins.module_utils.files import Wanted, read
from ansible_collections.mailpair.mail.plugins.module_utils.one_mailbox import with_entries, with_lines
from ansible_collections.mailpair.mail.plugins.module_utils.tables import Stored, stored

OWNER = "root"  # of all such files


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "address": {"type": "str", "required": True},
            "site_dir": {"type": "path"},
            "only_look": {"type": "bool", "default": False},
            "services": {"type": "list", "elements": "dict", "default": []},
        },
        supports_check_mode=True,
    )
    run(module)


def run(module: AnsibleModule) -> None:
    """Make all files anew, then put those of each service in place, and end the module."""
    services: list[dict[str, Any]] = module.params["services"]
    files = [[_wanted(module, file) for file in each["files"]] for each in services]
    actions: list[str] = []
    if module.params["only_look"]:
        module.exit_json(changed=False, actions=actions)
    try:
        for service, wanted in zip(services, files, strict=True):
            params = {**service, "folders": []}
            actions += settle(params, wanted, module.run_command, pretend=module.check_mode)
    except SettleError as error:
        module.fail_json(msg=str(error), rc=error.code)
    lines = [file for each in files for file in each if isinstance(file, Wanted)]
    replaced = max((os.stat(file.path).st_ctime for file in lines), default=0.0)
    module.exit_json(changed=bool(actions), actions=actions, noticed_in=max(0.0, int(replaced) + 1 - time.time()))


def _wanted(module: AnsibleModule, file: dict[str, Any]) -> Wanted | Stored:
    rows = stored({**file, "owner": OWNER}, file["tables"], file["owners"]) if file["tables"] else None
    content = None if rows else read(file["path"])
    there = False
    try:
        there = (rows.found if rows else content) is not None
    except sqlite3.Error as error:
        module.fail_json(msg=f"{file['path']}: {error}; nothing was changed, run it again")
    if not there:
        rule = "missing, or not as this version makes it: must be there before one mailbox is brought"
        module.fail_json(msg=f"{file['path']}: {rule}; run playbooks/site.yml first")
    if rows:
        return rows
    text = (content or b"").decode()
    text = with_lines(text, file["lines"]) if file["lines"] else with_entries(text, file["entries"])
    return Wanted(file["path"], text.encode(), OWNER, file["group"], int(file["mode"], 8))


if __name__ == "__main__":
    main()
