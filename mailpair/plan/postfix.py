"""What both sides of Postfix, receiving and sending, are written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSION = "3.10.13"  # earlier ones have known holes

FOLDER = "/etc/postfix"
CREDENTIALS = f"{FOLDER}/credentials"  # logins at smart hosts, readable to root alone
OWN_DOMAINS_MAP = f"texthash:{FOLDER}/own_domains"

INSPECTOR = "/usr/local/lib/mailpair/inspect-mail"  # refuses what Postfix would not deliver as it came
HEADER_SIZE_LIMIT = 262144  # bytes of one header field; Postfix would cut a larger one

# Whom Debian trusts; a front end's administrator adds a private CA with update-ca-certificates.
SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Service:
    """An entry of master.cf whose settings differ from main.cf's.

    ``name`` is where it listens, or what a delivery agent is called; ``options`` are ``name = value``; ``title`` is the
    connector that it belongs to.
    """

    title: str
    name: str
    options: tuple[str, ...]


def log_name(title: str) -> str:
    """Make a connector's name one word of the log: ``Client Frontend`` is logged as postfix/client-frontend."""
    return "postfix/" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
