"""Where a site document and the servers it is to run on must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

from mailpair.servers import Role, Server
from mailpair.site import serving
from mailpair.site.model import CertificateSource, Protocol, Site
from mailpair.site.problems import Problem, SiteError, shown


def join(site: Site, servers: Sequence[Server]) -> None:
    """Checks that the servers can be those of the site.

    ``servers`` are all servers of the site. Every server that the site names must exist and have the role it is named
    for, and no two servers may share a name, a full name or an address. Raises :class:`SiteError` with all problems.
    """
    problems = [
        *_each_once(servers),
        *_somewhere_to_go(servers),
        *_known(site, servers),
        *_told_names(site, servers),
        *_own_names(site, servers),
        *_sources(site, servers),
        *_shared(site, servers),
    ]
    if problems:
        raise SiteError(problems)


def _known(site: Site, servers: Sequence[Server]) -> Iterator[Problem]:
    backs = _names(servers, Role.MAILBOX)
    fronts = _names(servers, Role.CLIENT_ACCESS)
    for mailbox in site.mailboxes:
        if mailbox.server not in backs:
            place = f"mailboxes[{mailbox.address}].server"
            yield Problem(place, shown(mailbox.server), "must be a mailbox server", _there_are(Role.MAILBOX, backs))
    named = [(f"servers[{server.name}]", server.name) for server in site.servers]
    for connector in site.send_connectors:
        path = f"send_connectors[{connector.name}].source_transport_servers"
        named += [(f"{path}[{index}]", name) for index, name in enumerate(connector.source_transport_servers)]
    for place, name in named:
        if name not in fronts:
            remedy = _there_are(Role.CLIENT_ACCESS, fronts)
            yield Problem(place, shown(name), "must be a client access server", remedy)


def _told_names(site: Site, servers: Sequence[Server]) -> Iterator[Problem]:
    """The name of a certificate is one that clients are told, or a front end's own."""
    own = {server.fqdn.lower() for server in servers if server.role is Role.CLIENT_ACCESS}
    for protocol, group in ((Protocol.POP3, "pop_settings"), (Protocol.IMAP4, "imap_settings")):
        places = [(group, site.protocol_settings(protocol))]
        places += [
            (f"servers[{each.name}].{group}", site.protocol_settings(protocol, each.name)) for each in site.servers
        ]
        asked: set[str | None] = {None}
        for path, settings in places:
            told = (*settings.external_connection_settings, *(settings.internal_connection_settings or ()))
            names = {each.host for each in told} | own
            name = settings.x509_certificate_name
            if name not in asked and name not in names:
                yield Problem(
                    f"{path}.x509_certificate_name",
                    shown(name),
                    "must be a name of the connection settings, or a front end's own",
                    f"those are {', '.join(sorted(names)) or 'none'}",
                )
            asked.add(name)


def _own_names(site: Site, servers: Sequence[Server]) -> Iterator[Problem]:
    """A front end's own name, which clients inside are told where nothing else is said, is in a certificate."""
    for service, protocol in serving.PROTOCOLS.items():
        group = "pop_settings" if protocol is Protocol.POP3 else "imap_settings"
        for server in servers:
            settings = site.protocol_settings(protocol, server.name)
            told = settings.external_connection_settings and settings.internal_connection_settings is None
            shown_unasked = serving.unasked(site, service, server.name)
            private = shown_unasked is None or shown_unasked.source is CertificateSource.PRIVATE
            if server.role is not Role.CLIENT_ACCESS or not told or private or not site.pair(protocol).enabled:
                continue
            if not serving.is_covered(site, service, server.fqdn):
                yield Problem(
                    f"{group}.internal_connection_settings",
                    "missing",
                    f"must be given, since no certificate of {service.value} covers {server.fqdn}",
                    "clients inside would be told that name; list what they are to be told, or write []",
                )


def _sources(site: Site, servers: Sequence[Server]) -> Iterator[Problem]:
    """A front end can only send from an address that it has."""
    for connector in site.send_connectors:
        source = connector.source_ip_address
        for server in servers:
            here = not connector.source_transport_servers or server.name in connector.source_transport_servers
            if server.role is not Role.CLIENT_ACCESS or source is None or source.is_unspecified or not here:
                continue
            if str(source) not in map(_plain, server.addresses):
                yield Problem(
                    f"send_connectors[{connector.name}].source_ip_address",
                    shown(str(source)),
                    f"must be an address of {server.name}",
                    f"name the servers that have it in source_transport_servers, or add it to {server.name} in the "
                    "inventory",
                )


def _shared(site: Site, servers: Sequence[Server]) -> Iterator[Problem]:
    """A virtual address is nobody's own, and has a front end to go to from each of them."""
    if site.virtual_address is None:
        return
    address = str(site.virtual_address)
    for server in servers:
        if address in map(_plain, server.addresses):
            rule = f"must not be an address of a server's own, as it is of {server.name}"
            yield Problem("virtual_address", shown(address), rule, "take one of their network that is free")
    fronts = _names(servers, Role.CLIENT_ACCESS)
    if len(fronts) == 1:
        remedy = f"{_there_are(Role.CLIENT_ACCESS, fronts)}; add one, or remove virtual_address"
        yield Problem("virtual_address", shown(address), "must have two front ends at least", remedy)
    for server in servers:
        if server.role is Role.CLIENT_ACCESS and server.ipv4 is None:
            rule = "must have an IPv4 address, from which it shares virtual_address"
            yield Problem(
                f"inventory[{server.name}]", shown(", ".join(server.addresses)), rule, "add it to its addresses"
            )


def _plain(address: str) -> str:
    """An address in the one form that it has among several; an inventory may have a name in its place."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def _there_are(role: Role, names: Sequence[str]) -> str:
    return f"the inventory's group {role.value} has {', '.join(names) or 'none'}"


def _somewhere_to_go(servers: Sequence[Server]) -> Iterator[Problem]:
    for role in Role:
        if not _names(servers, role):
            yield Problem("inventory", f"group {role.value}", "must have one server at least", "add it")


def _each_once(servers: Sequence[Server]) -> Iterator[Problem]:
    yield from _repeated("a name", ((server.name, server) for server in servers))
    yield from _repeated("a full name", ((server.fqdn.lower(), server) for server in servers))
    yield from _repeated("an address", ((address, server) for server in servers for address in server.addresses))


def _repeated(what: str, owned: Iterable[tuple[str, Server]]) -> Iterator[Problem]:
    owners: dict[str, Server] = {}
    for value, server in owned:
        if value in owners:
            rule = f"must be {what} of one server"
            remedy = f"{owners[value].name} ({owners[value].role.value}) has it as well"
            yield Problem(f"inventory[{server.name}]", shown(value), rule, remedy)
        owners.setdefault(value, server)


def _names(servers: Sequence[Server], role: Role) -> list[str]:
    return sorted(server.name for server in servers if server.role is role)
