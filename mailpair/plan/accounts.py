"""Who may sign in over which protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One account of a passwd-file: who, the hash (PHC form, argon2id), and the fields that Dovecot is to know."""

    address: str
    hash: str
    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Its line: user, password, five fields that are not used here, extra fields."""
        extra = " ".join(f"{name}={value}" for name, value in self.fields)
        return f"{self.address}:{{ARGON2ID}}{self.hash}::::::{extra}"


# Whose hash a password is compared with where there is no such user, so that it takes as long as a wrong password does:
# with the parameters of all others, but made of no password. It is 32 zeros, and who finds a password for those has
# broken Argon2id. The domain is nobody's (RFC 6761, section 6.4).
DECOY = Entry(
    "nobody@decoy.invalid",
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
)


def passwd_file(
    site: Site, protocol: str, password_hash: Callable[[str], str], back_ends: Mapping[str, str] | None = None
) -> str:
    """Write the passwd-file of those who may sign in over a protocol.

    ``password_hash`` gives the hash for an address. ``back_ends`` are the full names of back ends by server name: with
    them each entry of IMAP and POP3 says how a front end reaches the mailbox. The last entry is DECOY.
    """
    entries = [
        Entry(
            mailbox.address,
            password_hash(mailbox.address),
            _way(site, protocol, back_ends[mailbox.server]) if back_ends and protocol in ("imap", "pop3") else (),
        )
        for mailbox in accounts(site, protocol)
    ]
    return "".join(f"{entry}\n" for entry in (*entries, DECOY))


def stamps(site: Site, password_hash: Callable[[str], str]) -> str:
    """Write lines such as ``ada@contoso.test:STAMP`` for those who may send: another password makes another stamp.

    A stamp is a part of the digest of the password's hash, whose random salt it does not hold, so it is good for no
    guess at the password.
    """
    return "".join(
        f"{mailbox.address}:{hashlib.sha256(password_hash(mailbox.address).encode()).hexdigest()[:16]}\n"
        for mailbox in accounts(site, "smtp")
    )


def _way(site: Site, protocol: str, host: str) -> tuple[tuple[str, str], ...]:
    settings = site.imap_settings if protocol == "imap" else site.pop_settings
    return (
        ("proxy", "yes"),
        ("host", host),
        ("port", str(settings.proxy_target_port)),
        ("ssl", "yes"),  # verified, name and all
        ("pass", "verified"),  # the back end is not told the user's
        # Without it about 3 of 100 IMAP sessions over TLS never see the answer to their first command.
        ("proxy_no_multiplex", "yes"),
    )
