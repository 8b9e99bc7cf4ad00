"""Any two files give a Site that holds what it promises, or problems that a person can read."""

from __future__ import annotations

import copy
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import event, given
from hypothesis import strategies as st

from mailpair.publish import ClientProtocol, View, client_settings
from mailpair.servers import Role, Server
from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.record import Group, Named, Parameter
from mailpair.site import Site, SiteError, load
from mailpair.site.model import Encryption, Protocol
from tests.unit.site.conftest import PlainDumper
from tests.unit.site.editors import minded

FRONTS = [Server(name, Role.CLIENT_ACCESS, f"{name}.contoso.test", ()) for name in ("front1", "front2")]

RIGHT: dict[str, Any] = {
    "accepted_domains": ["contoso.test", "fabrikam.test"],
    "services": {
        "pop3": {"front_end": True, "back_end": True},
        "imap4": {"front_end": True, "back_end": True},
    },
    "pop_settings": {"external_connection_settings": ["mail.contoso.test:995:SSL", "mail.contoso.test:110:TLS"]},
    "imap_settings": {"external_connection_settings": ["mail.contoso.test:993:SSL"]},
    "receive_connectors": {
        "Client Frontend": {"advertise_client_settings": True, "ssl_bindings": ["0.0.0.0:465"]},
        "Default Frontend": {},
    },
    "send_connectors": {"Out": {"address_spaces": ["*"], "smart_hosts": ["relay.test"]}},
    "certificates": {"mail": {"domain_name": ["mail.contoso.test"]}},
    "servers": {"front2": {"pop_settings": {}, "imap_settings": {"banner": "Two."}}},
    "mailboxes": {
        "ada@contoso.test": {"server": "back1", "email_addresses": ["a@contoso.test"]},
        "root@contoso.test": {"server": "back1", "kind": "administrator"},
    },
}

CHOSEN = {
    "receive_connectors": "Client Frontend",
    "send_connectors": "Out",
    "certificates": "mail",
    "dkim_signing_configs": "contoso.test",
    "servers": "front2",
    "mailboxes": "ada@contoso.test",
}

# What may well be written somewhere, right there or not.
PLAUSIBLE: list[Any] = [
    True, False, 1, 993, 1995, 65535, "None", "Tls", "private", "guest", "back2", "1 MB", "AnonymousUsers", None, {},
    [], "mail.contoso.test", ["Tls", "BasicAuth", "BasicAuthRequireTLS"], ["POP", "IMAP", "SMTP"],
    ["ExchangeUsers", "AnonymousUsers"], ["*"], ["contoso.test"], ["fabrikam.test"], ["0.0.0.0:995"], ["[::]:993"],
    ["0.0.0.0:110", "127.0.0.1:995"], ["mail.contoso.test:993:TLS"], ["mail.contoso.test:995:SSL"],
    ["postmaster@contoso.test"], ["root@contoso.test"], "00:00:45", "1.00:00:00", "unlimited", "Unlimited", "2.5 GB",
    "36 MB (37,748,736 bytes)",
    0, 3, "3", "custom", "Custom", "https://mail.contoso.test/owa", "$true", "$FALSE",
    "$null", ["10.0.0.0/8", "fd00::/64"],
    "10.0.0.1-10.0.0.9, ::1", "Tls, ExchangeServer", ["Tls", "ExternalAuthoritative"],
    "ExchangeServers, AnonymousUsers", "220 Ready.", "<I>CN=mailpair private CA 1<S>CN=mail.contoso.test", "Verbose",
    "DomainValidation", "EncryptionOnly", "BasicAuthRequireTLS", ["contoso.test;5"], "SMTP:*.fabrikam.com;2, *;3",
]  # fmt: skip

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | st.text(string.printable, max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(string.printable, max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def example(parameter: Parameter) -> Any:
    """A value that is taken; a time stays text."""
    text = parameter.notation.example
    return text if re.fullmatch(r"[0-9:]+:[0-9]+", text) else yaml.safe_load(text)


def places(group: Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], st.SearchStrategy[Any]]]:
    """The paths of all groups and settings, and what to write there; a chosen name is one that the documents have."""
    for member in group.members:
        place = (*path, member.name)
        match member:
            case Parameter():
                yield place, st.sampled_from([example(member), member.default, *PLAUSIBLE]) | junk
            case Group():
                yield place, st.just({}) | junk
                yield from places(member, place)
            case Named():
                yield place, st.just({}) | junk
                yield from places(member.group, (*place, CHOSEN[member.name]))


