# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name; nothing of it runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_report
short_description: Say which health sets of a site are healthy, and what mends the others
description:
  - Runs on the controller alone, once for all hosts. Takes what M(mailpair.mail.health_seen) and
    M(mailpair.mail.certificates_seen) have seen on each of them, and shows a table with a line for each health set, as
    C(Get-HealthReport) does, followed by a line for each thing that is wrong and what to do about it.
  - C(Unhealthy) is what does not work or will not before long; it fails the task. C(Degraded) is what somebody should
    look after, and fails nothing.
options:
  seen:
    description: The name of the variable in which each host's answer of M(mailpair.mail.health_seen) was registered.
    type: str
    required: true
  certificates:
    description: The same of M(mailpair.mail.certificates_seen).
    type: str
    required: true
  json:
    description: Whether to show one line of JSON in place of the table.
    type: bool
    default: false
  site_dir:
    description: The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
attributes:
  check_mode: {support: full, description: It changes nothing, and runs all the same.}
"""

EXAMPLES = r"""
- name: Look at the site's health
  hosts: client_access:mailbox
  gather_facts: false
  become: true
  tasks:
    - name: See what is in files and at ports
      mailpair.mail.certificates_seen:
      register: certificates
    - name: Try what is served
      mailpair.mail.health_seen:
      register: seen
    - name: Say what is wrong and what to do
      mailpair.mail.health_report:
        seen: seen
        certificates: certificates
      run_once: true
"""

RETURN = r"""
health_sets:
  description: All health sets, by host.
  returned: always
  type: list
  elements: dict
  contains:
    server: {description: The host., type: str}
    health_set: {description: Its name., type: str}
    alert_value: {description: "C(Healthy), C(Degraded) or C(Unhealthy).", type: str}
problems:
  description: What is wrong.
  returned: always
  type: list
  elements: dict
  contains:
    server: {description: The host., type: str}
    health_set: {description: The health set that it is of., type: str}
    alert_value: {description: "C(Degraded) or C(Unhealthy).", type: str}
    place: {description: Where., type: str}
    value: {description: What is there., type: str}
    rule: {description: What must hold., type: str}
    remedy: {description: What to do., type: str}
"""
