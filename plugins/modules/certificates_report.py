# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name; nothing of it runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates_report
short_description: Say what is right and wrong about the certificates of a site
description:
  - Runs on the controller alone, once for all hosts. Takes what M(mailpair.mail.certificates_seen) has seen on each of
    them, and shows one table, followed by a line for each warning and each error.
  - It is an error where a port shows something else than its file holds, where it shows nothing, where a certificate is
    not for the name that was asked for, and where a host could not be asked.
  - A certificate that somebody has to renew, and one that issues others, is warned of with less than 21 days left, and
    an error with less than 7. One that renews itself does so with a third of its life left; it is warned of with less
    than three tenths of its life left, and an error with less than a sixth, and never earlier than the others.
  - A host's clock that differs from the controller's is warned of from a minute on, and an error from an hour on.
  - Fails when there is an error.
options:
  seen:
    description: The name of the variable in which each host's answer was registered.
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
- name: Look at certificates
  hosts: client_access:mailbox
  gather_facts: false
  become: true
  tasks:
    - name: See what is in files and at ports
      mailpair.mail.certificates_seen:
      register: seen
    - name: Say what is right and wrong
      mailpair.mail.certificates_report:
        seen: seen
      run_once: true
"""

RETURN = r"""
at:
  description: When it was looked at.
  returned: always
  type: str
certificates:
  description: What is in files and what ports show.
  returned: always
  type: list
  elements: dict
  contains:
    host: {description: The host; C(controller) for the CA itself., type: str}
    service: {description: "IMAP, POP, SMTP, LMTP or quota; C(file) or C(CA).", type: str}
    place: {description: An address and a port, or a file., type: str}
    asked_for: {description: The name that was asked for (SNI)., type: str}
    file: {description: The file that it should be from., type: str}
    source: {description: Who renews it., type: str}
    names: {description: What it is valid for., type: list}
    issuer: {description: The common name of what issued it., type: str}
    serial: {description: Its serial number in hexadecimal digits., type: str}
    not_before: {description: When it begins to be valid., type: str}
    not_after: {description: When it ends., type: str}
    days_left: {description: Whole days until then., type: int}
    key: {description: The algorithm and size of its key., type: str}
    agrees: {description: Whether the port shows what the file holds., type: bool}
problems:
  description: What a person should know.
  returned: always
  type: list
  elements: dict
  contains:
    level: {description: C(warning) or C(error)., type: str}
    place: {description: Where., type: str}
    value: {description: What is there., type: str}
    rule: {description: What must hold., type: str}
    remedy: {description: What to do., type: str}
"""
