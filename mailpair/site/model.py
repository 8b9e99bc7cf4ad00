"""The typed, frozen values that a valid site document becomes.

Nothing here reads, checks or renders: :func:`mailpair.site.load` makes these values, :mod:`mailpair.plan` and
:mod:`mailpair.publish` read them. Words are those of Exchange Server 2013's cmdlets, in snake_case.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailpair.settings.values import (
    AuthMechanism,
    Binding,
    CertificateService,
    CertificateSource,
    ConnectionSetting,
    Encryption,
    Kind,
    PermissionGroup,
    Protocol,
    SmartHost,
    SmartHostAuth,
)

__all__ = [
    "AuthMechanism",
    "Binding",
    "Certificate",
    "CertificateService",
    "CertificateSource",
    "ConnectionSetting",
    "Encryption",
    "Kind",
    "Mailbox",
    "PermissionGroup",
    "Protocol",
    "ProtocolSettings",
    "ReceiveConnector",
    "SendConnector",
    "ServerSettings",
    "ServicePair",
    "Site",
    "SmartHost",
    "SmartHostAuth",
]


@dataclass(frozen=True, slots=True)
class ServicePair:
    """The front and the back service of one protocol; both are needed for clients to get in."""

    front_end: bool = False
    back_end: bool = False

    @property
    def enabled(self) -> bool:
        """Whether clients can use the protocol."""
        return self.front_end and self.back_end


@dataclass(frozen=True, slots=True)
class ProtocolSettings:
    """Set-PopSettings or Set-ImapSettings, for all servers or one.

    ``internal_connection_settings`` is None where the document does not say: then Exchange's default holds, the
    server's own name with the TLS and the STARTTLS port.
    """

    external_connection_settings: tuple[ConnectionSetting, ...]
    internal_connection_settings: tuple[ConnectionSetting, ...] | None
    ssl_bindings: tuple[Binding, ...]
    unencrypted_or_tls_bindings: tuple[Binding, ...]
    proxy_target_port: int
    x509_certificate_name: str | None
    banner: str


@dataclass(frozen=True, slots=True)
class ReceiveConnector:
    """One door for SMTP on the front ends (Set-ReceiveConnector)."""

    name: str
    enabled: bool
    fqdn: str | None  # None: the server's own name
    bindings: tuple[Binding, ...]
    ssl_bindings: tuple[Binding, ...]  # ours: TLS from the first byte (RFC 8314), none by default
    auth_mechanism: frozenset[AuthMechanism]
    permission_groups: frozenset[PermissionGroup]
    advertise_client_settings: bool
    max_message_size: int  # bytes
    max_recipients_per_message: int


@dataclass(frozen=True, slots=True)
class SendConnector:
    """How mail leaves the site (Set-SendConnector): through smart hosts, or by DNS where there are none."""

    name: str
    enabled: bool
    address_spaces: tuple[str, ...]  # domains, "*.domain" or "*"
    smart_hosts: tuple[SmartHost, ...]
    smart_host_auth_mechanism: SmartHostAuth
    authentication_credential: str | None  # a name under credentials/ of the site's private folder
    require_tls: bool
    fqdn: str | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that front ends serve (New- and Enable-ExchangeCertificate)."""

    name: str
    source: CertificateSource
    domain_name: tuple[str, ...]  # the first is the subject
    services: frozenset[CertificateService]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox and what its owner may use (Set-CASMailbox, and the address list of Set-Mailbox)."""

    address: str  # lower case
    server: str  # the back end that holds it
    kind: Kind
    pop_enabled: bool
    imap_enabled: bool
    email_addresses: tuple[str, ...]  # further addresses, lower case


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What one server has in place of the site's settings (Set-PopSettings -Server), already merged with them."""

    name: str
    pop_settings: ProtocolSettings
    imap_settings: ProtocolSettings


@dataclass(frozen=True, slots=True)
class Site:
    """A whole, valid site document with its mailboxes."""

    accepted_domains: tuple[str, ...]
    pop3: ServicePair
    imap4: ServicePair
    pop_settings: ProtocolSettings
    imap_settings: ProtocolSettings
    receive_connectors: tuple[ReceiveConnector, ...]
    send_connectors: tuple[SendConnector, ...]
    certificates: tuple[Certificate, ...]
    mailboxes: tuple[Mailbox, ...]  # sorted by address
    servers: tuple[ServerSettings, ...] = ()  # only servers that differ from the site, sorted by name

    @property
    def domain(self) -> str:
        """The first accepted domain: server names are made from it where an inventory gives none."""
        return self.accepted_domains[0]

    @property
    def role_addresses(self) -> tuple[str, ...]:
        """What every domain with mail must have (RFC 2142): postmaster and abuse, of each accepted domain.

        Where no mailbox has one of them, it reaches the administrators.
        """
        return tuple(f"{name}@{domain}" for domain in self.accepted_domains for name in ("postmaster", "abuse"))

    def pair(self, protocol: Protocol) -> ServicePair:
        """The two services of a protocol."""
        return self.pop3 if protocol is Protocol.POP3 else self.imap4

    def protocol_settings(self, protocol: Protocol, server: str | None = None) -> ProtocolSettings:
        """The settings of a protocol on a server (its inventory name), or the site's where ``server`` is None."""
        place = next((each for each in self.servers if each.name == server), self)
        return place.pop_settings if protocol is Protocol.POP3 else place.imap_settings
