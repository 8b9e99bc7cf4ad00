"""The typed, frozen values that a valid site document becomes.

Nothing here reads, checks or renders: :func:`mailpair.site.load` makes these values, :mod:`mailpair.plan` and
:mod:`mailpair.publish` read them. Words are those of Exchange Server 2013's cmdlets, in snake_case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from mailpair.settings.certificate_values import (
    AcmeChallenge,
    CertificateService,
    CertificateSource,
    KeyAlgorithm,
    TsigAlgorithm,
)
from mailpair.settings.values import (
    AddressSpace,
    AuthMechanism,
    Binding,
    CalendarItemRetrievalOption,
    ConnectionSetting,
    Encryption,
    IpRange,
    Kind,
    Language,
    LogFileRollOverSettings,
    LoginType,
    MessageRateSource,
    PermissionGroup,
    Protocol,
    ProtocolLoggingLevel,
    SizeEnabled,
    SmartHost,
    SmartHostAuth,
    TlsAuthLevel,
    TlsCertificateName,
)
from mailpair.site.certificate import Acme, AcmeDns, Certificate, Provided

__all__ = [
    "Acme",
    "AcmeChallenge",
    "AcmeDns",
    "AddressSpace",
    "AuthMechanism",
    "Binding",
    "CalendarItemRetrievalOption",
    "Certificate",
    "CertificateService",
    "CertificateSource",
    "ConnectionSetting",
    "DkimSigningConfig",
    "Encryption",
    "IpRange",
    "KeyAlgorithm",
    "Kind",
    "Language",
    "LogFileRollOverSettings",
    "LoginType",
    "Mailbox",
    "MailboxDatabase",
    "MessageRateSource",
    "PermissionGroup",
    "Protocol",
    "ProtocolLoggingLevel",
    "ProtocolSettings",
    "Provided",
    "ReceiveConnector",
    "SendConnector",
    "ServerSettings",
    "ServicePair",
    "Site",
    "SizeEnabled",
    "SmartHost",
    "SmartHostAuth",
    "TlsAuthLevel",
    "TlsCertificateName",
    "TsigAlgorithm",
    "WebSite",
    "WelcomeMessage",
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
    server's own name with the TLS and the STARTTLS port. Times are in seconds, sizes in bytes; a limit that is None is
    none. Settings for which only one value is taken are not here.
    """

    external_connection_settings: tuple[ConnectionSetting, ...]
    internal_connection_settings: tuple[ConnectionSetting, ...] | None
    ssl_bindings: tuple[Binding, ...]
    unencrypted_or_tls_bindings: tuple[Binding, ...]
    proxy_target_port: int
    x509_certificate_name: str | None
    banner: str
    login_type: LoginType
    enable_gssapi_and_ntlm_auth: bool  # with Kerberos alone; equal for POP3 and IMAP4
    authenticated_connection_timeout: int
    pre_authenticated_connection_timeout: int
    max_connections: int | None  # on one front end
    max_connection_from_single_ip: int | None
    max_connections_per_user: int | None
    max_command_size: int  # after signing in
    calendar_item_retrieval_option: CalendarItemRetrievalOption  # equal for POP3 and IMAP4
    owa_server_url: str | None  # for CUSTOM, and there only; equal for POP3 and IMAP4
    protocol_log_enabled: bool
    log_file_location: str  # a folder below /var/log
    log_file_roll_over_settings: LogFileRollOverSettings
    log_per_file_size_quota: int | None  # None: by time alone


@dataclass(frozen=True, slots=True)
class ReceiveConnector:
    """One door for SMTP on the front ends (Set-ReceiveConnector).

    Times are in seconds, sizes in bytes; a limit that is None is none. Settings for which only one value is taken are
    not here.
    """

    name: str
    enabled: bool
    comment: str | None
    fqdn: str | None  # None: the server's own name
    banner: str | None  # without the 220; None: the name that it greets with
    bindings: tuple[Binding, ...]
    ssl_bindings: tuple[Binding, ...]  # ours: TLS from the first byte (RFC 8314), none by default
    remote_ip_ranges: tuple[IpRange, ...]
    auth_mechanism: frozenset[AuthMechanism]
    enable_auth_gssapi: bool
    permission_groups: frozenset[PermissionGroup]
    require_tls: bool
    tls_certificate_name: TlsCertificateName | None
    advertise_client_settings: bool
    external_connection_settings: tuple[ConnectionSetting, ...] | None  # None: the fqdn, and where it listens
    internal_connection_settings: tuple[ConnectionSetting, ...] | None
    max_message_size: int
    max_recipients_per_message: int
    max_header_size: int  # of all fields together
    max_hop_count: int
    max_local_hop_count: int  # 0: as many as there are
    max_logon_failures: int  # 1 to max_protocol_errors
    max_protocol_errors: int | None
    max_inbound_connection: int | None
    max_inbound_connection_per_source: int | None
    max_inbound_connection_percentage_per_source: int  # of the places that are free; 100: no limit
    message_rate_limit: int | None  # a minute
    message_rate_source: MessageRateSource
    connection_inactivity_timeout: int
    connection_timeout: int
    tarpit_interval: int
    protocol_logging_level: ProtocolLoggingLevel
    size_enabled: SizeEnabled
    eight_bit_mime_enabled: bool
    chunking_enabled: bool
    pipelining_enabled: bool
    delivery_status_notification_enabled: bool
    enhanced_status_codes_enabled: bool
    require_ehlo_domain: bool


