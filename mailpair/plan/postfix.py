"""What both sides of Postfix, receiving and sending, are written in."""

from __future__ import annotations

from dataclasses import dataclass

from mailpair.settings.names import word

VERSION = "3.10.13"  # earlier ones have known holes

FOLDER = "/etc/postfix"
CREDENTIALS = f"{FOLDER}/credentials"  # logins at smart hosts, readable to root alone
OWN_DOMAINS_MAP = f"texthash:{FOLDER}/own_domains"

HEADER_SIZE_LIMIT = 262144  # bytes of one header field; Postfix would cut a larger one

# Whom Debian trusts; a front end's administrator adds a private CA with update-ca-certificates.
SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Service:
    """An entry of master.cf whose settings differ from main.cf's.

    ``name`` is where it listens, or what a delivery agent is called; ``options`` are ``name = value``; ``title`` is the
    connector that it belongs to, ``comment`` what its administrator says of it; ``processes`` is how many there may be
    at a time, 0 for any number and None for as many as Postfix has of most.
    """

    title: str
    name: str
    options: tuple[str, ...]
    comment: str = ""
    processes: int | None = None


def log_name(title: str) -> str:
    """What a connector is in the log: ``Client Frontend`` is postfix/client-frontend."""
    return f"postfix/{word(title)}"
