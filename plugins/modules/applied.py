# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name; nothing of it runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: applied
short_description: Remember what was applied to this host
description:
  - Runs on the controller alone, at the end of a run. Keeps the site's settings and the host's plan in the site's
    private folder, so that C(python -m mailpair check) can tell what the next run would change. No secret is among
    them.
  - Keeps nothing in check mode, nor where the documents were changed since M(mailpair.mail.plan) read them.
options:
  site_dir:
    description: >-
      The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
  mailboxes_alone:
    description: Whether the run brought mailboxes and nothing else to the host.
    type: bool
    default: false
  mailbox_alone:
    description: >-
      Whether the run brought one mailbox and nothing else to the host, with M(mailpair.mail.mailbox). When this module
      ends the host's Dovecot has noticed it.
    type: bool
    default: false
attributes:
  check_mode: {support: full, description: It changes no host.}
"""

EXAMPLES = r"""
- name: Remember what was applied
  hosts: client_access:mailbox
  gather_facts: false
  tasks:
    - name: Settings and plan
      mailpair.mail.applied:
"""

RETURN = r"""
kept:
  description: Whether it was kept.
  returned: success
  type: bool
"""
