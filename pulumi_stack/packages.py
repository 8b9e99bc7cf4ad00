"""What the roles install: it is in the base image already, so that machines need not fetch it one by one."""

from __future__ import annotations

import re

from mailpair.plan import acme, base, client_access, mailbox, portal, receive_connector, upgrades

_OF_ROLES = (
    acme.PACKAGES,
    base.PACKAGES,
    client_access.PACKAGES,
    mailbox.PACKAGES,
    portal.PACKAGES,
    receive_connector.PACKAGES,
    receive_connector.SIGN_IN_PACKAGES,
    upgrades.PACKAGES,
)


def of_all_roles() -> tuple[str, ...]:
    """The names of the packages that any role may install, whatever the site says; sorted, each once."""
    return tuple(sorted({re.split("[<>=]", package)[0] for packages in _OF_ROLES for package in packages}))
