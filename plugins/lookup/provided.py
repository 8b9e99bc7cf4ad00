# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that an administrator provides, and their keys, as files for a front end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: provided
short_description: Certificates that an administrator provides, with their keys
description:
  - Reads files under C(private/certificates) of the site's folder on the controller, decrypts those that are encrypted
    by ansible-vault, and gives the files that a front end should have. A root behind a certificate is left out.
  - The result holds private keys; use it with C(no_log).
options:
  _terms:
    description: >-
      Pairs, each a dictionary with C(certificate_file) and C(key_file), names of files, and C(certificate) and C(key),
      where they go.
    required: true
    type: list
    elements: dict
  site_dir:
    description: The site's folder.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: What the administrator provides is there
  mailpair.mail.files:
    files: "{{ query('mailpair.mail.provided', pair, site_dir=mailpair_site_dir) }}"
  vars:
    pair:
      certificate_file: mail.pem
      key_file: mail.key
      certificate: /etc/mailpair/tls/mail.pem
      key: /etc/mailpair/tls/mail.key
  no_log: true
"""

RETURN = r"""
_raw:
  description: Files for M(mailpair.mail.files), each key before its certificate.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mailpair.mail.plugins.plugin_utils.provided import reader

from mailpair.provided import UnreadableError, served
from mailpair.state import SiteState


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, str]]:
        """Two files for each term."""
        self.set_options(var_options=variables, direct=kwargs)
        read = reader(SiteState(Path(self.get_option("site_dir"))), self._loader)
        files = []
        try:
            for each in terms:
                files.append({"path": str(each["key"]), "content": read(str(each["key_file"])), "mode": "0600"})
                certificate = served(read(str(each["certificate_file"])))
                files.append({"path": str(each["certificate"]), "content": certificate, "mode": "0644"})
        except UnreadableError as error:
            raise AnsibleLookupError("; ".join(map(str, error.args))) from None
        return files
