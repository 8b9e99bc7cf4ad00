"""Receive connectors: no password in the clear, nobody who signs in for nothing, no connector that nobody reaches."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import AuthMechanism, PermissionGroup, ReceiveConnector, Site
from mailpair.site.problems import Problem
from mailpair.site.rules.rule import Rule

_PASSWORDS = frozenset({AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS})


def _path(connector: ReceiveConnector, setting: str) -> str:
    return f"receive_connectors[{connector.name}].{setting}"


def _mechanisms(connector: ReceiveConnector) -> str:
    return ", ".join(each.value for each in AuthMechanism if each in connector.auth_mechanism)


def _none_alone(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if AuthMechanism.NONE in each.auth_mechanism and len(each.auth_mechanism) > 1:
            yield Problem(
                _path(each, "auth_mechanism"), _mechanisms(each), "must not join None with others", "remove one of them"
            )


def _no_password_in_the_clear(site: Site) -> Iterator[Problem]:
    """BasicAuth, BasicAuthRequireTLS and Tls come together: Exchange has them apart, and passwords in the clear."""
    for each in site.receive_connectors:
        missing = (_PASSWORDS | {AuthMechanism.TLS}) - each.auth_mechanism
        if each.auth_mechanism & _PASSWORDS and missing:
            yield Problem(
                _path(each, "auth_mechanism"),
                _mechanisms(each),
                "must let no password cross in the clear",
                f"add {', '.join(mechanism.value for mechanism in AuthMechanism if mechanism in missing)}",
            )


def _somebody_signs_in(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        signs_in = bool(each.auth_mechanism & _PASSWORDS)
        users = PermissionGroup.EXCHANGE_USERS in each.permission_groups
        if users and not signs_in:
            yield Problem(
                _path(each, "permission_groups"),
                "ExchangeUsers",
                "must be able to sign in",
                "add BasicAuth and BasicAuthRequireTLS to auth_mechanism",
            )
        if signs_in and not users:
            yield Problem(
                _path(each, "auth_mechanism"),
                _mechanisms(each),
                "must not let users sign in who may not send",
                "add ExchangeUsers to permission_groups, or remove BasicAuth and BasicAuthRequireTLS",
            )


def _users_are_told_of_what_is_for_them(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.advertise_client_settings and PermissionGroup.EXCHANGE_USERS not in each.permission_groups:
            yield Problem(
                _path(each, "advertise_client_settings"),
                "true",
                "must be for a connector that users may send through",
                "add ExchangeUsers to permission_groups",
            )


def _reachable(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.enabled and not (each.bindings or each.ssl_bindings):
            yield Problem(
                _path(each, "bindings"), "an empty list", "must have one binding at least", "or set enabled to false"
            )


def _tls_where_it_is_bound(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if each.ssl_bindings and AuthMechanism.TLS not in each.auth_mechanism:
            yield Problem(_path(each, "auth_mechanism"), _mechanisms(each), "must have Tls for ssl_bindings", "add Tls")


RULES = (
    Rule(_none_alone),
    Rule(_no_password_in_the_clear),
    Rule(_somebody_signs_in),
    Rule(_users_are_told_of_what_is_for_them),
    Rule(_reachable),
    Rule(_tls_where_it_is_bound),
)
