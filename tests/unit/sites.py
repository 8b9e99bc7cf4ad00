"""A site in which everything is as the records have it, to change in tests."""

from __future__ import annotations

from functools import cache

from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.site.build import build
from mailpair.site.model import Mailbox, SendConnector, Site
from mailpair.site.schema import check


@cache
def default_site() -> Site:
    """A site with the domain contoso.test, where all that may be left unsaid is."""
    return build(check(SITE, {"accepted_domains": ["contoso.test"]}).values, {})


@cache
def default_send_connector() -> SendConnector:
    """A send connector for everything."""
    data: dict[str, object] = {
        "accepted_domains": ["contoso.test"],
        "send_connectors": {"Internet": {"address_spaces": ["*"]}},
    }
    return build(check(SITE, data).values, {}).send_connectors[0]


@cache
def default_mailbox() -> Mailbox:
    """The mailbox of the user ada, on back1."""
    mailboxes = check(MAILBOXES, {"mailboxes": {"ada@contoso.test": {"server": "back1"}}}).values["mailboxes"]
    return build(check(SITE, {"accepted_domains": ["contoso.test"]}).values, mailboxes).mailboxes[0]
