# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that front ends check passwords against, as text for one protocol."""

from __future__ import annotations

DOCUMENTATION = r"""
name: directory
short_description: Accounts of a site that may sign in over a protocol, as a passwd-file
description:
  - Reads the site's mailboxes and the hashes of their passwords on the controller, and makes the text of a passwd-file
    for Dovecot. It holds nobody who may not sign in over the protocol, so a refused account gets the same answer as a
    wrong password.
  - The result holds hashes; use it with C(no_log).
options:
  _terms:
    description: >-
      V(imap) and V(pop3) list users' mailboxes for which the protocol is on, V(smtp) and V(portal), the page at which
      users look up their settings, all users' mailboxes. V(stamps) is the text of a file for programs that end
      sessions, with a line C(ADDRESS:STAMP) for each that V(smtp) lists; the stamp is another once the password is.
    required: true
    type: list
    elements: str
    choices: [imap, pop3, smtp, portal, stamps]
  site_dir:
    description: The site's folder.
    type: path
    required: true
  back_ends:
    description: >-
      Full names of back ends by their names in the inventory. With them each account says where its mailbox is, which a
      proxy needs to know.
    type: dict
  folder:
    description: >-
      Return the files of this folder, named after the protocols, as C(mailpair.mail.files) takes them, in place of
      texts. They are readable to Dovecot alone.
    type: path
"""

EXAMPLES = r"""
- name: Accounts are known
  mailpair.mail.files:
    files: "{{ query('mailpair.mail.directory', 'imap', 'pop3', site_dir=mailpair_site_dir, folder='/etc/accounts') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: The whole text of the passwd-file, one for each term, or with O(folder) the arguments of a file for each.
  type: list
  elements: raw
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from mailpair.plan.accounts import passwd_file, stamps
from mailpair.site import SiteError, load
from mailpair.state import SiteState, StateError


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """One text or file a term."""
        self.set_options(var_options=variables, direct=kwargs)
        site_dir, back_ends = Path(self.get_option("site_dir")), self.get_option("back_ends")
        try:
            site, state = load(site_dir), SiteState(site_dir)
            texts = [
                stamps(site, state.password_hash)
                if term == "stamps"
                else passwd_file(site, term, state.password_hash, back_ends)
                for term in terms
            ]
        except (SiteError, StateError, ValueError) as error:
            raise AnsibleLookupError(f"{site_dir}: {error}") from None
        folder = self.get_option("folder")
        if not folder:
            return list(texts)
        return [
            {"path": f"{folder}/{term}", "content": text, "group": "dovecot", "mode": "0640"}
            for term, text in zip(terms, texts, strict=True)
        ]
