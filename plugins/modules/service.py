# SPDX-License-Identifier: GPL-3.0-or-later
"""One service: its files checked, put in place together, and loaded."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service
short_description: Put a service's files in place together and load them
description:
  - Takes all files of a service and the state it should be in, and does what is missing, in one task.
  - New files are laid out in a private folder and judged by the service's own checker before any of them replaces an
    old one. None of those that fail the check is put in place. O(accounts) are there by then, since the check may ask
    for them.
  - A running service is reloaded, never restarted, when what it has loaded differs from what it should have. That is
    known by a stamp, so a run that was interrupted between the files and the reload is made good by the next one, and
    a certificate that another task renewed is loaded too.
  - If the service does not take the new files, the old ones are put back and loaded.
options:
  name:
    description: The systemd unit, without C(.service).
    type: str
    required: true
  state:
    description: >-
      V(running) enables the service, starts it if it is not active and otherwise reloads it if its files changed.
      V(stopped) stops and disables it; its files are put in place all the same.
    type: str
    choices: [running, stopped]
    default: running
  accounts:
    description: >-
      Options of the module M(mailpair.mail.accounts), whose files are put in place before anything else. What they hold
      is no secret; a task that hides passwords would hide what else is wrong.
    type: dict
  users:
    description: System users to make first, each with a group of its own and nothing to sign in with.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Its name., type: str, required: true}
      home: {description: Its home, which is not made., type: path, required: true}
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
    description: All files of the service that this collection writes.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Where., type: path, required: true}
      content: {description: The whole file., type: str, required: true}
      owner: {description: A user on the host., type: str, default: root}
      group: {description: A group on the host., type: str, default: root}
      mode: {description: Permission bits, in octal., type: str, default: '0644'}
      reload:
        description: Whether the service must be reloaded to notice a change of this file.
        type: bool
        default: true
      marker:
        description: Only the lines between marks with this text are ours; the rest of the file stays as it is.
        type: str
  absent:
    description: Files that must not be there. A unit is stopped and disabled before its own file goes.
    type: list
    elements: path
    default: []
  watch:
    description: Files of others that the service reads, certificates for example; a change makes it reload.
    type: list
    elements: path
    default: []
  check:
    description: >-
      Commands that judge the files before they are used. C({staged}) stands for the folder in which the new files
      are laid out under their whole paths.
    type: list
    elements: list
    default: []
  loaded:
    description: >-
      Commands that succeed as long as an active service has its files loaded, for services whose work others can undo.
      It is loaded anew where one fails.
    type: list
    elements: list
    default: []
  reload:
    description: Commands that make the running service load its files; C(systemctl reload) by default.
    type: list
    elements: list
    default: []
  after:
    description: Commands to run after the service was started or reloaded.
    type: list
    elements: list
    default: []
  confirm:
    description: >-
      Commands that fail, and print why, if the service did not take the files, for services whose reload succeeds all
      the same. C({since}) stands for the time of the reload in seconds since the epoch.
    type: list
    elements: list
    default: []
  then:
    description: >-
      Further services, each with the options above, that belong to this one. Each waits until the one before it is as
      it should be, and is not touched if that fails. A task of its own would cost a connection and a start of Python.
    type: list
    elements: dict
    default: []
attributes:
  check_mode: {support: full, description: Reports what would change; checks the files where the checker is installed.}
  diff_mode: {support: partial, details: Not of O(accounts)., description: Shows the files that would be replaced.}
"""

EXAMPLES = r"""
- name: Dovecot serves what the plan says
  mailpair.mail.service:
    name: dovecot
    files:
      - path: /etc/dovecot/dovecot.conf
        content: "{{ lookup('ansible.builtin.template', 'dovecot.conf.j2') }}"
    watch: [/etc/mailpair/tls/server.pem]
    check:
      - [doveconf, -n, -c, "{staged}/etc/dovecot/dovecot.conf"]
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: [replaced /etc/dovecot/dovecot.conf, reloaded dovecot]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.services import Job, options, run


def main() -> None:
    """Entry point."""
    then = {"type": "list", "elements": "dict", "default": [], "options": options()}
    module = AnsibleModule(argument_spec={**options(), "then": then}, supports_check_mode=True)
    settle(module)


def settle(module: AnsibleModule) -> None:
    """Do what is missing of each service, one after the other, and end the module."""
    actions: list[str] = []
    diff: list[dict[str, str]] = []
    for params in (module.params, *module.params["then"]):
        diff.extend(run(Job(module, params, actions)))
    module.exit_json(changed=bool(actions), actions=actions, diff=diff)


if __name__ == "__main__":
    main()
