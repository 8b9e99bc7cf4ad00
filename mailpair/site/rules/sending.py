"""Send connectors: one way out for each recipient, and credentials where they are used."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import AddressSpace, SendConnector, Site, SmartHostAuth
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule

_SUBMISSIONS = 465  # RFC 8314


def _path(connector: SendConnector, setting: str) -> str:
    return f"send_connectors[{connector.name}].{setting}"


def _one_way_out(site: Site) -> Iterator[Problem]:
    seen: dict[AddressSpace, str] = {}
    for connector in site.send_connectors:
        for index, space in enumerate(connector.address_spaces if connector.enabled else ()):
            path = f"{_path(connector, 'address_spaces')}[{index}]"
            if space in seen:
                rule = "must differ from that of every other connector, in its cost at least"
                yield Problem(path, shown(str(space)), rule, f"{seen[space]} has the same")
            seen.setdefault(space, path)


def _out_is_not_here(site: Site) -> Iterator[Problem]:
    for connector in site.send_connectors:
        for index, space in enumerate(connector.address_spaces):
            if space.pattern in site.accepted_domains:
                yield Problem(
                    f"{_path(connector, 'address_spaces')}[{index}]",
                    shown(str(space)),
                    "must not be an accepted domain",
                    "its mail stays here",
                )


def _dns_or_smart_hosts(site: Site) -> Iterator[Problem]:
    for connector in site.send_connectors:
        given = connector.dns_routing_enabled
        if given is not None and given is bool(connector.smart_hosts):
            yield Problem(
                _path(connector, "dns_routing_enabled"),
                shown(given),
                "must be false with smart_hosts, and true without",
                "remove it, or " + ("remove smart_hosts" if given else "add smart_hosts"),
            )


def _credentials(site: Site) -> Iterator[Problem]:
    for connector in site.send_connectors:
        signs_in = connector.smart_host_auth_mechanism is SmartHostAuth.BASIC_AUTH_REQUIRE_TLS
        if connector.smart_host_auth_mechanism is not SmartHostAuth.NONE and not connector.smart_hosts:
            yield Problem(
                _path(connector, "smart_host_auth_mechanism"),
                connector.smart_host_auth_mechanism.value,
                "must be for smart hosts",
                "add smart_hosts, or remove it",
            )
        if signs_in and connector.authentication_credential is None:
            yield Problem(
                _path(connector, "authentication_credential"),
                "missing",
                "must name a credential to sign in with",
                "add it, or set smart_host_auth_mechanism to None",
            )
        if not signs_in and connector.authentication_credential is not None:
            yield Problem(
                _path(connector, "authentication_credential"),
                shown(connector.authentication_credential),
                "must not be there where nobody signs in",
                "set smart_host_auth_mechanism to BasicAuthRequireTLS, or remove it",
            )


def _one_way_to_begin(site: Site) -> Iterator[Problem]:
    """Port 465 speaks TLS from the first byte; a connector begins in one way with all of its smart hosts."""
    for connector in site.send_connectors:
        for index, host in enumerate(connector.smart_hosts):
            if host.port == _SUBMISSIONS and any(each.port != _SUBMISSIONS for each in connector.smart_hosts):
                yield Problem(
                    f"{_path(connector, 'smart_hosts')}[{index}]",
                    shown(str(host)),
                    "must not be mixed with other ports, since 465 speaks TLS from the first byte",
                    "use one port for all",
                )


RULES = (
    Rule(_one_way_out),
    Rule(_out_is_not_here),
    Rule(_dns_or_smart_hosts),
    Rule(_credentials),
    Rule(_one_way_to_begin),
)
