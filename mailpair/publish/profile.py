"""A configuration profile for Apple's Mail (payload com.apple.mail.managed), for one mailbox.

It is not signed here: no key is where the page is. Apple's devices call it unverified and install it all the same.
"""

from __future__ import annotations

import plistlib
import uuid
from collections.abc import Sequence
from typing import Any

from mailpair.publish.clients import ClientProtocol, ClientSetting, View, client_settings
from mailpair.servers import Server
from mailpair.site.model import Mailbox, Site

_TYPES = {ClientProtocol.POP: "EmailTypePOP", ClientProtocol.IMAP: "EmailTypeIMAP"}
# Profiles of one mailbox have one identifier, so that a newer one takes the older one's place.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mailpair:profile")


def profile(
    site: Site,
    mailbox: Mailbox,
    protocol: ClientProtocol,
    servers: Sequence[Server] = (),
    cas: Sequence[bytes] = (),
    view: View = View.OUTSIDE,
) -> bytes | None:
    """The profile for a mailbox over POP or IMAP; None where its owner may not use that, or is told of no way to send.

    ``cas`` are the site's own in DER, where devices don't know them by themselves; the user is asked to trust them.
    """
    told = client_settings(site, servers, mailbox, view)
    incoming = next((each for each in told if each.protocol is protocol), None)
    outgoing = next((each for each in told if each.protocol is ClientProtocol.SMTP), None)
    if protocol not in _TYPES or incoming is None or outgoing is None:
        return None
    kind = protocol.value
    payloads = [_mail(mailbox.address, incoming, outgoing)]
    for number, ca in enumerate(cas):
        name = f"CA of {site.domain}"
        values = {"PayloadDisplayName": name, "PayloadContent": ca}
        payloads.append(_payload("com.apple.security.root", mailbox.address, f"ca{number}", **values))
    whole = _payload(
        "Configuration",
        mailbox.address,
        kind,
        PayloadDisplayName=f"{mailbox.address} ({kind})",
        PayloadOrganization=site.domain,
        PayloadDescription=f"Mail of {mailbox.address} over {kind}.",
        PayloadRemovalDisallowed=False,
        PayloadContent=payloads,
    )
    return plistlib.dumps(whole, sort_keys=False)


def _mail(address: str, incoming: ClientSetting, outgoing: ClientSetting) -> dict[str, Any]:
    values: dict[str, Any] = {
        "PayloadDisplayName": address,
        "EmailAccountDescription": address,
        "EmailAccountType": _TYPES[incoming.protocol],
        "EmailAddress": address,
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    for side, each in (("Incoming", incoming), ("Outgoing", outgoing)):
        values |= {
            f"{side}MailServerAuthentication": "EmailAuthPassword",
            f"{side}MailServerHostName": each.server,
            f"{side}MailServerPortNumber": each.port,
            # Stands for both: at a port for STARTTLS the device turns to TLS before it signs in.
            f"{side}MailServerUseSSL": True,
            f"{side}MailServerUsername": address,
        }
    return _payload("com.apple.mail.managed", address, incoming.protocol.value, **values)


def _payload(kind: str, address: str, part: str, **values: Any) -> dict[str, Any]:
    identity = uuid.uuid5(_NAMESPACE, f"{kind}/{address}/{part}")
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"mailpair.{identity}",
        "PayloadUUID": str(identity).upper(),
        **values,
    }
