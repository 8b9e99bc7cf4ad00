"""Who may sign in over which protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from mailpair.plan.tables import Table, Value
from mailpair.site.model import Kind, Mailbox, Site

PROTOCOLS = ("imap", "pop3", "smtp", "portal")  # the last is the page at which users look up their settings


def accounts(site: Site, protocol: str) -> tuple[Mailbox, ...]:
    """List the mailboxes whose owners may sign in over a protocol (one of PROTOCOLS).

    Only users may, and those whose account is not disabled: an administrator's, a guest's or an anonymous mailbox is
    not opened over POP3 and IMAP4, and nothing is sent in its name.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"{protocol!r} must be one of {', '.join(PROTOCOLS)}")
    users = (mailbox for mailbox in site.mailboxes if mailbox.kind is Kind.USER and not mailbox.account_disabled)
    if protocol == "imap":
        return tuple(mailbox for mailbox in users if mailbox.imap_enabled)
    if protocol == "pop3":
        return tuple(mailbox for mailbox in users if mailbox.pop_enabled)
    return tuple(users)


# The hash that a password is compared with where there is no such user, so that it takes as long as a wrong password
# does: with the parameters of all others, but made of no password. It is 32 zeros, and who finds a password for those
# has broken Argon2id.
DECOY = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

LOGINS = "logins"  # the table's name


def logins(site: Site, password_hash: Callable[[str], str], back_ends: Mapping[str, str] | None = None) -> Table:
    """List who may sign in over which protocol, a row each.

    ``password_hash`` gives the hash for an address (PHC form, argon2id). ``back_ends`` are the full names of back ends
    by server name: with them each row of IMAP and POP3 says at which host and port a front end reaches the mailbox. A
    row that is nobody's, for no protocol, has DECOY.
    """
    ports = {"imap": site.imap_settings.proxy_target_port, "pop3": site.pop_settings.proxy_target_port}
    rows: list[tuple[Value, ...]] = [("", "", DECOY, None, None)]
    for protocol in PROTOCOLS:
        for mailbox in accounts(site, protocol):
            port = ports.get(protocol) if back_ends else None
            host = back_ends[mailbox.server] if back_ends and port else None
            rows.append((mailbox.address, protocol, password_hash(mailbox.address), host, port))
    return Table(("address", "protocol", "password", "host", "port"), ("address", "protocol"), "address", tuple(rows))


def stamps(site: Site, password_hash: Callable[[str], str]) -> str:
    """Write lines such as ``ada@contoso.test:STAMP`` for those who may send: another password makes another stamp.

    A stamp is a part of the digest of the password's hash, whose random salt it does not hold, so it is good for no
    guess at the password.
    """
    return "".join(
        f"{mailbox.address}:{hashlib.sha256(password_hash(mailbox.address).encode()).hexdigest()[:16]}\n"
        for mailbox in accounts(site, "smtp")
    )
