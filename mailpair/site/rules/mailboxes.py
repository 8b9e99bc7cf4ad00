"""Mailboxes: every address once, in a domain of the site, and nothing for accounts that are nobody's."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import Kind, Mailbox, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule

_NOBODY = frozenset({Kind.ANONYMOUS, Kind.GUEST})


def _addresses(mailbox: Mailbox) -> Iterator[tuple[str, str]]:
    """All addresses of a mailbox, each with its place in the document."""
    path = f"mailboxes[{mailbox.address}]"
    yield path, mailbox.address
    for index, address in enumerate(mailbox.email_addresses):
        yield f"{path}.email_addresses[{index}]", address


def _in_a_domain_of_the_site(site: Site) -> Iterator[Problem]:
    domains = ", ".join(site.accepted_domains)
    for mailbox in site.mailboxes:
        for path, address in _addresses(mailbox):
            if address.rpartition("@")[2] not in site.accepted_domains:
                yield Problem(path, shown(address), "must be in an accepted domain", f"those are {domains}")


def _each_address_once(site: Site) -> Iterator[Problem]:
    owners = {mailbox.address: f"mailboxes[{mailbox.address}]" for mailbox in site.mailboxes}
    for mailbox in site.mailboxes:
        for path, address in _addresses(mailbox):
            owner = owners.setdefault(address, path)
            if owner != path:
                yield Problem(path, shown(address), "must be an address of one mailbox", f"{owner} has it")


def _nothing_for_nobody(site: Site) -> Iterator[Problem]:
    for mailbox in site.mailboxes:
        path = f"mailboxes[{mailbox.address}]"
        kind = mailbox.kind.value
        for name, given in (("pop_enabled", mailbox.pop_enabled), ("imap_enabled", mailbox.imap_enabled)):
            if given and mailbox.kind is not Kind.USER:
                remedy = f"remove it; a mailbox of kind {kind} does not open over POP3 or IMAP4"
                yield Problem(f"{path}.{name}", "true", "must be for mailboxes of kind user", remedy)
        if mailbox.account_disabled and mailbox.kind is not Kind.USER:
            remedy = f"remove it; nobody signs in to a mailbox of kind {kind}"
            yield Problem(f"{path}.account_disabled", "true", "must be for mailboxes of kind user", remedy)
        if mailbox.kind in _NOBODY and mailbox.email_addresses:
            yield Problem(
                f"{path}.email_addresses",
                ", ".join(mailbox.email_addresses),
                f"must be empty for kind {kind}",
                "give them to another mailbox",
            )


def _one_store(site: Site) -> Iterator[Problem]:
    """Meeting requests are stored as they are to be read, over POP3 and IMAP4 alike."""
    name = "force_ical_for_calendar_retrieval_option"
    for mailbox in site.mailboxes:
        pop, imap = getattr(mailbox, f"pop_{name}"), getattr(mailbox, f"imap_{name}")
        if pop is not imap:
            yield Problem(
                f"mailboxes[{mailbox.address}].imap_{name}",
                shown(imap),
                f"must be the same as pop_{name}, which is {shown(pop)}",
                "both read one store; set both, with both use_protocol_defaults false",
            )


def _role_addresses(site: Site) -> Iterator[Problem]:
    if any(mailbox.kind is Kind.ADMINISTRATOR for mailbox in site.mailboxes):
        return  # They have what no other mailbox has.
    known = {address for mailbox in site.mailboxes for _, address in _addresses(mailbox)}
    for address in site.role_addresses:
        if address not in known:
            yield Problem(
                "mailboxes",
                "missing",
                f"must have {address}",
                "add it to a mailbox's email_addresses, or add a mailbox of kind administrator, which gets it",
            )


RULES = (
    Rule(_in_a_domain_of_the_site, frozenset({"accepted_domains"})),
    Rule(_each_address_once),
    Rule(_nothing_for_nobody),
    Rule(_one_store),
    Rule(_role_addresses, frozenset({"accepted_domains", "mailboxes"})),
)
