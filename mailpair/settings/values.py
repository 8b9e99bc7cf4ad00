"""The values that settings mean, each of them frozen. Their notations are in :mod:`mailpair.settings.notation`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address


class Encryption(Enum):
    """How a client protects a connection (Set-PopSettings -ExternalConnectionSettings)."""

    SSL = "SSL"  # TLS from the first byte
    TLS = "TLS"  # STARTTLS or STLS


class Protocol(Enum):
    """What a client speaks to its mailbox; the value is the name under ``services`` in the document."""

    POP3 = "pop3"
    IMAP4 = "imap4"


class Kind(Enum):
    """What an account is; only a user's mailbox opens over POP3 and IMAP4."""

    USER = "user"
    ADMINISTRATOR = "administrator"
    ANONYMOUS = "anonymous"
    GUEST = "guest"


class Language(Enum):
    """What users are told things in (BCP 47)."""

    EN = "en"
    ZH_TW = "zh-TW"


class CalendarItemRetrievalOption(Enum):
    """How a meeting request looks over POP3 and IMAP4 (Set-PopSettings -CalendarItemRetrievalOption)."""

    ICALENDAR = "iCalendar"  # as it came
    INTRANET_URL = "IntranetUrl"
    INTERNET_URL = "InternetUrl"
    CUSTOM = "Custom"  # a link to owa_server_url


class LogFileRollOverSettings(Enum):
    """When a protocol log begins a new file (Set-PopSettings -LogFileRollOverSettings)."""

    HOURLY = "Hourly"
    DAILY = "Daily"
    WEEKLY = "Weekly"
    MONTHLY = "Monthly"


class LoginType(Enum):
    """What a client may do before TLS (Set-PopSettings -LoginType)."""

    PLAIN_TEXT_LOGIN = "PlainTextLogin"  # sign in with a password
    PLAIN_TEXT_AUTHENTICATION = "PlainTextAuthentication"  # sign in with what is no password: a Kerberos ticket
    SECURE_LOGIN = "SecureLogin"  # nothing


class MimeTextFormat(Enum):
    """How a message is converted for a client (Set-PopSettings -MessageRetrievalMimeFormat)."""

    TEXT_ONLY = "TextOnly"
    HTML_ONLY = "HtmlOnly"
    HTML_AND_TEXT_ALTERNATIVE = "HtmlAndTextAlternative"
    TEXT_ENRICHED_ONLY = "TextEnrichedOnly"
    TEXT_ENRICHED_AND_TEXT_ALTERNATIVE = "TextEnrichedAndTextAlternative"
    BEST_BODY_FORMAT = "BestBodyFormat"
    TNEF = "Tnef"


class SortOrder(Enum):
    """In which order POP3 numbers messages (Set-PopSettings -MessageRetrievalSortOrder)."""

    ASCENDING = "Ascending"
    DESCENDING = "Descending"


class ExtendedProtection(Enum):
    """Whether signing in is bound to the TLS channel (Set-PopSettings -ExtendedProtectionPolicy)."""

    NONE = "None"
    ALLOW = "Allow"
    REQUIRE = "Require"


class AuthMechanism(Enum):
    """How a receive connector lets a client prove who it is (Set-ReceiveConnector -AuthMechanism)."""

    NONE = "None"
    TLS = "Tls"
    INTEGRATED = "Integrated"  # a Kerberos ticket (GSSAPI)
    BASIC_AUTH = "BasicAuth"
    BASIC_AUTH_REQUIRE_TLS = "BasicAuthRequireTLS"
    EXCHANGE_SERVER = "ExchangeServer"  # a client certificate of the site's own CA
    EXTERNAL_AUTHORITATIVE = "ExternalAuthoritative"  # its address, one of remote_ip_ranges


class PermissionGroup(Enum):
    """Who may send through a receive connector (Set-ReceiveConnector -PermissionGroups)."""

    NONE = "None"
    ANONYMOUS_USERS = "AnonymousUsers"  # anyone, to recipients of the site only
    EXCHANGE_USERS = "ExchangeUsers"  # who has signed in, to anyone
    EXCHANGE_SERVERS = "ExchangeServers"  # a server that has proved itself, to anyone and in any name
    EXCHANGE_LEGACY_SERVERS = "ExchangeLegacyServers"
    PARTNERS = "Partners"
    CUSTOM = "Custom"


class MessageRateSource(Enum):
    """By what a connector counts messages (Set-ReceiveConnector -MessageRateSource)."""

    NONE = "None"
    IP_ADDRESS = "IPAddress"
    USER = "User"
    ALL = "All"  # by each of the two


