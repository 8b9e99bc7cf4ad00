# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins of a site at its smart hosts, as text for Postfix."""

from __future__ import annotations

DOCUMENTATION = r"""
name: credentials
short_description: Logins of a site at its smart hosts, as the text of a map
description:
  - Reads files under C(private/credentials) of the site's folder on the controller, each one line C(user:password), and
    makes the text of a map that Postfix looks a smart host's login up in.
  - The result holds passwords; use it with C(no_log).
options:
  _terms:
    description: >-
      Logins, each a dictionary with C(name), the name of a file, and C(hosts), the smart hosts as Postfix names them.
    required: true
    type: list
    elements: dict
  site_dir:
    description: The site's folder.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Postfix can sign in to smart hosts
  mailpair.mail.files:
    files:
      - path: /etc/postfix/credentials
        content: "{{ lookup('mailpair.mail.credentials', login, site_dir=mailpair_site_dir) }}"
        mode: "0600"
  vars:
    login: {name: relay, hosts: ["[relay.fabrikam.com]:587"]}
  no_log: true
"""

RETURN = r"""
_raw:
  description: The text of the map, for all terms together.
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

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """One text for all terms."""
        self.set_options(var_options=variables, direct=kwargs)
        state = SiteState(Path(self.get_option("site_dir")))
        logins: dict[str, str] = {}
        try:
            for term in terms:
                login = ":".join(state.credential(str(term["name"])))
                for host in term["hosts"]:
                    if logins.setdefault(str(host), login) != login:
                        raise AnsibleLookupError(
                            f"send_connectors: {host}: must have one login; "
                            "give its connectors the same authentication_credential"
                        )
        except StateError as error:
            raise AnsibleLookupError(str(error)) from None
        return ["".join(f"{host} {login}\n" for host, login in logins.items())]