@dataclass(frozen=True, slots=True)
class SendConnector:
    """How mail leaves the site (Set-SendConnector): through smart hosts, or by DNS where there are none.

    Times are in seconds, sizes in bytes; a limit that is None is none. Settings for which only one value is taken are
    not here.
    """

    name: str
    enabled: bool
    comment: str | None
    address_spaces: tuple[AddressSpace, ...]
    smart_hosts: tuple[SmartHost, ...]
    dns_routing_enabled: bool | None  # None: not said; it is then true where there are no smart hosts
    port: int  # of the recipients' own servers, and of smart hosts that say none
    smart_host_auth_mechanism: SmartHostAuth
    authentication_credential: str | None  # a name under credentials/ of the site's private folder
    require_tls: bool
    ignore_starttls: bool
    tls_auth_level: TlsAuthLevel | None
    tls_domain: str | None  # for DOMAIN_VALIDATION
    tls_certificate_name: TlsCertificateName | None
    fqdn: str | None  # None: the server's own name
    force_helo: bool
    connection_inactivity_time_out: int
    smtp_max_messages_per_connection: int
    max_message_size: int | None
    source_ip_address: IPv4Address | IPv6Address | None  # None: any of the server's
    source_transport_servers: tuple[str, ...]  # names of front ends; none: all of them


@dataclass(frozen=True, slots=True)
class DkimSigningConfig:
    """How the outgoing mail of a domain is signed (New-DkimSigningConfig, which Exchange Online has)."""

    domain: str  # an accepted domain
    enabled: bool
    selector: str  # of the key; each front end has one of its own, SELECTOR-SERVER


@dataclass(frozen=True, slots=True)
class WebSite:
    """What front ends answer over HTTPS."""

    enabled: bool
    host_name: str  # of the page for users


@dataclass(frozen=True, slots=True)
class WelcomeMessage:
    """What new mailboxes begin with."""

    enabled: bool
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class MailboxDatabase:
    """What holds for mailboxes that say nothing of their own (Set-MailboxDatabase). Bytes; None: unlimited."""

    issue_warning_quota: int | None
    prohibit_send_quota: int | None
    prohibit_send_receive_quota: int | None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox and what its owner may use (Set-CASMailbox, Set-Mailbox).

    Quotas are those that hold for it, its own or the database's, in bytes; None is unlimited.
    """

    address: str  # lower case
    server: str  # the back end that holds it
    kind: Kind
    account_disabled: bool  # its owner signs in nowhere; mail comes in all the same
    pop_enabled: bool
    imap_enabled: bool
    pop_use_protocol_defaults: bool
    imap_use_protocol_defaults: bool
    # Whether a meeting request comes as it is, whatever calendar_item_retrieval_option says; equal for both.
    pop_force_ical_for_calendar_retrieval_option: bool
    imap_force_ical_for_calendar_retrieval_option: bool
    email_addresses: tuple[str, ...]  # further addresses, lower case
    use_database_quota_defaults: bool
    issue_warning_quota: int | None
    prohibit_send_quota: int | None
    prohibit_send_receive_quota: int | None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What one server has in place of the site's settings (Set-PopSettings -Server), already merged with them."""

    name: str
    pop_settings: ProtocolSettings
    imap_settings: ProtocolSettings


@dataclass(frozen=True, slots=True)
class WrongPasswords:
    """How many wrong passwords there may be in an hour at a front end; None: any number."""

    per_client_and_mailbox: int | None
    per_client: int | None
    per_mailbox: int | None


@dataclass(frozen=True, slots=True)
class SecurityUpgrades:
    """Whether and when servers take security updates by themselves."""

    enabled: bool
    begin: int  # the first server's time of day, in seconds since midnight


@dataclass(frozen=True, slots=True)
class Metrics:
    """Who reads figures; nobody: there are none."""

    remote_ip_ranges: tuple[IpRange, ...]


@dataclass(frozen=True, slots=True)
class Backup:
    """Whether, where and how often back ends back their mailboxes up."""

    enabled: bool
    repository: str | None  # None only where it is off
    interval: int  # seconds
    retention: int  # seconds


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
    dkim_signing_configs: tuple[DkimSigningConfig, ...]  # sorted by domain
    web_site: WebSite
    welcome_message: WelcomeMessage
    wrong_passwords: WrongPasswords
    security_upgrades: SecurityUpgrades
    metrics: Metrics
    backup: Backup
    mailbox_database: MailboxDatabase
    kerberos_keytab: str | None  # a name under keytabs/ of the site's private folder
    virtual_address: IPv4Address | None
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
        return role_addresses_of(self.accepted_domains)

    def pair(self, protocol: Protocol) -> ServicePair:
        """The two services of a protocol."""
        return self.pop3 if protocol is Protocol.POP3 else self.imap4

    def protocol_settings(self, protocol: Protocol, server: str | None = None) -> ProtocolSettings:
        """The settings of a protocol on a server (its inventory name), or the site's where ``server`` is None."""
        place = next((each for each in self.servers if each.name == server), self)
        return place.pop_settings if protocol is Protocol.POP3 else place.imap_settings


def role_addresses_of(domains: Iterable[str]) -> tuple[str, ...]:
    """The role addresses (RFC 2142) of these domains, as :attr:`Site.role_addresses` has them."""
    return tuple(f"{name}@{domain}" for domain in domains for name in ("postmaster", "abuse"))
