"""Apple's devices: profiles as ``mdm/profiles`` of apple/device-management describes them (commit 0a4527c5).

``com.apple.mail.managed.yaml`` there says which keys must be, of which type, and which words they take. A profile does
not say how TLS begins: the device knows that by the port.
"""

from __future__ import annotations

import plistlib
import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.readers import RefusedError, Server, is_name

_BEGINS = {993: "SSL", 995: "SSL", 465: "SSL", 143: "TLS", 110: "TLS", 587: "TLS", 25: "TLS"}
_ACCOUNTS = {"EmailTypeIMAP": "IMAP", "EmailTypePOP": "POP"}
_WAYS = {"EmailAuthNone", "EmailAuthPassword", "EmailAuthCRAMMD5", "EmailAuthNTLM", "EmailAuthHTTPMD5"}
_REQUIRED: dict[str, type] = {
    "EmailAccountType": str,
    "IncomingMailServerAuthentication": str,
    "IncomingMailServerHostName": str,
    "OutgoingMailServerAuthentication": str,
    "OutgoingMailServerHostName": str,
}
_OPTIONAL: dict[str, type] = {
    "EmailAccountDescription": str,
    "EmailAccountName": str,
    "EmailAddress": str,
    "IncomingMailServerPortNumber": int,
    "IncomingMailServerUseSSL": bool,
    "IncomingMailServerUsername": str,
    "OutgoingMailServerPortNumber": int,
    "OutgoingMailServerUseSSL": bool,
    "OutgoingMailServerUsername": str,
    "OutgoingPasswordSameAsIncomingPassword": bool,
}
_OF_ALL: dict[str, type] = {"PayloadType": str, "PayloadVersion": int, "PayloadIdentifier": str, "PayloadUUID": str}
_TOLD_TO_PEOPLE: dict[str, type] = {"PayloadDisplayName": str, "PayloadDescription": str, "PayloadOrganization": str}


@dataclass(frozen=True)
class Installed:
    """What a device has after it: the account, whose it is, and the CAs that it is to trust (DER)."""

    servers: list[Server]
    address: str
    authorities: list[bytes]


def read(body: bytes) -> Installed:
    """What a device installs; raises RefusedError."""
    try:
        whole = plistlib.loads(body)
    except (plistlib.InvalidFileException, ValueError) as error:
        raise RefusedError(f"not a property list: {error}") from None
    _typed(whole, _OF_ALL, required=True)
    if whole["PayloadType"] != "Configuration":
        raise RefusedError(f"PayloadType is {whole['PayloadType']!r}")
    payloads = whole.get("PayloadContent")
    if not isinstance(payloads, list):
        raise RefusedError("PayloadContent is no array")
    for each in payloads:
        _typed(each, _OF_ALL, required=True)
    for key in ("PayloadUUID", "PayloadIdentifier"):
        values = [each[key] for each in (whole, *payloads)]
        if len(set(values)) != len(values):
            raise RefusedError(f"{key} is there twice")
    mails = [each for each in payloads if each["PayloadType"] == "com.apple.mail.managed"]
    if len(mails) != 1:
        raise RefusedError(f"{len(mails)} mail accounts")
    roots = [each for each in payloads if each["PayloadType"] == "com.apple.security.root"]
    for each in roots:
        _typed(each, {"PayloadContent": bytes}, required=True)
    return Installed(_servers(mails[0]), mails[0].get("EmailAddress", ""), [each["PayloadContent"] for each in roots])


def _typed(payload: dict[str, Any], keys: dict[str, type], *, required: bool) -> None:
    for key, kind in keys.items():
        if key not in payload:
            if required:
                raise RefusedError(f"{key} is missing")
        elif type(payload[key]) is not kind:
            raise RefusedError(f"{key} is {payload[key]!r}")
    if "PayloadUUID" in keys:
        try:
            uuid.UUID(payload["PayloadUUID"])
        except ValueError:
            raise RefusedError(f"PayloadUUID is {payload['PayloadUUID']!r}") from None


def _servers(mail: dict[str, Any]) -> list[Server]:
    _typed(mail, _REQUIRED, required=True)
    _typed(mail, _OPTIONAL, required=False)
    if unknown := mail.keys() - _REQUIRED.keys() - _OPTIONAL.keys() - _OF_ALL.keys() - _TOLD_TO_PEOPLE.keys():
        raise RefusedError(f"{', '.join(sorted(unknown))}: no such key")
    if mail["EmailAccountType"] not in _ACCOUNTS:
        raise RefusedError(f"EmailAccountType is {mail['EmailAccountType']!r}")
    servers = []
    for side, protocol in (("Incoming", _ACCOUNTS[mail["EmailAccountType"]]), ("Outgoing", "SMTP")):
        host, way = mail[f"{side}MailServerHostName"], mail[f"{side}MailServerAuthentication"]
        if not is_name(host):
            raise RefusedError(f"{side}MailServerHostName is {host!r}")
        if way not in _WAYS:
            raise RefusedError(f"{side}MailServerAuthentication is {way!r}")
        port = mail.get(f"{side}MailServerPortNumber", 0)
        begins = _BEGINS.get(port, "asked") if mail.get(f"{side}MailServerUseSSL", False) else "plain"
        servers.append(Server((protocol, host, port, begins), mail.get(f"{side}MailServerUsername", "")))
    return servers