class ProtocolLoggingLevel(Enum):
    """Whether a connector keeps a protocol log (Set-ReceiveConnector -ProtocolLoggingLevel)."""

    NONE = "None"
    VERBOSE = "Verbose"


class SizeEnabled(Enum):
    """How a connector tells its largest message (Set-ReceiveConnector -SizeEnabled)."""

    ENABLED = "Enabled"  # SIZE and the number
    DISABLED = "Disabled"  # not at all; the limit holds all the same
    ENABLED_WITHOUT_VALUE = "EnabledWithoutValue"  # SIZE without a number


class TransportRole(Enum):
    """Which of Exchange's services has a connector (New-ReceiveConnector -TransportRole)."""

    FRONTEND_TRANSPORT = "FrontendTransport"
    HUB_TRANSPORT = "HubTransport"


class SmartHostAuth(Enum):
    """How the site signs in to a smart host (Set-SendConnector -SmartHostAuthMechanism)."""

    NONE = "None"
    BASIC_AUTH = "BasicAuth"
    BASIC_AUTH_REQUIRE_TLS = "BasicAuthRequireTLS"
    EXCHANGE_SERVER = "ExchangeServer"  # the front end's certificate of the site's own CA
    EXTERNAL_AUTHORITATIVE = "ExternalAuthoritative"  # the smart host knows the site by other means


class ErrorPolicies(Enum):
    """How a send connector takes the other server's errors (Set-SendConnector -ErrorPolicies)."""

    DEFAULT = "Default"
    DOWNGRADE_DNS_FAILURES = "DowngradeDnsFailures"
    DOWNGRADE_CUSTOM_FAILURES = "DowngradeCustomFailures"
    UPGRADE_CUSTOM_FAILURES = "UpgradeCustomFailures"


class ConnectorType(Enum):
    """What a send connector leads to (Set-SendConnector -ConnectorType)."""

    DEFAULT = "Default"
    X_PREMISES = "XPremises"


class TlsAuthLevel(Enum):
    """What a send connector asks of the other server's certificate (Set-SendConnector -TlsAuthLevel)."""

    ENCRYPTION_ONLY = "EncryptionOnly"  # nothing
    CERTIFICATE_VALIDATION = "CertificateValidation"  # that it is valid, for the server that was asked for
    DOMAIN_VALIDATION = "DomainValidation"  # that it is valid, for tls_domain


@dataclass(frozen=True, slots=True)
class Binding:
    """An address and port that a service listens on; the address may be the wildcard of its family."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        """Exchange's notation, ``0.0.0.0:995`` or ``[::]:995``."""
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ConnectionSetting:
    """What a user enters in a mail program: server name, port, encryption."""

    host: str
    port: int
    encryption: Encryption

    def __str__(self) -> str:
        """Exchange's notation, ``mail.contoso.com:995:SSL``."""
        return f"{self.host}:{self.port}:{self.encryption.value}"


@dataclass(frozen=True, slots=True)
class IpRange:
    """Addresses of one family, ``first`` and ``last`` included."""

    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address

    def __contains__(self, other: object) -> bool:
        """Whether all of ``other``, a range or an address, is in the range."""
        if isinstance(other, IpRange):
            return other.first in self and other.last in self
        if not isinstance(other, IPv4Address | IPv6Address) or other.version != self.first.version:
            return False
        return int(self.first) <= int(other) <= int(self.last)

    def overlaps(self, other: IpRange) -> bool:
        """Whether the two have an address in common."""
        return other.first in self or self.first in other

    def __str__(self) -> str:
        """Exchange's notation, ``10.0.0.1`` or ``10.0.0.1-10.0.0.9``."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class TlsCertificateName:
    """A certificate by its issuer and subject, both as distinguished names (Set-ReceiveConnector -TlsCertificateName).

    Distinguished names are kept as text, with the blanks around their commas removed.
    """

    issuer: str
    subject: str

    def __str__(self) -> str:
        """Exchange's notation, ``<I>CN=Contoso CA<S>CN=mail.contoso.com``."""
        return f"<I>{self.issuer}<S>{self.subject}"


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """Recipients that a send connector is for, and how dear its way is: of two ways the cheaper one is taken."""

    pattern: str  # "*", a domain, or "*." and a domain
    cost: int = 1

    def __str__(self) -> str:
        """Exchange's notation, ``SMTP:*.contoso.com;1``."""
        return f"SMTP:{self.pattern};{self.cost}"


@dataclass(frozen=True, slots=True)
class SmartHost:
    """A server that takes the site's outgoing mail."""

    host: str  # a name, or an address
    port: int | None = None  # None only as a document has it: a Site has the connector's port in its place

    def __str__(self) -> str:
        """``relay.contoso.com:587``, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"
