"""A configuration profile for Apple's Mail (payload com.apple.mail.managed), for one mailbox.

It is not signed here: front ends do that, where the keys are. Apple's devices install one that is not signed all the
same, and call it unverified.
"""

from __future__ import annotations

import plistlib
import re
import uuid
from collections.abc import Sequence
from typing import Any

from mailpair.publish.clients import ClientProtocol, ClientSetting, View, client_settings
from mailpair.servers import Server
from mailpair.site.model import Mailbox, Site

_TYPES = {ClientProtocol.POP: "EmailTypePOP", ClientProtocol.IMAP: "EmailTypeIMAP"}
# Profiles of one mailbox have one identifier, so that a newer one takes the older one's place.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mailpair:profile")
_IDENTITY = re.compile(r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b")
ADDRESS = "{address}"  # stands for the mailbox's in a template


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
    if not any(each.protocol is protocol for each in client_settings(site, servers, mailbox, view)):
        return None
    whole = template(site, protocol, servers, view)
    if whole is None:
        return None
    for number, ca in enumerate(cas):
        # There are two while one takes the other's place, and each has identifiers of its own.
        own = fitted(authority(site), f"ca {number}") if number else authority(site)
        whole["PayloadContent"].append({**own, "PayloadContent": ca})
    return plistlib.dumps(fitted(whole, mailbox.address), sort_keys=False)


def template(
    site: Site, protocol: ClientProtocol, servers: Sequence[Server] = (), view: View = View.OUTSIDE
) -> dict[str, Any] | None:
    """The profile for nobody yet: :func:`fitted` makes it somebody's. The page does the same with it by itself."""
    told = client_settings(site, servers, view=view)
    incoming = next((each for each in told if each.protocol is protocol), None)
    outgoing = next((each for each in told if each.protocol is ClientProtocol.SMTP), None)
    if protocol not in _TYPES or incoming is None or outgoing is None:
        return None
    kind = protocol.value
    return _payload(
        "Configuration",
        kind,
        PayloadDisplayName=f"{ADDRESS} ({kind})",
        PayloadOrganization=site.domain,
        PayloadDescription=f"Mail of {ADDRESS} over {kind}.",
        PayloadRemovalDisallowed=False,
        PayloadContent=[_mail(incoming, outgoing)],
    )


def authority(site: Site) -> dict[str, Any]:
    """What asks the user to trust the site's own CA, but for the CA: its PayloadContent is the certificate in DER."""
    return _payload("com.apple.security.root", "ca", PayloadDisplayName=f"CA of {site.domain}")


def fitted(value: Any, address: str) -> Any:
    """A template as that of a mailbox: with its address, and with identifiers that no other mailbox's has."""
    if isinstance(value, dict):
        return {key: fitted(item, address) for key, item in value.items()}
    if isinstance(value, list):
        return [fitted(item, address) for item in value]
    if isinstance(value, str):
        return _IDENTITY.sub(lambda found: _own(found[0], address), value).replace(ADDRESS, address)
    return value


def _own(identity: str, address: str) -> str:
    own = str(uuid.uuid5(uuid.UUID(identity), address))
    return own.upper() if identity.isupper() else own


def _mail(incoming: ClientSetting, outgoing: ClientSetting) -> dict[str, Any]:
    values: dict[str, Any] = {
        "PayloadDisplayName": ADDRESS,
        "EmailAccountDescription": ADDRESS,
        "EmailAccountType": _TYPES[incoming.protocol],
        "EmailAddress": ADDRESS,
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    for side, each in (("Incoming", incoming), ("Outgoing", outgoing)):
        values |= {
            f"{side}MailServerAuthentication": "EmailAuthPassword",
            f"{side}MailServerHostName": each.server,
            f"{side}MailServerPortNumber": each.port,
            # Stands for both: at a port for STARTTLS the device turns to TLS before it signs in.
            f"{side}MailServerUseSSL": True,
            f"{side}MailServerUsername": ADDRESS,
        }
    return _payload("com.apple.mail.managed", incoming.protocol.value, **values)


def _payload(kind: str, part: str, **values: Any) -> dict[str, Any]:
    identity = uuid.uuid5(_NAMESPACE, f"{kind}/{part}")
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"mailpair.{identity}",
        "PayloadUUID": str(identity).upper(),
        **values,
    }
