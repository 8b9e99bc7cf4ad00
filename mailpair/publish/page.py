"""What the page for users shows, as data: it runs on front ends, and knows nothing of a site but this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailpair.publish.clients import ClientProtocol, client_settings_json
from mailpair.publish.profile import authority, template
from mailpair.servers import Server
from mailpair.site.model import CertificateSource, Kind, Site


def page(site: Site, servers: Sequence[Server]) -> dict[str, Any]:
    """What all users are told, and the switches of each of those who may sign in; the page brings both together."""
    made = {each.value.lower(): template(site, each, servers) for each in (ClientProtocol.IMAP, ClientProtocol.POP)}
    private = not site.certificates or any(each.source is CertificateSource.PRIVATE for each in site.certificates)
    return {
        "title": site.domain,
        "address": f"https://{site.web_site.host_name}/",
        "settings": client_settings_json(site, servers),
        # Apple's, without an owner; with the site's own CA where devices must be told of it.
        "profiles": {protocol: each for protocol, each in made.items() if each is not None},
        "authority": authority(site) if private else None,
        "mailboxes": switches(site),
    }


def switches(site: Site) -> dict[str, dict[str, bool]]:
    """Which protocols are on for each of those who may sign in, by address."""
    return {
        mailbox.address: {"pop": mailbox.pop_enabled, "imap": mailbox.imap_enabled}
        for mailbox in site.mailboxes
        if mailbox.kind is Kind.USER and not mailbox.account_disabled
    }
