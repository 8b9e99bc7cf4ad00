"""Receive connectors: who proves who it is and how, no password in the clear, and no open relay."""

from __future__ import annotations

from collections.abc import Iterator, Set
from ipaddress import IPv4Address, IPv6Address

from mailpair.settings.names import PRIVATE_CA
from mailpair.site.certificate import of_service
from mailpair.site.model import (
    AuthMechanism,
    Certificate,
    CertificateService,
    CertificateSource,
    IpRange,
    PermissionGroup,
    ReceiveConnector,
    Site,
)
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule
from mailpair.site.serving import is_named

_PASSWORDS = frozenset({AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS})
_USERS = _PASSWORDS | {AuthMechanism.INTEGRATED}
_SERVERS = frozenset({AuthMechanism.EXCHANGE_SERVER, AuthMechanism.EXTERNAL_AUTHORITATIVE})
_EVERYONE = (
    IpRange(IPv4Address(0), IPv4Address((1 << 32) - 1)),
    IpRange(IPv6Address(0), IPv6Address((1 << 128) - 1)),
)


def _path(connector: ReceiveConnector, setting: str) -> str:
    return f"receive_connectors[{connector.name}].{setting}"


def _mechanisms(mechanisms: Set[AuthMechanism]) -> str:
    return ", ".join(each.value for each in AuthMechanism if each in mechanisms)


def _about(connector: ReceiveConnector, rule: str, remedy: str) -> Problem:
    return Problem(_path(connector, "auth_mechanism"), _mechanisms(connector.auth_mechanism), rule, remedy)


def _none_alone(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if AuthMechanism.NONE in each.auth_mechanism and len(each.auth_mechanism) > 1:
            yield _about(each, "must not join None with others", "remove one of them")
        if PermissionGroup.NONE in each.permission_groups and len(each.permission_groups) > 1:
            groups = ", ".join(group.value for group in PermissionGroup if group in each.permission_groups)
            path = _path(each, "permission_groups")
            yield Problem(path, groups, "must not join None with others", "remove one of them")


def _no_password_in_the_clear(site: Site) -> Iterator[Problem]:
    """BasicAuth, BasicAuthRequireTLS and Tls come together: Exchange has them apart, and passwords in the clear."""
    for each in site.receive_connectors:
        missing = (_PASSWORDS | {AuthMechanism.TLS}) - each.auth_mechanism
        if each.auth_mechanism & _PASSWORDS and missing:
            yield _about(each, "must let no password cross in the clear", f"add {_mechanisms(missing)}")


def _users_sign_in(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        signs_in = each.auth_mechanism & _USERS
        users = PermissionGroup.EXCHANGE_USERS in each.permission_groups
        if users and not signs_in:
            yield Problem(
                _path(each, "permission_groups"),
                "ExchangeUsers",
                "must be able to sign in",
                "add BasicAuth and BasicAuthRequireTLS to auth_mechanism",
            )
        if signs_in and not users:
            yield _about(
                each,
                "must not let users sign in who may not send",
                f"add ExchangeUsers to permission_groups, or remove {_mechanisms(signs_in)}",
            )


def _servers_prove_themselves(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        proofs = each.auth_mechanism & _SERVERS
        servers = PermissionGroup.EXCHANGE_SERVERS in each.permission_groups
        if servers and not proofs:
            yield Problem(
                _path(each, "permission_groups"),
                "ExchangeServers",
                "must be able to prove themselves",
                "add ExchangeServer to auth_mechanism, for certificates, or ExternalAuthoritative, for addresses",
            )
        if proofs and not servers:
            yield _about(
                each,
                "must not be for servers that may not send",
                f"add ExchangeServers to permission_groups, or remove {_mechanisms(proofs)}",
            )


def _external_alone(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        others = each.auth_mechanism - {AuthMechanism.EXTERNAL_AUTHORITATIVE, AuthMechanism.TLS}
        if AuthMechanism.EXTERNAL_AUTHORITATIVE in each.auth_mechanism and others:
            rule = "must not join ExternalAuthoritative with anything but Tls"
            yield _about(each, rule, f"remove {_mechanisms(others)}")


def _no_open_relay(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if AuthMechanism.EXTERNAL_AUTHORITATIVE in each.auth_mechanism:
            for index, clients in enumerate(each.remote_ip_ranges):
                if clients in _EVERYONE:
                    yield Problem(
                        f"{_path(each, 'remote_ip_ranges')}[{index}]",
                        shown(str(clients)),
                        "must not be everyone where an address is enough to send to anyone",
                        "name the servers that ExternalAuthoritative is for",
                    )


def _tls(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        asked = {
            "ssl_bindings": bool(each.ssl_bindings),
            "require_tls": each.require_tls,
            "tls_certificate_name": each.tls_certificate_name is not None,
            "ExchangeServer": AuthMechanism.EXCHANGE_SERVER in each.auth_mechanism,
        }
        needs = [name for name, wanted in asked.items() if wanted]
        if needs and AuthMechanism.TLS not in each.auth_mechanism:
            yield _about(each, f"must have Tls for {', '.join(needs)}", "add Tls")


def _tickets(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        integrated = AuthMechanism.INTEGRATED in each.auth_mechanism
        path = _path(each, "enable_auth_gssapi")
        if integrated and not each.enable_auth_gssapi:
            rule = "must be true for Integrated, since NTLM is never offered"
            yield Problem(path, "false", rule, "set it to true, or remove Integrated from auth_mechanism")
        if each.enable_auth_gssapi and not integrated:
            rule = "must not be true where nobody signs in by it"
            yield Problem(path, "true", rule, "add Integrated to auth_mechanism, or set it to false")


def _keytab(site: Site) -> Iterator[Problem]:
    for each in site.receive_connectors:
        if AuthMechanism.INTEGRATED in each.auth_mechanism and site.kerberos_keytab is None:
            remedy = "add kerberos_keytab, the name of a file under private/keytabs, or remove Integrated"
            yield _about(each, "must have a keytab for Integrated", remedy)


def _certificates(site: Site) -> Iterator[Problem]:
    """What a connector shows is there: to clients a certificate of SMTP, to servers one of the site's own CA."""
    received = [(_path(each, "tls_certificate_name"), each.tls_certificate_name) for each in site.receive_connectors]
    sent = [
        (f"send_connectors[{each.name}].tls_certificate_name", each.tls_certificate_name)
        for each in site.send_connectors
    ]
    smtp = of_service(site.certificates, CertificateService.SMTP)
    private = [each for each in site.certificates if each.source is CertificateSource.PRIVATE]
    for named, known in ((received, smtp), (sent, private)):
        for path, name in named:
            if name is not None and not any(is_named(each, name) for each in known):
                listed = " or ".join(_as_named(each) for each in known) or "none; add one"
                yield Problem(path, shown(str(name)), "must be one of certificates", f"there is {listed}")


def _as_named(certificate: Certificate) -> str:
    issuer = f"CN={PRIVATE_CA} ..." if certificate.source is CertificateSource.PRIVATE else "..."
    return f"<I>{issuer}<S>CN={certificate.domain_name[0]}"


RULES = (
    Rule(_none_alone),
    Rule(_no_password_in_the_clear),
    Rule(_users_sign_in),
    Rule(_servers_prove_themselves),
    Rule(_external_alone),
    Rule(_no_open_relay),
    Rule(_tls),
    Rule(_tickets),
    Rule(_keytab, frozenset({"kerberos_keytab"})),
    Rule(_certificates, frozenset({"certificates"})),
)
