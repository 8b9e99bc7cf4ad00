"""Whose mail is a site's own (SPF, RFC 7208)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from mailpair.servers import Role, Server
from mailpair.site.model import SendConnector, Site


def spf(site: Site, servers: Sequence[Server]) -> str:
    """The text for each domain: the addresses that send connectors send from, and nobody else.

    Mail that goes by smart hosts reaches others from addresses that only their operators know: such a text says that it
    is not sure (``~all``) and names the hosts themselves; the operator's ``include:`` has to be added.
    """
    connectors = [each for each in site.send_connectors if each.enabled]
    terms = list(dict.fromkeys(term for each in connectors for term in _terms(each, servers)))
    last = "~all" if any(each.smart_hosts for each in connectors) else "-all"
    return " ".join(("v=spf1", *terms, last))


def _terms(connector: SendConnector, servers: Sequence[Server]) -> Iterator[str]:
    if connector.smart_hosts:
        yield from (_address(host.host) or f"a:{host.host}" for host in connector.smart_hosts)
        return
    for server in servers:
        sends = not connector.source_transport_servers or server.name in connector.source_transport_servers
        if server.role is Role.CLIENT_ACCESS and sends:
            own = [str(connector.source_ip_address)] if connector.source_ip_address else server.addresses
            yield from (_address(address) for address in own)


def _address(text: str) -> str:
    try:
        return f"ip{ip_address(text).version}:{text}"
    except ValueError:
        return ""
