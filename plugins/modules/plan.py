# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name; nothing of it runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Read a site's documents and plan this host
description:
  - Runs on the controller alone. Reads C(site.yml) and C(mailboxes.yml), checks them and the inventory against each
    other, and sets the fact C(mailpair_plan), from which the roles of this collection take their values.
  - Fails with all errors of the documents at once, before any host is touched.
  - Makes the passwords that mailboxes lack, on the controller, and fails where a secret of the site can't be read.
options:
  site_dir:
    description: >-
      The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
attributes:
  check_mode: {support: full, description: It changes no host.}
  diff_mode:
    support: full
    description: >-
      It shows the settings that differ from those that were last applied to this host; in check mode it says changed
      if there are any, so that Ansible prints them.
notes:
  - Servers are the hosts of the groups C(client_access) and C(mailbox). A host's variable C(mailpair_fqdn) is its
    name (by default its inventory name in the first accepted domain), C(mailpair_addresses) where its peers reach it
    (by default C(ansible_host)).
"""

EXAMPLES = r"""
- name: Plan the site
  hosts: client_access:mailbox
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Read the site's documents
      mailpair.mail.plan:
"""

RETURN = r"""
ansible_facts:
  description: The plan.
  returned: success
  type: dict
  contains:
    mailpair_plan:
      description: For each role of this host, its name and its values. No secrets.
      type: dict
"""
