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

# RFC 2142: the addresses that every domain with mail must have.
ROLE_NAMES = ("abuse", "postmaster")


def build(site: dict[str, Any], mailboxes: dict[str, Any]) -> Site:
    """Makes a Site of what :func:`mailpair.site.schema.check` found right in the two documents.

    Where a document had problems the Site lacks something; it is then good for finding further problems only.
    """
    domains = tuple(site.get("accepted_domains", ()))
    pop, imap = _protocol(site["pop_settings"]), _protocol(site["imap_settings"])
    return Site(
        accepted_domains=domains,
        pop3=ServicePair(**site["services"]["pop3"]),
        imap4=ServicePair(**site["services"]["imap4"]),
        pop_settings=pop,
        imap_settings=imap,
        receive_connectors=tuple(_receive(name, each) for name, each in sorted(site["receive_connectors"].items())),
        send_connectors=tuple(_send(name, each) for name, each in sorted(site["send_connectors"].items())),
        certificates=tuple(_certificate(name, each) for name, each in sorted(site["certificates"].items())),
        mailboxes=_with_role_addresses(
            tuple(_mailbox(address, each) for address, each in sorted(mailboxes.items())), domains
        ),
        servers=tuple(
            ServerSettings(
                name,
                replace(pop, **_frozen(each["pop_settings"])),
                replace(imap, **_frozen(each["imap_settings"])),
            )
            for name, each in sorted(site["servers"].items())
        ),
    )


def role_addresses(domains: tuple[str, ...]) -> tuple[str, ...]:
    """What every domain must have: postmaster and abuse."""
    return tuple(f"{name}@{domain}" for domain in domains for name in ROLE_NAMES)


def _with_role_addresses(mailboxes: tuple[Mailbox, ...], domains: tuple[str, ...]) -> tuple[Mailbox, ...]:
    """Gives the role addresses that no mailbox has to the administrator, if there is just one."""
    taken = {address for mailbox in mailboxes for address in (mailbox.address, *mailbox.email_addresses)}
    free = tuple(address for address in role_addresses(domains) if address not in taken)
    administrators = [mailbox for mailbox in mailboxes if mailbox.kind is Kind.ADMINISTRATOR]
    if not free or len(administrators) != 1:
        return mailboxes
    return tuple(
        replace(mailbox, email_addresses=(*mailbox.email_addresses, *free)) if mailbox in administrators else mailbox
        for mailbox in mailboxes
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
