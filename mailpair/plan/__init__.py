"""A site and one of its servers in, finished values for that server's roles out.

This package is the only place that knows Dovecot's, Postfix's and nginx's words. A plan holds no secrets: roles fetch
password hashes and credentials through plugins of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailpair.plan import (
    acme,
    backup,
    base,
    certificates,
    client_access,
    dkim,
    mailbox,
    metrics,
    portal,
    provided,
    publication,
    quota,
    receive_connector,
    renewal,
    upgrades,
    virtual_address,
)
from mailpair.plan.role import RolePlan, plain
from mailpair.servers import Role, Server
from mailpair.settings import ports
from mailpair.site.model import Site


def plan(site: Site, servers: Sequence[Server], server: Server) -> dict[str, Any]:
    """Plan one server.

    ``servers`` are all servers of the site, ``server`` is the one of them that is planned. Returns plain data for JSON:
    for each role of that server, its name and its values.
    """
    roles: dict[str, RolePlan]
    shared = virtual_address.plan(site, servers, server) if server.role is Role.CLIENT_ACCESS else None
    if shared:
        roles = {
            "acme": acme.plan(site, servers, server),
            "client_access": client_access.plan(site, servers, server),
            "dkim": dkim.plan(site, server),
            "portal": portal.plan(site, servers, server),
            "publication": publication.plan(site, servers, server),
            "quota_gate": quota.plan(site, servers),
            "receive_connector": receive_connector.plan(site, servers, server),
            "virtual_address": shared,
        }
    else:
        roles = {"backup": backup.plan(site, server), "mailbox": mailbox.plan(site, servers, server)}
    figures = metrics.plan(site, server)
    roles["metrics"] = figures
    roles["upgrades"] = upgrades.plan(site, servers, server)
    front_end = {"provided_certificates": provided.plan(site, server)} if server.role is Role.CLIENT_ACCESS else {}
    proxied = (ports.PROXIED_IMAP, ports.PROXIED_POP) if server.role is Role.MAILBOX else ()
    values = {
        "base": base.plan(servers, tuple(roles.values()), proxied, figures, vrrp_peers=shared.peers if shared else ()),
        "certificates": certificates.plan(site, server),
        "renewal": renewal.plan(site, servers, server),
        **front_end,
        **roles,
    }
    return {role: plain(value) for role, value in values.items()}
