# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a program that runs on hosts, as a module's arguments."""

from __future__ import annotations

DOCUMENTATION = r"""
name: program
short_description: The files of a program of this collection that runs on hosts
description:
  - Reads a package under C(hostside) of this collection, or the one C(portal) beside it, and returns its files as
    C(mailpair.mail.service) and C(mailpair.mail.files) take them. C(python3 -m NAME) runs it where C(PYTHONPATH) is
    the folder.
options:
  _terms:
    description: Names of packages.
    type: list
    elements: str
    required: true
  folder:
    description: Where packages go on the host.
    type: path
    default: /usr/local/lib/mailpair
"""

EXAMPLES = r"""
- name: Sessions are watched
  mailpair.mail.service:
    name: mailpair-sessions
    files: "{{ query('mailpair.mail.program', 'sessions') + other_files }}"
"""

RETURN = r"""
_raw:
  description: The arguments of a file for each file of the packages.
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "hostside"
PORTAL = "portal"


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, str]]:
        """One entry a file, in the order of their names."""
        self.set_options(var_options=variables, direct=kwargs)
        folder = self.get_option("folder")
        found = []
        for term in terms:
            package = (ROOT if term == PORTAL else PROGRAMS) / term
            files = sorted(file for file in package.rglob("*.*") if "__pycache__" not in file.parts)
            if not files:
                raise AnsibleLookupError(f"{term}: must be a package under {PROGRAMS}")
            found += [
                {"path": f"{folder}/{term}/{file.relative_to(package)}", "content": file.read_text("utf-8")}
                for file in files
            ]
        return found
