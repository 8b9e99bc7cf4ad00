"""Checked values become the frozen Site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailpair.site.model import (
    Certificate,
    Kind,
    Mailbox,
    ProtocolSettings,
    ReceiveConnector,
    SendConnector,
    ServerSettings,
    ServicePair,
    Site,
)


def build(site: dict[str, Any], mailboxes: dict[str, Any]) -> Site:
    """Makes a Site of what :func:`mailpair.site.schema.check` found right in the two documents.

    Where a document had problems the Site lacks something; it is then good for finding further problems only.
    """
    pop, imap = _protocol(site["pop_settings"]), _protocol(site["imap_settings"])
    return Site(
        accepted_domains=tuple(site.get("accepted_domains", ())),
        pop3=ServicePair(**site["services"]["pop3"]),
        imap4=ServicePair(**site["services"]["imap4"]),
        pop_settings=pop,
        imap_settings=imap,
        receive_connectors=tuple(_receive(name, each) for name, each in sorted(site["receive_connectors"].items())),
        send_connectors=tuple(_send(name, each) for name, each in sorted(site["send_connectors"].items())),
        certificates=tuple(_certificate(name, each) for name, each in sorted(site["certificates"].items())),
        mailboxes=tuple(_mailbox(address, each) for address, each in sorted(mailboxes.items())),
        servers=tuple(
            ServerSettings(
                name,
                replace(pop, **_frozen(each["pop_settings"])),
                replace(imap, **_frozen(each["imap_settings"])),
            )
            for name, each in sorted(site["servers"].items())
        ),
    )


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _protocol(values: dict[str, Any]) -> ProtocolSettings:
    unsaid = {"internal_connection_settings": None, "x509_certificate_name": None}
    return ProtocolSettings(**{**unsaid, **_frozen(values)})


def _receive(name: str, values: dict[str, Any]) -> ReceiveConnector:
    return ReceiveConnector(**{"name": name, "fqdn": None, **_frozen(values)})


def _send(name: str, values: dict[str, Any]) -> SendConnector:
    unsaid = {"authentication_credential": None, "fqdn": None}
    return SendConnector(**{"name": name, **unsaid, **_frozen(values)})


def _certificate(name: str, values: dict[str, Any]) -> Certificate:
    return Certificate(**{"name": name, **_frozen(values)})


def _mailbox(address: str, values: dict[str, Any]) -> Mailbox:
    access = values["kind"] is Kind.USER
    return Mailbox(**{"address": address, "pop_enabled": access, "imap_enabled": access, **_frozen(values)})