PLACES = {**dict(places(SITE)), **dict(places(MAILBOXES))}
changes = st.lists(
    st.sampled_from(list(PLACES)).flatmap(lambda place: st.tuples(st.just(place), PLACES[place])), max_size=3
)


def write(folder: Path, site: Any, mailboxes: Any) -> None:
    for name, data in (("site", site), ("mailboxes", mailboxes)):
        text = yaml.dump({f"mailpair_{name}": data}, Dumper=PlainDumper)
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")


def outcome(folder: Path) -> Site | None:
    """The Site, or None after a look at the problems."""
    try:
        return load(folder)
    except SiteError as error:
        refused = error
    lines = str(refused).splitlines()
    assert 0 < len(lines) == len(refused.problems)
    for line in lines:
        assert line.isprintable(), line
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@given(content=st.binary(max_size=60) | st.text("mailpar_site:\n -[]{}'\"&*!#|>%@`,?\t", max_size=60).map(str.encode))
def test_any_bytes_are_refused(folder: Path, content: bytes) -> None:
    for name in ("site.yml", "mailboxes.yml"):
        (folder / name).write_bytes(content)
    assert outcome(folder) is None


@given(site=junk, mailboxes=junk)
def test_any_data_is_refused(folder: Path, site: Any, mailboxes: Any) -> None:
    write(folder, site, mailboxes)
    assert outcome(folder) is None


@given(changes=changes)
def test_changed_documents_give_a_site_that_holds_or_problems(
    folder: Path, changes: list[tuple[tuple[str, ...], Any]]
) -> None:
    documents = copy.deepcopy(RIGHT)
    for (*path, last), value in changes:
        place: Any = documents
        for segment in path:
            place = place.setdefault(segment, {}) if isinstance(place, dict) else {}
        if isinstance(place, dict):
            place[last] = copy.deepcopy(value)
    write(folder, {name: value for name, value in documents.items() if name != "mailboxes"}, documents["mailboxes"])
    result = outcome(folder)
    event("refused" if result is None else "a site")
    if result is not None:
        holds(result)
        # What is right for us is right for an editor.
        assert minded(documents) == []


def holds(site: Site) -> None:
    """What other rooms rely on."""
    assert site.accepted_domains
    addresses = [each for mailbox in site.mailboxes for each in (mailbox.address, *mailbox.email_addresses)]
    assert len(addresses) == len(set(addresses))
    assert all(address.rpartition("@")[2] in site.accepted_domains for address in addresses)
    for protocol in Protocol:
        pair = site.pair(protocol)
        assert pair.front_end is pair.back_end
    for view in View:
        for told in client_settings(site, FRONTS, view=view):
            assert told.port in open_ports(site, told.protocol, told.encryption)


def open_ports(site: Site, protocol: ClientProtocol, encryption: Encryption) -> set[int]:
    """Ports that any front end listens on."""
    if protocol is ClientProtocol.SMTP:
        connectors = [each for each in site.receive_connectors if each.enabled]
        bound = [each.ssl_bindings if encryption is Encryption.SSL else each.bindings for each in connectors]
    else:
        which = Protocol.POP3 if protocol is ClientProtocol.POP else Protocol.IMAP4
        assert site.pair(which).enabled
        every = [site.protocol_settings(which, front.name) for front in FRONTS]
        bound = [
            each.ssl_bindings if encryption is Encryption.SSL else each.unencrypted_or_tls_bindings for each in every
        ]
    return {binding.port for bindings in bound for binding in bindings}
