# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host shows, and whom it trusts, when it fetches certificates by ACME, as a module's arguments."""

from __future__ import annotations

DOCUMENTATION = r"""
name: acme
short_description: The files that a host fetches certificates with
description:
  - Reads files of the site's private folder on the controller, credentials and certificates of CAs, and returns them as
    C(mailpair.mail.files) takes them.
  - The result holds keys; use it with C(no_log).
options:
  _terms:
    description: >-
      Files, each a dictionary with C(kind), credential or ca; C(name), the file's name in the folder of its kind; and
      C(path), where it goes on the host.
    required: true
    type: list
    elements: dict
  site_dir:
    description: The site's folder.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: The key that changes of the zone are signed with
  mailpair.mail.files:
    files: "{{ query('mailpair.mail.acme', file, site_dir=mailpair_site_dir) }}"
  vars:
    file: {kind: credential, name: tsig, path: /etc/mailpair/acme/tsig}
  no_log: true
"""

RETURN = r"""
_raw:
  description: The arguments of a file for each term.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from mailpair import private_files
from mailpair.state import SiteState, StateError


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, str]]:
        """One entry a term."""
        self.set_options(var_options=variables, direct=kwargs)
        state = SiteState(Path(self.get_option("site_dir")))
        try:
            return [_file(state, term) for term in terms]
        except StateError as error:
            raise AnsibleLookupError(str(error)) from None


def _file(state: SiteState, term: dict[str, Any]) -> dict[str, str]:
    name = str(term["name"])
    if term["kind"] == "credential":
        content = ":".join(state.credential(name)) + "\n"
    else:
        content = private_files.read(state.certificate_file(name))
    return {"path": str(term["path"]), "content": content, "mode": "0600"}
