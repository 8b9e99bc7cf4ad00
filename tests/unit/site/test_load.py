"""What right documents become, and how all problems of wrong ones are said at once."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from mailpair.site import Site, SiteError, load, stamps
from mailpair.site.model import (
    AddressSpace,
    AuthMechanism,
    Binding,
    CertificateService,
    CertificateSource,
    ConnectionSetting,
    Encryption,
    Kind,
    PermissionGroup,
    Protocol,
    ServicePair,
    SmartHost,
    SmartHostAuth,
)

LAB = Path(__file__).parents[3] / "inventories" / "lab"

Load = Callable[[dict[str, object]], Site]
Told = Callable[[dict[str, object]], list[str]]


def bindings(*ports: int) -> tuple[Binding, ...]:
    return tuple(Binding(ip_address(address), port) for port in ports for address in ("0.0.0.0", "::"))


def test_what_is_not_said_is_as_in_exchange(loaded: Load) -> None:
    site = loaded({})
    off = ServicePair(front_end=False, back_end=False)
    assert (site.pop3, site.imap4) == (off, off)
    assert not off.enabled
    pop, imap = site.pop_settings, site.imap_settings
    assert (pop.ssl_bindings, pop.unencrypted_or_tls_bindings) == (bindings(995), bindings(110))
    assert (imap.ssl_bindings, imap.unencrypted_or_tls_bindings) == (bindings(993), bindings(143))
    assert (pop.proxy_target_port, imap.proxy_target_port) == (1995, 1993)
    for settings in (pop, imap):
        assert settings.external_connection_settings == ()
        assert settings.internal_connection_settings is None
        assert settings.x509_certificate_name is None
    assert (pop.banner, imap.banner) == ("The POP3 service is ready.", "The IMAP4 service is ready.")
    assert site.servers == ()


def test_exchange_s_connectors_are_there_unasked(loaded: Load) -> None:
    client, default = loaded({}).receive_connectors
    assert (client.name, default.name) == ("Client Frontend", "Default Frontend")
    assert (client.bindings, default.bindings) == (bindings(587), bindings(25))
    assert client.permission_groups == {PermissionGroup.EXCHANGE_USERS}
    assert default.permission_groups == {PermissionGroup.ANONYMOUS_USERS}
    assert client.auth_mechanism == {AuthMechanism.TLS, AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS}
    assert default.auth_mechanism == {AuthMechanism.TLS}
    for connector in (client, default):
        assert connector.enabled
        assert not connector.advertise_client_settings
        assert connector.fqdn is None
        assert connector.ssl_bindings == ()
        assert (connector.max_message_size, connector.max_recipients_per_message) == (36 << 20, 200)


def test_one_of_exchange_s_connectors_is_changed_in_part_under_its_name_in_any_case(loaded: Load) -> None:
    client, default = loaded({"receive_connectors[client frontend].max_message_size": "1 MB"}).receive_connectors
    assert client.name == "Client Frontend"
    assert client.max_message_size == 1 << 20
    assert client.bindings == bindings(587)
    assert default.enabled


def test_a_name_in_two_cases_is_one_name(told: Told) -> None:
    changes: dict[str, object] = {
        "receive_connectors[Client Frontend].enabled": False,
        "receive_connectors[client frontend].enabled": True,
    }
    assert told(changes) == [
        (
            "receive_connectors[client frontend]: 'client frontend': must not be the same name as 'Client Frontend'; "
            "remove one of the two, or give it another name"
        )
    ]


def test_everything_said_is_in_the_site(loaded: Load) -> None:
    site = loaded(
        {
            "accepted_domains": ["Contoso.TEST", "fabrikam.test"],
            "services.imap4": {"front_end": True, "back_end": True},
            "imap_settings": {
                "external_connection_settings": ["Mail.contoso.test:993:ssl", "mail.contoso.test:143:TLS"],
                "internal_connection_settings": [],
                "ssl_bindings": ["[::1]:993", "10.0.0.1:993"],
                "unencrypted_or_tls_bindings": ["0.0.0.0:143"],
                "proxy_target_port": 2993,
                "x509_certificate_name": "MAIL.contoso.test",
                "banner": "Welcome.",
            },
            "receive_connectors[Branch (2)]": {
                "enabled": False,
                "bindings": [],
                "ssl_bindings": ["0.0.0.0:465"],
                "fqdn": "Branch.contoso.test",
                "auth_mechanism": "tls, basicAuth, BasicAuthRequireTLS",
                "permission_groups": ["exchangeusers"],
                "advertise_client_settings": True,
                "max_message_size": "10MB (10,485,760 bytes)",
                "max_recipients_per_message": 1,
            },
            "send_connectors[Out]": {
                "address_spaces": ["*", "*.Example.test"],
                "smart_hosts": ["relay.test:587", "[FD00::1]:587", "10.0.0.1:587"],
                "smart_host_auth_mechanism": "basicauthrequiretls",
                "authentication_credential": "relay",
                "require_tls": True,
                "fqdn": "out.contoso.test",
            },
            "certificates[mail]": {
                "source": "PRIVATE",
                "domain_name": ["Mail.contoso.test"],
                "services": "smtp, POP, imap",
            },
            "mailboxes[Bob@Contoso.test]": {
                "server": "back2",
                "pop_enabled": False,
                "email_addresses": ["B.Ob@fabrikam.test"],
            },
        }
    )
    assert site.accepted_domains == ("contoso.test", "fabrikam.test")
    assert site.domain == "contoso.test"
    assert site.role_addresses == (
        "postmaster@contoso.test",
        "abuse@contoso.test",
        "postmaster@fabrikam.test",
        "abuse@fabrikam.test",
    )
    assert site.pair(Protocol.IMAP4).enabled
    assert not site.pair(Protocol.POP3).enabled
    imap = site.imap_settings
    assert imap.external_connection_settings == (
        ConnectionSetting("mail.contoso.test", 993, Encryption.SSL),
        ConnectionSetting("mail.contoso.test", 143, Encryption.TLS),
    )
    assert imap.internal_connection_settings == ()
    assert imap.ssl_bindings == (Binding(ip_address("::1"), 993), Binding(ip_address("10.0.0.1"), 993))
    assert imap.unencrypted_or_tls_bindings == (Binding(ip_address("0.0.0.0"), 143),)
    assert (imap.proxy_target_port, imap.x509_certificate_name) == (2993, "mail.contoso.test")
    assert imap.banner == "Welcome."
    branch = site.receive_connectors[0]
    assert (branch.name, branch.enabled, branch.fqdn) == ("Branch (2)", False, "branch.contoso.test")
    assert (branch.bindings, branch.ssl_bindings) == ((), (Binding(ip_address("0.0.0.0"), 465),))
    assert branch.auth_mechanism == {AuthMechanism.TLS, AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS}
    assert branch.permission_groups == {PermissionGroup.EXCHANGE_USERS}
    assert branch.advertise_client_settings
    assert (branch.max_message_size, branch.max_recipients_per_message) == (10 << 20, 1)
    (out,) = site.send_connectors
    assert out.enabled
    assert out.address_spaces == (AddressSpace("*"), AddressSpace("*.example.test"))
    assert out.smart_hosts == (SmartHost("relay.test", 587), SmartHost("fd00::1", 587), SmartHost("10.0.0.1", 587))
    assert out.smart_host_auth_mechanism is SmartHostAuth.BASIC_AUTH_REQUIRE_TLS
    assert (out.authentication_credential, out.require_tls, out.fqdn) == ("relay", True, "out.contoso.test")
    (mail,) = site.certificates
    assert (mail.name, mail.source, mail.domain_name) == ("mail", CertificateSource.PRIVATE, ("mail.contoso.test",))
    assert mail.services == set(CertificateService) - {CertificateService.IIS}
    ada, administrator, bob = site.mailboxes
    assert (ada.address, ada.server, ada.kind) == ("ada@contoso.test", "back1", Kind.USER)
    assert (ada.pop_enabled, ada.imap_enabled, ada.email_addresses) == (True, True, ())
    assert (administrator.kind, administrator.pop_enabled) == (Kind.ADMINISTRATOR, False)
    assert not administrator.imap_enabled
    assert (bob.address, bob.server, bob.pop_enabled) == ("bob@contoso.test", "back2", False)
    assert (bob.imap_enabled, bob.email_addresses) == (True, ("b.ob@fabrikam.test",))


def test_a_server_has_its_own_settings_in_place_of_the_site_s(loaded: Load) -> None:
    site = loaded(
        {
            "pop_settings.banner": "All.",
            "pop_settings.ssl_bindings": ["0.0.0.0:1234"],
            "servers[front2].pop_settings.banner": "Two.",
            "servers[front3]": {},
        }
    )
    everywhere = site.pop_settings
    second = site.protocol_settings(Protocol.POP3, "front2")
    assert (everywhere.banner, second.banner) == ("All.", "Two.")
    assert second.ssl_bindings == everywhere.ssl_bindings
    for server in ("front1", "front3", None):
        assert site.protocol_settings(Protocol.POP3, server) == everywhere
    assert site.protocol_settings(Protocol.IMAP4, "front2") == site.imap_settings


def test_a_colon_with_nothing_behind_it_says_nothing(loaded: Load) -> None:
    nothing: dict[str, object] = {
        "services": None,
        "pop_settings": None,
        "imap_settings.banner": None,
        "receive_connectors": None,
        "send_connectors": None,
        "certificates": None,
        "servers": None,
        "mailboxes[ada@contoso.test].kind": None,
    }
    assert loaded(nothing) == loaded({"send_connectors": {}, "certificates": {}})


def test_all_problems_are_said_at_once_sorted_by_path(told: Told) -> None:
    changes: dict[str, object] = {
        "services.pop3": {"front_end": True, "backend": True},
        "services.imap4": {"front_end": True, "back_end": "yes"},
        "pop_settings": ["995"],
        "imap_settings.BannerText": "hello",
        "imap_settings.ssl_bindings": [*(f"0.0.0.0:{port}" for port in range(1000, 1010)), "0.0.0.0:x"],
        "send_connectors[Out].address_spaces": ["contoso.test"],
        "receive_connectors[a/b].enabled": True,
        "mailboxes[bob@contoso.test]": {"server": "back1", "email_addresses": ["ada@contoso.test"]},
        "mailboxes[eve]": {"server": "back1"},
        "mailboxes[guest@contoso.test]": {"kind": "guest"},
        "colour": "green",
    }
    assert told(changes) == [
        "colour: 'colour': is no setting here; docs/site-document.md describes those there are",
        "imap_settings.BannerText: 'BannerText': is no setting here; did you mean banner?",
        "imap_settings.ssl_bindings[10]: '0.0.0.0:x': port must be a whole number from 1 to 65535",
        (
            "mailboxes[bob@contoso.test].email_addresses[0]: 'ada@contoso.test': must be an address of one mailbox; "
            "mailboxes[ada@contoso.test] has it"
        ),
        "mailboxes[eve]: 'eve': must be an address, such as ada@contoso.com",
        (
            "mailboxes[guest@contoso.test].server: missing: must be given; add server, "
            "a server's name in the inventory, of 1 to 253 letters, digits and . _ -"
        ),
        "pop_settings: a list: must be a mapping; write its settings below it, each with a colon",
        (
            "receive_connectors[a/b]: 'a/b': must be a name of 1 to 64 letters, digits, spaces and . _ - ( ), "
            "with a letter or digit first"
        ),
        (
            "send_connectors[Out].address_spaces[0]: 'SMTP:contoso.test;1': must not be an accepted domain; its mail "
            "stays here"
        ),
        "services.imap4.back_end: 'yes': must be true or false; write true",
        "services.pop3.backend: 'backend': is no setting here; did you mean back_end?",
    ]


def test_nobody_complains_of_what_a_wrong_value_leaves_out(told: Told) -> None:
    """Each of these would be right with the value that was meant, so one problem is said of it and no other."""
    meant: list[dict[str, object]] = [
        {"pop_settings.external_connection_settings": ["a.test:1995:SSL"], "pop_settings.ssl_bindings": ["0:1995"]},
        {"pop_settings.x509_certificate_name": "a.test", "certificates[mail].domain_name": ["a_test"]},
        {"mailboxes[administrator@contoso.test].kind": "Admin"},
        {"mailboxes[bob@fabrikam.test].server": "back1", "accepted_domains": ["contoso.test", "fabrikam,test"]},
        {"services.pop3.front_end": True, "services.pop3.back_end": "ture"},
    ]
    for changes in meant:
        assert len(told(changes)) == 1, told(changes)


def test_problems_are_also_data(loaded: Load) -> None:
    with pytest.raises(SiteError) as caught:
        loaded({"version": 2})
    (problem,) = caught.value.problems
    assert (problem.path, problem.value, problem.rule, problem.remedy) == ("version", "2", "must be 1", "")


@pytest.mark.parametrize("key", ["a\nb", "\x1b[2J", "x" * 200, "9" * 5000])
def test_a_strange_key_stays_in_its_line(told: Told, key: str) -> None:
    (problem,) = told({f"pop_settings.{key}" if "[" not in key else key: 1})
    assert problem.isprintable()
    assert len(problem) < 500


def test_the_lab_s_documents_are_right() -> None:
    site = load(LAB)
    assert site.accepted_domains == ("contoso.test",)
    assert {mailbox.kind for mailbox in site.mailboxes} == set(Kind)


def test_a_document_that_was_written_again_has_another_stamp(tmp_path: Path) -> None:
    for name in ("site.yml", "mailboxes.yml"):
        (tmp_path / name).write_text("one")
    before = stamps(tmp_path)
    assert stamps(tmp_path) == before
    (tmp_path / "new").write_text("two")
    (tmp_path / "new").rename(tmp_path / "mailboxes.yml")
    assert stamps(tmp_path) != before
    (tmp_path / "site.yml").unlink()
    with pytest.raises(FileNotFoundError):
        stamps(tmp_path)
