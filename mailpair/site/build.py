"""Checked values become the frozen Site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from mailpair.site.model import (
    Acme,
    AcmeChallenge,
    AcmeDns,
    Backup,
    Certificate,
    DkimSigningConfig,
    Kind,
    Mailbox,
    MailboxDatabase,
    Metrics,
    ProtocolSettings,
    Provided,
    ReceiveConnector,
    SecurityUpgrades,
    SendConnector,
    ServerSettings,
    ServicePair,
    Site,
    TsigAlgorithm,
    WebSite,
    WelcomeMessage,
    WrongPasswords,
)

M = TypeVar("M")

_DNS_PORT = 53
_PROPAGATION_TIME = 60  # seconds


def build(site: dict[str, Any], mailboxes: dict[str, Any]) -> Site:
    """Makes a Site of what :func:`mailpair.site.schema.check` found right in the two documents.

    Where a document had problems the Site lacks something; it is then good for finding further problems only.
    """
    pop, imap = (_make(ProtocolSettings, site[name]) for name in ("pop_settings", "imap_settings"))
    database = MailboxDatabase(**site["mailbox_database"])
    return Site(
        accepted_domains=tuple(site.get("accepted_domains", ())),
        pop3=ServicePair(**site["services"]["pop3"]),
        imap4=ServicePair(**site["services"]["imap4"]),
        pop_settings=pop,
        imap_settings=imap,
        receive_connectors=_named(ReceiveConnector, site["receive_connectors"]),
        send_connectors=tuple(_send(name, each) for name, each in sorted(site["send_connectors"].items())),
        certificates=tuple(_certificate(name, each) for name, each in sorted(site["certificates"].items())),
        dkim_signing_configs=_named(DkimSigningConfig, site["dkim_signing_configs"], key="domain"),
        web_site=_web_site(site),
        welcome_message=_make(WelcomeMessage, site["welcome_message"]),
        wrong_passwords=_make(WrongPasswords, site["wrong_passwords"]),
        security_upgrades=_make(SecurityUpgrades, site["security_upgrades"]),
        metrics=_make(Metrics, site["metrics"]),
        backup=_make(Backup, site["backup"]),
        mailbox_database=database,
        kerberos_keytab=site.get("kerberos_keytab"),
        virtual_address=site.get("virtual_address"),
        mailboxes=tuple(_mailboxes(mailboxes, database)),
        servers=tuple(
            ServerSettings(
                name,
                replace(pop, **_kept(ProtocolSettings, each["pop_settings"])),
                replace(imap, **_kept(ProtocolSettings, each["imap_settings"])),
            )
            for name, each in sorted(site["servers"].items())
        ),
    )


def _kept(model: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """The values that a model has fields for; those with but one value to take are not among them."""
    names = {field.name for field in fields(model)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in names}


def _make(model: type[M], values: dict[str, Any]) -> M:
    """What is not said and has no default is None."""
    unsaid = {field.name: None for field in fields(model)}  # type: ignore[arg-type]
    return model(**{**unsaid, **_kept(model, values)})


def _named(model: type[M], things: dict[str, Any], key: str = "name") -> tuple[M, ...]:
    return tuple(_make(model, {key: name, **values}) for name, values in sorted(things.items()))


def _certificate(name: str, values: dict[str, Any]) -> Certificate:
    acme, provided = values["acme"], values["provided"]
    given = {**acme, **acme["dns"]}.keys() - {"dns"}
    return replace(
        _make(Certificate, {"name": name, **values}),
        acme=_acme(acme) if given else None,
        provided=_make(Provided, provided) if provided else None,
    )


def _acme(values: dict[str, Any]) -> Acme:
    unsaid_dns = {
        "port": _DNS_PORT,
        "tsig_algorithm": TsigAlgorithm.HMAC_SHA256,
        "propagation_time": _PROPAGATION_TIME,
    }
    dns = {**unsaid_dns, **values["dns"]}
    unsaid = {"challenge": AcmeChallenge.HTTP_01, "terms_of_service_agreed": False}
    return _make(Acme, {**unsaid, **values, "dns": _make(AcmeDns, dns)})


def _send(name: str, values: dict[str, Any]) -> SendConnector:
    connector = _make(SendConnector, {"name": name, **values})
    return replace(
        connector,
        smart_hosts=tuple(
            replace(host, port=connector.port) if host.port is None else host for host in connector.smart_hosts
        ),
    )


def _web_site(site: dict[str, Any]) -> WebSite:
    first = next(iter(site.get("accepted_domains", ())), "")
    return WebSite(**{"host_name": f"mail.{first}", **site["web_site"]})


def _mailboxes(mailboxes: dict[str, Any], database: MailboxDatabase) -> Iterator[Mailbox]:
    """All of them, by address; most of a large directory share their values, and differ in the address alone."""
    alike: dict[int, Mailbox] = {}
    for address, values in sorted(mailboxes.items()):
        like = alike.get(id(values))
        if like is None:
            like = alike[id(values)] = _mailbox(address, values, database)
        yield replace(like, address=address)


def _mailbox(address: str, values: dict[str, Any], database: MailboxDatabase) -> Mailbox:
    access = values["kind"] is Kind.USER
    quotas = asdict(database) if values["use_database_quota_defaults"] else {}
    unsaid = {
        "pop_enabled": access,
        "imap_enabled": access,
        "pop_force_ical_for_calendar_retrieval_option": False,
        "imap_force_ical_for_calendar_retrieval_option": False,
        **quotas,
    }
    return _make(Mailbox, {"address": address, **unsaid, **values})
