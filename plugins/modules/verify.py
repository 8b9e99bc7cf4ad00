#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name; nothing of it runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Use a front end as a user's mail program would
description:
  - Runs on the controller alone. Signs in to each service that is on at this front end, over each of its bindings, as
    C(Test-ImapConnectivity), C(Test-PopConnectivity) and C(Test-SmtpConnectivity) do.
  - Then, as C(Test-Mailflow) does, sends a message from a mailbox to itself, reads it over IMAP4 and over POP3, and
    removes it. It does so for one mailbox on each back end.
  - Certificates must be valid for the names that clients use, and issued by the site's CA.
  - Shows a table with a line for each step, and fails when a step fails, after all have been tried.
options:
  front_end:
    description: The front end to use, by its name in the inventory. By default the host that the task is for.
    type: str
  mailbox:
    description: >-
      The mailbox to use, whose password must be in C(private/passwords) of the site's folder. By default, for each back
      end, the first mailbox of kind user that may use all protocols that are on and whose password is there.
    type: str
  site_dir:
    description: The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
  timeout:
    description: Seconds that a connection, or a message on its way, may take.
    type: float
    default: 30
attributes:
  check_mode: {support: full, description: It changes nothing, and runs all the same.}
"""

EXAMPLES = r"""
- name: Verify front ends
  hosts: client_access
  gather_facts: false
  tasks:
    - name: Sign in, send and read
      mailpair.mail.verify:
"""

RETURN = r"""
report:
  description: A table with a line for each step.
  returned: always
  type: list
  elements: str
steps:
  description: What was tried, in order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: What was tried.
      type: str
    mailbox:
      description: With which mailbox.
      type: str
    passed:
      description: Whether it worked.
      type: bool
    milliseconds:
      description: How long it took.
      type: int
    reason:
      description: Why it failed; empty where it passed.
      type: str
"""
