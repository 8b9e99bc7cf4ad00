# SPDX-License-Identifier: GPL-3.0-or-later
"""What was last applied to a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: last_applied
short_description: The plan of a role as it was last applied to a host
description:
  - Reads C(private/applied/HOST.json) of the site's folder on the controller. It outlives the host, so it tells a new
    machine of a known name from a new name.
options:
  _terms:
    description: Names of hosts.
    required: true
    type: list
    elements: str
  role:
    description: The role.
    type: str
    required: true
  site_dir:
    description: The site's folder.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Which backups were taken
  ansible.builtin.debug:
    msg: "{{ lookup('mailpair.mail.last_applied', inventory_hostname, role='backup', site_dir=mailpair_site_dir) }}"
"""

RETURN = r"""
_raw:
  description: A plan for each name; an empty one where nothing was applied to it yet, or not this role.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from mailpair.applied import last_applied
from mailpair.state import SiteState, StateError


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """One plan a name."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            applied = last_applied(SiteState(Path(self.get_option("site_dir"))))
        except StateError as error:
            raise AnsibleLookupError(str(error)) from None
        role = self.get_option("role")
        return [applied[term].plan.get(role, {}) if term in applied else {} for term in terms]
