# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of an administrator with certificates: read on the controller, decrypted by ansible-vault if need be."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from mailpair.provided import UnreadableError, known_roots, problems
from mailpair.site import Site
from mailpair.state import SiteState, StateError


def reader(state: SiteState, loader: Any) -> Callable[[str], str]:
    """A function that reads a file under ``private/certificates``; it raises UnreadableError."""

    def read(name: str) -> str:
        try:
            path = state.certificate_file(name)
        except StateError as error:
            raise UnreadableError("must be a file under private/certificates", str(error)) from None
        try:
            return str(loader.get_text_file_contents(str(path)))
        except (AnsibleError, UnicodeDecodeError):
            raise UnreadableError(
                "must be text, or encrypted by ansible-vault with a password that is given to this run",
                "give it with --vault-password-file",
            ) from None

    return read


def wrong(site: Site, state: SiteState, loader: Any) -> list[str]:
    """All that is wrong with provided certificates, a line each. Known roots are those that this machine trusts."""
    trusted = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    roots = known_roots(Path(trusted).read_bytes()) if Path(trusted).exists() else ()
    return [str(each) for each in problems(site, reader(state, loader), roots, datetime.now(UTC))]
