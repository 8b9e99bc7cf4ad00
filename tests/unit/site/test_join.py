"""Where documents and servers must agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailpair.servers import Role, Server
from mailpair.site import Site, SiteError, join

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11"))
FRONT2 = Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))

Load = Callable[[dict[str, object]], Site]

CASES: dict[str, tuple[dict[str, object], list[Server], list[str]]] = {
    "a pair": ({}, [FRONT, BACK], []),
    "a server of its own settings": ({"servers[front1]": {}}, [FRONT, BACK], []),
    "a mailbox on a front end": (
        {"mailboxes[ada@contoso.test].server": "front1"},
        [FRONT, BACK],
        [
            (
                "mailboxes[ada@contoso.test].server: 'front1': must be a mailbox server; "
                "the inventory's group mailbox has back1"
            )
        ],
    ),
    "settings of a back end": (
        {"servers[back1]": {}},
        [FRONT, BACK],
        ["servers[back1]: 'back1': must be a client access server; the inventory's group client_access has front1"],
    ),
    "no servers": (
        {},
        [],
        [
            "inventory: group client_access: must have one server at least; add it",
            "inventory: group mailbox: must have one server at least; add it",
            (
                "mailboxes[ada@contoso.test].server: 'back1': must be a mailbox server; "
                "the inventory's group mailbox has none"
            ),
            (
                "mailboxes[administrator@contoso.test].server: 'back1': must be a mailbox server; "
                "the inventory's group mailbox has none"
            ),
        ],
    ),
    "a front end's own name that a fetched certificate lacks": (
        {
            "services.pop3": {"front_end": True, "back_end": True},
            "certificates[mail].source": "acme",
            "certificates[mail].acme.directory": "https://acme.contoso.test/directory",
            "certificates[mail].acme.terms_of_service_agreed": True,
            "pop_settings.external_connection_settings": ["mail.contoso.test:995:SSL"],
            "imap_settings.external_connection_settings": ["mail.contoso.test:993:SSL"],
        },
        [FRONT, BACK],
        [
            (
                "pop_settings.internal_connection_settings: missing: must be given, since no certificate of POP covers "
                "front1.contoso.test; clients inside would be told that name; list what they are to be told, or "
                "write []"
            )
        ],
    ),
    "one server that is both": (
        {},
        [FRONT, BACK, Server("front1", Role.MAILBOX, "front1.contoso.test", ())],
        [
            "inventory[front1]: 'front1': must be a name of one server; front1 (client_access) has it as well",
            (
                "inventory[front1]: 'front1.contoso.test': must be a full name of one server; "
                "front1 (client_access) has it as well"
            ),
        ],
    ),
    "two servers at one address": (
        {},
        [FRONT, BACK, Server("back2", Role.MAILBOX, "back2.contoso.test", ("10.0.0.13", "fd00::11"))],
        ["inventory[back2]: 'fd00::11': must be an address of one server; front1 (client_access) has it as well"],
    ),
    "a name of a certificate that nobody is told": (
        {
            "pop_settings.x509_certificate_name": "pop.contoso.test",
            "certificates[mail].domain_name": "*.contoso.test",
            "servers[front1].imap_settings.x509_certificate_name": "imap.contoso.test",
        },
        [FRONT, BACK],
        [
            (
                "pop_settings.x509_certificate_name: 'pop.contoso.test': must be a name of the connection settings, "
                "or a front end's own; those are front1.contoso.test"
            ),
            (
                "servers[front1].imap_settings.x509_certificate_name: 'imap.contoso.test': must be a name of the "
                "connection settings, or a front end's own; those are front1.contoso.test"
            ),
        ],
    ),
    "names of certificates that somebody is told": (
        {
            "pop_settings.x509_certificate_name": "front1.contoso.test",
            "imap_settings.x509_certificate_name": "imap.contoso.test",
            "imap_settings.internal_connection_settings": "imap.contoso.test:993:SSL",
            "certificates[mail].domain_name": "*.contoso.test",
        },
        [FRONT, BACK],
        [],
    ),
    "a virtual address": ({"virtual_address": "10.0.0.100"}, [FRONT, FRONT2, BACK], []),
    "a virtual address that is a server's own": (
        {"virtual_address": "10.0.0.12"},
        [FRONT, FRONT2, BACK],
        [
            (
                "virtual_address: '10.0.0.12': must not be an address of a server's own, as it is of back1; take one "
                "of their network that is free"
            )
        ],
    ),
    "a virtual address of one front end": (
        {"virtual_address": "10.0.0.100"},
        [FRONT, BACK],
        [
            (
                "virtual_address: '10.0.0.100': must have two front ends at least; the inventory's group client_access "
                "has front1; add one, or remove virtual_address"
            )
        ],
    ),
    "a virtual address of front ends without IPv4 addresses": (
        {"virtual_address": "10.0.0.100"},
        [FRONT, Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("front2.contoso.test", "fd00::13")), BACK],
        [
            (
                "inventory[front2]: 'front2.contoso.test, fd00::13': must have an IPv4 address, from which it shares "
                "virtual_address; add it to its addresses"
            )
        ],
    ),
    "a connector from a server that is none": (
        {"send_connectors[Out].source_transport_servers": ["front1", "back1"]},
        [FRONT, BACK],
        [
            (
                "send_connectors[Out].source_transport_servers[1]: 'back1': must be a client access server; "
                "the inventory's group client_access has front1"
            )
        ],
    ),
    "an address to send from": (
        {
            "send_connectors[Out].source_ip_address": "FD00:0::11",
            "send_connectors[Out].source_transport_servers": "front1",
            "send_connectors[Any]": {"address_spaces": "*;2", "source_ip_address": "::"},
        },
        [FRONT, BACK, Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("front2.contoso.test",))],
        [],
    ),
    "an address to send from that a server lacks": (
        {"send_connectors[Out].source_ip_address": "10.0.0.11"},
        [FRONT, BACK, Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("front2.contoso.test",))],
        [
            (
                "send_connectors[Out].source_ip_address: '10.0.0.11': must be an address of front2; name the servers "
                "that have it in source_transport_servers, or add it to front2 in the inventory"
            )
        ],
    ),
}


@pytest.mark.parametrize(("changes", "servers", "problems"), CASES.values(), ids=list(CASES))
def test_what_is_said_of_documents_and_servers(
    loaded: Load, changes: dict[str, object], servers: list[Server], problems: list[str]
) -> None:
    told: list[str] = []
    try:
        join(loaded(changes), servers)
    except SiteError as error:
        told = str(error).splitlines()
    assert told == problems
