# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that front ends check passwords against, as text for a file of theirs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: directory
short_description: Accounts of a site that may sign in, as the text of a file
description:
  - Reads the site's mailboxes and the hashes of their passwords on the controller. The result holds nobody who may not
    sign in over a protocol, so a refused account gets the same answer as a wrong password.
  - The result holds hashes; use it with C(no_log).
options:
  _terms:
    description: >-
      V(logins) is the content of a file of tables for M(mailpair.mail.accounts), with a row for each protocol that
      somebody may sign in over. V(imap) and V(pop3) are for users' mailboxes for which the protocol is on, V(smtp) and
      V(portal), the page at which users look up their settings, for all users' mailboxes. V(stamps) is the text of a
      file for programs that end sessions, with a line C(ADDRESS:STAMP) for each that C(smtp) is for; the stamp is
      another once the password is.
    required: true
    type: list
    elements: str
    choices: [logins, stamps]
  site_dir:
    description: The site's folder.
    type: path
    required: true
  back_ends:
    description: >-
      Full names of back ends by their names in the inventory. With them each row says where its mailbox is, which a
      proxy needs to know.
    type: dict
"""

EXAMPLES = r"""
- name: Accounts are known
  mailpair.mail.accounts:
    service: dovecot
    tables:
      - path: /etc/accounts.db
        content: "{{ lookup('mailpair.mail.directory', 'logins', site_dir=mailpair_site_dir) }}"
        group: dovecot
        in_place: true
  no_log: true
"""

RETURN = r"""
_raw:
  description: The whole text of the file, one for each term.
  type: list
  elements: str
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from mailpair.plan.accounts import LOGINS, accounts, logins, stamps
from mailpair.plan.tables import Table
from mailpair.site import SiteError, load
from mailpair.state import SiteState, StateError


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """One text a term."""
        self.set_options(var_options=variables, direct=kwargs)
        site_dir, back_ends = Path(self.get_option("site_dir")), self.get_option("back_ends")
        try:
            site, state = load(site_dir), SiteState(site_dir)
            hashes = state.password_hashes([mailbox.address for mailbox in accounts(site, "smtp")])
            made = {
                LOGINS: lambda: _written(logins(site, hashes.__getitem__, back_ends)),
                "stamps": lambda: stamps(site, hashes.__getitem__),
            }
            for term in terms:
                if term not in made:
                    raise AnsibleLookupError(f"{term!r} must be one of {', '.join(made)}")
            return [made[term]() for term in terms]
        except (SiteError, StateError) as error:
            raise AnsibleLookupError(f"{site_dir}: {error}") from None


def _written(table: Table) -> str:
    # What is in the rows of 100,000 accounts is plain already.
    return json.dumps({LOGINS: {each.name: getattr(table, each.name) for each in fields(table)}})
