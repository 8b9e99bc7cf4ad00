"""Receive connectors: limits that can be reached, and no connector that nobody reaches."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.settings.quantities import format_span
from mailpair.site.model import Encryption, MessageRateSource, PermissionGroup, ReceiveConnector, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule


def _path(connector: ReceiveConnector, setting: str) -> str:
    return f"receive_connectors[{connector.name}].{setting}"


def _users_are_told_of_what_is_for_them(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.advertise_client_settings and PermissionGroup.EXCHANGE_USERS not in each.permission_groups:
            yield Problem(
                _path(each, "advertise_client_settings"),
                "true",
                "must be for a connector that users may send through",
                "add ExchangeUsers to permission_groups",
            )


def _no_closed_port(site: Site) -> Iterator[Problem]:
    """What users are told must be open, as for POP3 and IMAP4."""
    for each in site.receive_connectors:
        open_ports = {
            encryption: [binding.port for binding in bindings if not binding.address.is_loopback]
            for encryption, bindings in ((Encryption.SSL, each.ssl_bindings), (Encryption.TLS, each.bindings))
        }
        for name in ("external_connection_settings", "internal_connection_settings"):
            for index, told in enumerate(getattr(each, name) or ()):
                if told.port not in open_ports[told.encryption]:
                    place = _path(each, "ssl_bindings" if told.encryption is Encryption.SSL else "bindings")
                    yield Problem(
                        f"{_path(each, name)}[{index}]",
                        shown(str(told)),
                        f"must be a port that is bound for {told.encryption.value}",
                        f"bind it in {place}",
                    )


def _reachable(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.enabled and not (each.bindings or each.ssl_bindings):
            yield Problem(
                _path(each, "bindings"), "an empty list", "must have one binding at least", "or set enabled to false"
            )


def _times_in_order(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.connection_inactivity_timeout >= each.connection_timeout:
            yield Problem(
                _path(each, "connection_timeout"),
                format_span(each.connection_timeout),
                "must be longer than connection_inactivity_timeout, "
                f"which is {format_span(each.connection_inactivity_timeout)}",
                "raise it, or lower the other",
            )


def _failures_in_order(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.max_protocol_errors is not None and each.max_logon_failures > each.max_protocol_errors:
            yield Problem(
                _path(each, "max_logon_failures"),
                str(each.max_logon_failures),
                f"must not be above max_protocol_errors, which is {each.max_protocol_errors}",
                "Postfix counts a failed logon as a protocol error as well",
            )


def _a_source_to_count_by(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.message_rate_limit is not None and each.message_rate_source is MessageRateSource.NONE:
            yield Problem(
                _path(each, "message_rate_limit"),
                str(each.message_rate_limit),
                "must be unlimited where message_rate_source is None",
                "set message_rate_source to IPAddress, User or All",
            )


RULES = (
    Rule(_users_are_told_of_what_is_for_them),
    Rule(_no_closed_port),
    Rule(_reachable),
    Rule(_times_in_order),
    Rule(_failures_in_order),
    Rule(_a_source_to_count_by),
)
