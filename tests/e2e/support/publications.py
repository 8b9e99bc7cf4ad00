"""What is published, fetched, and read where a standard alone says how; tests/support/readers has the programs."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab
    from tests.support.readers import Told


@dataclass(frozen=True)
class Reply:
    """What a front end answers."""

    status: int
    headers: dict[str, str]
    body: bytes


def fetch(
    lab: Lab, url: str, method: str = "GET", body: str | None = None, headers: dict[str, str] | None = None
) -> Reply:
    """One request, without following anything; the certificate has to be for the name."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    made: http.client.HTTPConnection
    if scheme == "https":
        made = http.client.HTTPSConnection(host, timeout=PATIENCE, context=lab.tls)
    else:
        made = http.client.HTTPConnection(host, timeout=PATIENCE)
    try:
        made.request(method, slash + path, body, headers or {})
        answer = made.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        made.close()


def of_pacc(body: bytes) -> list[Told]:
    """Its protocols, at their own ports."""
    ports = {"imap": ("IMAP", 993), "pop3": ("POP", 995), "submit": ("SMTP", 465)}
    document = json.loads(body)
    assert document["authentication"] == {"password": True}
    return [(ports[name][0], each["host"], ports[name][1], "SSL") for name, each in document["protocols"].items()]


def of_dns(lines: str, domain: str) -> list[Told]:
    """What a program finds by RFC 6186 and 8314: all services that are not said to be missing, the best first."""
    kinds = {
        "_imaps": ("IMAP", "SSL"), "_imap": ("IMAP", "TLS"), "_pop3s": ("POP", "SSL"), "_pop3": ("POP", "TLS"),
        "_submissions": ("SMTP", "SSL"), "_submission": ("SMTP", "TLS"),
    }  # fmt: skip
    found = []
    for service, priority, port, target in re.findall(
        rf"^(_\w+)\._tcp\.{re.escape(domain)}\. IN SRV (\d+) \d+ (\d+) (\S*)\.$", lines, re.MULTILINE
    ):
        if service in kinds and target:
            protocol, encryption = kinds[service]
            found.append((int(priority), (protocol, target, int(port), encryption)))
    return [told for _, told in sorted(found)]
