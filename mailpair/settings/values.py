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


class CertificateSource(Enum):
    """Who issues a certificate."""

    PRIVATE = "private"  # the site's own CA


class CertificateService(Enum):
    """What a certificate is enabled for (Enable-ExchangeCertificate -Services)."""

    POP = "POP"
    IMAP = "IMAP"
    SMTP = "SMTP"


class AuthMechanism(Enum):
    """How a receive connector lets a client prove who it is (Set-ReceiveConnector -AuthMechanism)."""

    NONE = "None"
    TLS = "Tls"
    BASIC_AUTH = "BasicAuth"
    BASIC_AUTH_REQUIRE_TLS = "BasicAuthRequireTLS"


class PermissionGroup(Enum):
    """Who may send through a receive connector (Set-ReceiveConnector -PermissionGroups)."""

    ANONYMOUS_USERS = "AnonymousUsers"  # anyone, to recipients of the site only
    EXCHANGE_USERS = "ExchangeUsers"  # who has signed in, to anyone


class SmartHostAuth(Enum):
    """How the site signs in to a smart host (Set-SendConnector -SmartHostAuthMechanism)."""

    NONE = "None"
    BASIC_AUTH_REQUIRE_TLS = "BasicAuthRequireTLS"


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
class SmartHost:
    """A server that takes the site's outgoing mail."""

    host: str  # a name, or an address
    port: int

    def __str__(self) -> str:
        """``relay.contoso.com:587``, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
