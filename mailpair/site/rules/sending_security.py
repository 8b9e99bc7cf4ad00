"""Send connectors: TLS and who is asked for what, without contradictions."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import SendConnector, Site, SmartHostAuth, TlsAuthLevel
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule

_UNDER_TLS = frozenset({SmartHostAuth.BASIC_AUTH_REQUIRE_TLS, SmartHostAuth.EXCHANGE_SERVER})


def _path(connector: SendConnector, setting: str) -> str:
    return f"send_connectors[{connector.name}].{setting}"


def _wants_tls(connector: SendConnector) -> str:
    """The first of the settings that ask for TLS, or nothing."""
    if connector.require_tls:
        return "require_tls"
    if connector.smart_host_auth_mechanism in _UNDER_TLS:
        return f"smart_host_auth_mechanism {connector.smart_host_auth_mechanism.value}"
    return "tls_certificate_name" if connector.tls_certificate_name else ""


def _tls_or_not(site: Site) -> Iterator[Problem]:
    for each in site.send_connectors:
        for name, given in (("ignore_starttls", each.ignore_starttls), ("force_helo", each.force_helo)):
            if given and (wanted := _wants_tls(each)):
                yield Problem(
                    _path(each, name),
                    "true",
                    f"must not be true with {wanted}, which asks for TLS",
                    "remove one of them",
                )


def _levels_of_tls(site: Site) -> Iterator[Problem]:
    for each in site.send_connectors:
        if each.tls_auth_level is not None and not each.require_tls:
            yield Problem(
                _path(each, "tls_auth_level"),
                each.tls_auth_level.value,
                "must be given with require_tls only",
                "set require_tls to true, or remove it",
            )
        if each.tls_domain is not None and each.tls_auth_level is not TlsAuthLevel.DOMAIN_VALIDATION:
            yield Problem(
                _path(each, "tls_domain"),
                shown(each.tls_domain),
                "must be given with tls_auth_level DomainValidation only",
                "set tls_auth_level to DomainValidation, or remove it",
            )
        if each.tls_auth_level is TlsAuthLevel.DOMAIN_VALIDATION and each.smart_hosts and each.tls_domain is None:
            yield Problem(
                _path(each, "tls_domain"),
                "missing",
                "must be given for tls_auth_level DomainValidation with smart_hosts",
                "add the name that the smart hosts' certificates must have",
            )


RULES = (
    Rule(_tls_or_not),
    Rule(_levels_of_tls),
)
