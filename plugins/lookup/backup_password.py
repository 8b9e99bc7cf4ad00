# SPDX-License-Identifier: GPL-3.0-or-later
"""The password of a back end's backups, as a file's text."""

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_password
short_description: The password of a back end's backups
description:
  - Reads C(private/backup/NAME) of the site's folder on the controller, and makes it where it is missing.
  - The result is a password; use it with C(no_log).
options:
  _terms:
    description: Names of back ends.
    required: true
    type: list
    elements: str
  site_dir:
    description: The site's folder.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Backups have their password
  mailpair.mail.files:
    files:
      - path: /etc/backup-password
        content: "{{ lookup('mailpair.mail.backup_password', inventory_hostname, site_dir=mailpair_site_dir) }}"
        mode: "0600"
  no_log: true
"""

RETURN = r"""
_raw:
  description: A line for each name.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from mailpair.state import SiteState, StateError


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """One line a name."""
        self.set_options(var_options=variables, direct=kwargs)
        state = SiteState(Path(self.get_option("site_dir")))
        try:
            return [f"{state.backup_password(str(term))}\n" for term in terms]
        except StateError as error:
            raise AnsibleLookupError(str(error)) from None
