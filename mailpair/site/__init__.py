"""A document in; a typed, frozen :class:`~mailpair.site.model.Site` out, or everything that is wrong with it."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import yaml

from mailpair.site.join import join
from mailpair.site.model import (
    AuthMechanism,
    Binding,
    Certificate,
    CertificateService,
    CertificateSource,
    ConnectionSetting,
    Encryption,
    Kind,
    Mailbox,
    PermissionGroup,
    ProtocolSettings,
    ReceiveConnector,
    SendConnector,
    ServicePair,
    Site,
    SmartHost,
    SmartHostAuth,
)
from mailpair.site.problems import Problem, SiteError

__all__ = ["Problem", "Site", "SiteError", "join", "load"]


def load(site_dir: Path) -> Site:
    """Reads ``site.yml`` and ``mailboxes.yml`` in a site's folder; raises :class:`SiteError` with all problems."""
    doc: dict[str, Any] = yaml.safe_load((site_dir / "site.yml").read_text())["mailpair_site"]
    boxes: dict[str, Any] = yaml.safe_load((site_dir / "mailboxes.yml").read_text())["mailpair_mailboxes"]
    services = doc.get("services", {})
    connectors: dict[str, Any] = {
        "Client Frontend": {
            "bindings": ["0.0.0.0:587", "[::]:587"],
            "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
            "permission_groups": ["ExchangeUsers"],
        },
        "Default Frontend": {
            "bindings": ["0.0.0.0:25", "[::]:25"],
            "auth_mechanism": ["Tls"],
            "permission_groups": ["AnonymousUsers"],
        },
    }
    for name, settings in doc.get("receive_connectors", {}).items():
        connectors[name] = {**connectors.get(name, {}), **settings}
    return Site(
        accepted_domains=tuple(doc["accepted_domains"]),
        pop3=ServicePair(**services.get("pop3", {})),
        imap4=ServicePair(**services.get("imap4", {})),
        pop_settings=_protocol(doc.get("pop_settings", {}), 995, 110, "POP3"),
        imap_settings=_protocol(doc.get("imap_settings", {}), 993, 143, "IMAP4"),
        receive_connectors=tuple(_receive(name, connectors[name]) for name in sorted(connectors)),
        send_connectors=tuple(_send(name, each) for name, each in sorted(doc.get("send_connectors", {}).items())),
        certificates=tuple(
            Certificate(
                name,
                CertificateSource(each.get("source", "private")),
                tuple(each["domain_name"]),
                frozenset(map(CertificateService, each.get("services", []))),
            )
            for name, each in sorted(doc.get("certificates", {}).items())
        ),
        mailboxes=tuple(
            Mailbox(
                address,
                each["server"],
                Kind(each.get("kind", "user")),
                each.get("pop_enabled", True),
                each.get("imap_enabled", True),
                tuple(each.get("email_addresses", ())),
            )
            for address, each in sorted(boxes.items())
        ),
    )


def _bindings(texts: list[str]) -> tuple[Binding, ...]:
    pairs = (text.rpartition(":") for text in texts)
    return tuple(Binding(ip_address(host.strip("[]")), int(port)) for host, _, port in pairs)


def _connections(texts: list[str]) -> tuple[ConnectionSetting, ...]:
    parts = (text.split(":") for text in texts)
    return tuple(ConnectionSetting(host, int(port), Encryption(how)) for host, port, how in parts)


def _protocol(doc: dict[str, Any], ssl: int, plain: int, name: str) -> ProtocolSettings:
    internal = doc.get("internal_connection_settings")
    return ProtocolSettings(
        external_connection_settings=_connections(doc.get("external_connection_settings", [])),
        internal_connection_settings=None if internal is None else _connections(internal),
        ssl_bindings=_bindings(doc.get("ssl_bindings", [f"0.0.0.0:{ssl}", f"[::]:{ssl}"])),
        unencrypted_or_tls_bindings=_bindings(
            doc.get("unencrypted_or_tls_bindings", [f"0.0.0.0:{plain}", f"[::]:{plain}"])
        ),
        proxy_target_port=doc.get("proxy_target_port", 1000 + ssl),
        x509_certificate_name=doc.get("x509_certificate_name"),
        banner=doc.get("banner", f"The {name} service is ready."),
    )


def _receive(name: str, doc: dict[str, Any]) -> ReceiveConnector:
    return ReceiveConnector(
        name=name,
        enabled=doc.get("enabled", True),
        fqdn=doc.get("fqdn"),
        bindings=_bindings(doc["bindings"]),
        ssl_bindings=_bindings(doc.get("ssl_bindings", [])),
        auth_mechanism=frozenset(map(AuthMechanism, doc["auth_mechanism"])),
        permission_groups=frozenset(map(PermissionGroup, doc["permission_groups"])),
        advertise_client_settings=doc.get("advertise_client_settings", False),
        max_message_size=doc.get("max_message_size", 36 * 1024 * 1024),
        max_recipients_per_message=doc.get("max_recipients_per_message", 200),
    )


def _send(name: str, doc: dict[str, Any]) -> SendConnector:
    hosts = (text.rpartition(":") for text in doc.get("smart_hosts", []))
    return SendConnector(
        name=name,
        enabled=doc.get("enabled", True),
        address_spaces=tuple(doc["address_spaces"]),
        smart_hosts=tuple(SmartHost(host, int(port)) for host, _, port in hosts),
        smart_host_auth_mechanism=SmartHostAuth(doc.get("smart_host_auth_mechanism", "None")),
        authentication_credential=doc.get("authentication_credential"),
        require_tls=doc.get("require_tls", False),
        fqdn=doc.get("fqdn"),
    )
