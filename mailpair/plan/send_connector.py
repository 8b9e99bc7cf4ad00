"""How mail leaves the site: send connectors in Postfix's words."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from mailpair.plan import postfix
from mailpair.plan.recipients import Entry
from mailpair.site.model import SendConnector, Site, SmartHost, SmartHostAuth

# Recipients that no connector covers are refused while the sender is still there, with this.
NO_ROUTE = "error:5.4.4 no send connector of this site covers this address"

_EVERYTHING = "*"
_SUBMISSIONS_PORT = 465  # TLS from the first byte (RFC 8314)


@dataclass(frozen=True, slots=True)
class Credential:
    """A login at smart hosts: the name of a file of the private folder, and the hosts as Postfix names them."""

    name: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All send connectors that are enabled."""

    services: tuple[postfix.Service, ...]  # delivery agents
    routes: tuple[Entry, ...]  # destinations to delivery agents
    default_route: str
    credentials: tuple[Credential, ...]


def outgoing(site: Site) -> Outgoing:
    """Plan the way out."""
    connectors = [
        (f"send-{number}", connector)
        for number, connector in enumerate((each for each in site.send_connectors if each.enabled), start=1)
    ]
    ways = [
        (space.pattern, space.cost, _route(name, connector))
        for name, connector in connectors
        for space in connector.address_spaces
    ]
    # The cheapest of several ways to the same recipients.
    routes: dict[str, str] = {}
    for pattern, _, route in sorted(ways, key=itemgetter(1)):
        routes.setdefault(pattern, route)
    return Outgoing(
        services=tuple(_service(name, connector) for name, connector in connectors),
        # A leading dot stands for all subdomains.
        routes=tuple(Entry(space.removeprefix("*"), route) for space, route in routes.items() if space != _EVERYTHING),
        default_route=routes.get(_EVERYTHING, NO_ROUTE),
        credentials=tuple(
            Credential(connector.authentication_credential, tuple(map(_host, connector.smart_hosts)))
            for _, connector in connectors
            if connector.authentication_credential and _signs_in(connector)
        ),
    )


def _route(name: str, connector: SendConnector) -> str:
    # Without a host the agent asks DNS for the recipient's own servers.
    return f"{name}:{', '.join(map(_host, connector.smart_hosts))}"


def _host(smart_host: SmartHost) -> str:
    # Brackets: the host itself, not the mail servers of a domain of that name.
    return f"[{smart_host.host}]:{smart_host.port}"


def _signs_in(connector: SendConnector) -> bool:
    return connector.smart_host_auth_mechanism is SmartHostAuth.BASIC_AUTH_REQUIRE_TLS


def _service(name: str, connector: SendConnector) -> postfix.Service:
    options = [f"syslog_name = {postfix.log_name(connector.name)}"]
    if connector.fqdn:
        options.append(f"smtp_helo_name = {connector.fqdn}")
    if _signs_in(connector):
        options += [
            "smtp_tls_security_level = secure",  # a password goes to the host that was named, and to no other
            "smtp_sasl_auth_enable = yes",
        ]
    elif connector.require_tls:
        options.append("smtp_tls_security_level = encrypt")
    if connector.smart_hosts and all(host.port == _SUBMISSIONS_PORT for host in connector.smart_hosts):
        options.append("smtp_tls_wrappermode = yes")
        if not (_signs_in(connector) or connector.require_tls):
            options.append("smtp_tls_security_level = encrypt")
    return postfix.Service(connector.name, name, tuple(options))
