"""POP3 and IMAP4: what a front end, and the store behind both protocols, can only do for both or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.settings.notation import written
from mailpair.site.model import (
    AuthMechanism,
    CalendarItemRetrievalOption,
    LoginType,
    Protocol,
    ProtocolSettings,
    Site,
)
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule

_GROUPS = {Protocol.POP3: "pop_settings", Protocol.IMAP4: "imap_settings"}
_ALIKE = ("enable_gssapi_and_ntlm_auth", "calendar_item_retrieval_option", "owa_server_url")
_WHY = {
    "enable_gssapi_and_ntlm_auth": "Dovecot has one list of mechanisms for all",
    "calendar_item_retrieval_option": "both read one store",
    "owa_server_url": "both read one store",
}


def _places(site: Site, protocol: Protocol) -> Iterator[tuple[str, ProtocolSettings]]:
    """The site's settings of a protocol and those of servers with their own, each with its place in the document."""
    group = _GROUPS[protocol]
    settings = site.protocol_settings(protocol)
    yield group, settings
    for server in site.servers:
        own = site.protocol_settings(protocol, server.name)
        if own != settings:
            yield f"servers[{server.name}].{group}", own


def _tickets(site: Site) -> Iterator[Problem]:
    if site.kerberos_keytab is not None:
        return
    for protocol in Protocol:
        asked = site.protocol_settings(protocol).enable_gssapi_and_ntlm_auth
        for path, settings in _places(site, protocol):
            if settings.enable_gssapi_and_ntlm_auth and (path == _GROUPS[protocol] or not asked):
                remedy = "add kerberos_keytab, the name of a file under private/keytabs; NTLM is never offered"
                yield Problem(f"{path}.enable_gssapi_and_ntlm_auth", "true", "must have a keytab for Kerberos", remedy)


def _tickets_everywhere(site: Site) -> Iterator[Problem]:
    """What Postfix offers is a part of Dovecot's mechanisms, all of which Dovecot offers over POP3 and IMAP4."""
    asked = [
        each.name
        for each in site.receive_connectors
        if each.enabled and AuthMechanism.INTEGRATED in each.auth_mechanism
    ]
    for protocol in Protocol:
        for path, settings in _places(site, protocol) if asked and site.pair(protocol).enabled else ():
            if not settings.enable_gssapi_and_ntlm_auth:
                yield Problem(
                    f"{path}.enable_gssapi_and_ntlm_auth",
                    "false",
                    f"must be true with Integrated in receive_connectors[{asked[0]}].auth_mechanism, "
                    f"since {_WHY['enable_gssapi_and_ntlm_auth']}",
                    "set it to true, or remove Integrated there",
                )


def _something_before_tls(site: Site) -> Iterator[Problem]:
    for protocol in Protocol:
        for path, settings in _places(site, protocol):
            if settings.login_type is LoginType.PLAIN_TEXT_AUTHENTICATION and not settings.enable_gssapi_and_ntlm_auth:
                yield Problem(
                    f"{path}.login_type",
                    settings.login_type.value,
                    "must let clients in by something that is no password",
                    "set enable_gssapi_and_ntlm_auth to true, or login_type to SecureLogin",
                )


def _alike(site: Site) -> Iterator[Problem]:
    """The site's own, and each server's where it differs from the site's."""
    for name in _ALIKE:
        pop, imap = (getattr(site.protocol_settings(protocol), name) for protocol in Protocol)
        if pop != imap:
            yield _unlike(f"imap_settings.{name}", imap, f"pop_settings.{name}", pop, name)
        for server in site.servers:
            own_pop, own_imap = getattr(server.pop_settings, name), getattr(server.imap_settings, name)
            if own_pop != own_imap and (own_pop, own_imap) != (pop, imap):
                path = f"servers[{server.name}]"
                yield _unlike(f"{path}.imap_settings.{name}", own_imap, f"{path}.pop_settings.{name}", own_pop, name)


def _unlike(path: str, value: object, other: str, others: object, name: str) -> Problem:
    return Problem(path, _said(value), f"must be the same as {other}, which is {_said(others)}", f"{_WHY[name]}")


def _said(value: object) -> str:
    return "nothing" if value is None else written(value)


def _links(site: Site) -> Iterator[Problem]:
    for protocol in Protocol:
        group = _GROUPS[protocol]
        settings = site.protocol_settings(protocol)
        custom = settings.calendar_item_retrieval_option is CalendarItemRetrievalOption.CUSTOM
        if custom and settings.owa_server_url is None:
            yield Problem(
                f"{group}.owa_server_url",
                "missing",
                "must be given for calendar_item_retrieval_option Custom",
                "add the address that links lead to, such as https://mail.contoso.com/owa",
            )
        if not custom and settings.owa_server_url is not None:
            yield Problem(
                f"{group}.owa_server_url",
                shown(settings.owa_server_url),
                "must not be given where no link is made",
                "set calendar_item_retrieval_option to Custom, or remove it",
            )


_BOTH = frozenset(_GROUPS.values())

RULES = (
    Rule(_tickets, frozenset({"kerberos_keytab"})),
    Rule(_tickets_everywhere, _BOTH | {"servers"}),
    Rule(_something_before_tls, _BOTH | {"servers"}),
    Rule(_alike, _BOTH | {"servers"}),
    Rule(_links, _BOTH),
)
