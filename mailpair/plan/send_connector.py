"""How mail leaves the site: send connectors in Postfix's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailpair.plan import certificates, places, postfix
from mailpair.plan.certificates import Served
from mailpair.plan.recipients import Entry
from mailpair.servers import Server
from mailpair.settings.names import word
from mailpair.site.model import SendConnector, Site, SmartHost, SmartHostAuth, TlsAuthLevel
from mailpair.site.serving import is_named

# Recipients that no connector covers are refused while the sender is still there, with this.
NO_ROUTE = "error:5.4.4 no send connector of this site covers this address"

_EVERYTHING = "*"
_SUBMISSIONS_PORT = 465  # TLS from the first byte (RFC 8314)

# Each wait for the other server has a name of its own.
_WAITS = ("connect", "helo", "starttls", "mail", "rcpt", "data_init", "data_xfer", "data_done", "rset", "quit")
_LONGEST_CONNECT = 30  # seconds; a server that is not there says nothing, and the next one is to be tried


@dataclass(frozen=True, slots=True)
class Credential:
    """A login at smart hosts: the name of a file of the private folder, and the hosts as Postfix names them."""

    name: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """How large messages may be, in bytes, to recipients of an address space (*, a domain, *. and one); 0: any size."""

    space: str
    size: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All send connectors that a front end has."""

    services: tuple[postfix.Service, ...]  # delivery agents
    routes: tuple[Entry, ...]  # destinations to delivery agents
    default_route: str
    credentials: tuple[Credential, ...]
    sizes: tuple[SizeLimit, ...]


def outgoing(site: Site, server: Server) -> Outgoing:
    """Plan the way out of a front end."""
    connectors = [(f"send-{word(each.name)}", each) for each in site.send_connectors if _is_on(each, server)]
    ways = [(space, name, connector) for name, connector in connectors for space in connector.address_spaces]
    # The cheapest of several ways to the same recipients.
    chosen: dict[str, tuple[str, SendConnector]] = {}
    for space, name, connector in sorted(ways, key=lambda way: way[0].cost):
        chosen.setdefault(space.pattern, (name, connector))
    routes = {space: _route(name, connector) for space, (name, connector) in chosen.items()}
    return Outgoing(
        services=tuple(_service(name, connector, _shown(site, server, connector)) for name, connector in connectors),
        # A leading dot stands for all subdomains.
        routes=tuple(Entry(space.removeprefix("*"), route) for space, route in routes.items() if space != _EVERYTHING),
        default_route=routes.get(_EVERYTHING, NO_ROUTE),
        credentials=tuple(
            Credential(connector.authentication_credential, tuple(map(_host, connector.smart_hosts)))
            for _, connector in connectors
            if connector.authentication_credential and _signs_in(connector)
        ),
        sizes=tuple(
            SizeLimit(space, connector.max_message_size or 0) for space, (_, connector) in sorted(chosen.items())
        ),
    )


def _is_on(connector: SendConnector, server: Server) -> bool:
    everywhere = not connector.source_transport_servers
    return connector.enabled and (everywhere or server.name in connector.source_transport_servers)


def _route(name: str, connector: SendConnector) -> str:
    # Without a host the agent asks DNS for the recipient's own servers.
    return f"{name}:{', '.join(map(_host, connector.smart_hosts))}"


def _host(smart_host: SmartHost) -> str:
    # Brackets: the host itself, not the mail servers of a domain of that name.
    return f"[{smart_host.host}]:{smart_host.port}"


def _signs_in(connector: SendConnector) -> bool:
    return connector.smart_host_auth_mechanism is SmartHostAuth.BASIC_AUTH_REQUIRE_TLS


def _shown(site: Site, server: Server, connector: SendConnector) -> Served | None:
    """The certificate that a connector shows; one of the site's own CA is known to whom it writes to."""
    name = connector.tls_certificate_name
    named = {each.name for each in site.certificates if name and is_named(each, name)}
    return next((each for each in certificates.served(site, server) if each.name in named), None)


def _service(name: str, connector: SendConnector, shown: Served | None) -> postfix.Service:
    return postfix.Service(connector.name, name, tuple(_options(connector, shown)), connector.comment or "")


def _options(connector: SendConnector, shown: Served | None) -> Iterator[str]:
    yield f"syslog_name = {postfix.log_name(connector.name)}"
    if connector.fqdn:
        yield f"smtp_helo_name = {connector.fqdn}"
    if connector.force_helo:
        yield "smtp_never_send_ehlo = yes"
    if not connector.smart_hosts:
        yield f"smtp_tcp_port = {connector.port}"
    for wait in _WAITS:
        limit = connector.connection_inactivity_time_out
        yield f"smtp_{wait}_timeout = {min(limit, _LONGEST_CONNECT) if wait == 'connect' else limit}s"
    # The first message is no reuse, and a limit of 0 would be none.
    reuses = connector.smtp_max_messages_per_connection - 1
    yield f"smtp_connection_reuse_count_limit = {reuses}" if reuses else "smtp_connection_cache_on_demand = no"
    if connector.source_ip_address:
        version = "6" if connector.source_ip_address.version == 6 else ""
        yield f"smtp_bind_address{version} = {connector.source_ip_address}"
        yield "smtp_bind_address_enforce = yes"
        yield f"smtp_address_preference = {'ipv6' if version else 'ipv4'}"
        yield f"inet_protocols = {'ipv6' if version else 'ipv4'}"
    yield from _tls(connector, shown)


def _tls(connector: SendConnector, shown: Served | None) -> Iterator[str]:
    from_the_start = bool(connector.smart_hosts) and all(
        host.port == _SUBMISSIONS_PORT for host in connector.smart_hosts
    )
    yield f"smtp_tls_security_level = {_level(connector, from_the_start=from_the_start)}"
    if connector.tls_auth_level is TlsAuthLevel.DOMAIN_VALIDATION and connector.tls_domain:
        yield f"smtp_tls_secure_cert_match = {connector.tls_domain.replace('*.', '.')}"
    if _signs_in(connector):
        yield "smtp_sasl_auth_enable = yes"
    if connector.smart_host_auth_mechanism is SmartHostAuth.EXCHANGE_SERVER:
        yield f"smtp_tls_chain_files = {places.PEER_KEY}, {places.PEER_CERTIFICATE}"
    elif shown:
        yield f"smtp_tls_chain_files = {shown.chain}"
    if from_the_start:
        yield "smtp_tls_wrappermode = yes"


def _level(connector: SendConnector, *, from_the_start: bool) -> str:
    if _signs_in(connector):
        return "secure"  # a password goes to the host that was named, and to no other
    match connector.tls_auth_level:
        case TlsAuthLevel.CERTIFICATE_VALIDATION:
            return "verify"
        case TlsAuthLevel.DOMAIN_VALIDATION:
            return "secure"
    certificate = connector.smart_host_auth_mechanism is SmartHostAuth.EXCHANGE_SERVER or connector.tls_certificate_name
    if connector.require_tls or certificate or from_the_start:
        return "encrypt"
    return "none" if connector.ignore_starttls or connector.force_helo else "may"
