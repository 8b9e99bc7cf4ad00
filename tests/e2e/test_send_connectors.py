"""How send connectors go about it, each for itself, as the servers see it that they send to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mailpair.settings.names import PRIVATE_CA
from tests.e2e.support import clients
from tests.e2e.support.wait import until
from tests.e2e.support.world import RELAY, World, led_to, outside_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

ADA = "ada@contoso.test"
IMPOSTOR = "impostor.fabrikam.test"  # leads to the same server, whose certificate is for RELAY
CLEAR, SILENT = 2525, 2526  # ports of a server without TLS, and of one that answers no message
FURTHER_HOST = 99  # of the stack's network: a further address of the front end
ABSENT = "front2"
CHECKED = {"require_tls": True, "tls_auth_level": "DomainValidation"}
CONNECTORS: dict[str, dict[str, Any]] = {
    "dns-port": {"address_spaces": ["litware.test"], "port": CLEAR},
    "port": {"smart_hosts": [RELAY], "port": CLEAR},
    "helo": {"force_helo": True},
    "no-starttls": {"ignore_starttls": True},
    "tls": {"require_tls": True},
    "tls-missing": {"require_tls": True, "port": CLEAR},
    "encryption": {"require_tls": True, "tls_auth_level": "EncryptionOnly", "smart_hosts": [IMPOSTOR]},
    "certificate": {"require_tls": True, "tls_auth_level": "CertificateValidation"},
    "certificate-of-another": {
        "require_tls": True,
        "tls_auth_level": "CertificateValidation",
        "smart_hosts": [IMPOSTOR],
    },
    "domain": {**CHECKED, "tls_domain": RELAY, "smart_hosts": [IMPOSTOR]},
    "another-domain": {**CHECKED, "tls_domain": "mail.fabrikam.test"},
    "shown": {"tls_certificate_name": f"<I>CN={PRIVATE_CA}<S>CN=mail.contoso.test"},
    "server": {"smart_host_auth_mechanism": "ExchangeServer"},
    "impatient": {"connection_inactivity_time_out": "00:00:03", "port": SILENT},
    "one": {"smtp_max_messages_per_connection": 1, "ignore_starttls": True},
    "two": {"smtp_max_messages_per_connection": 2, "ignore_starttls": True},
    "many": {"ignore_starttls": True},
    "here": {"source_transport_servers": ["front1"]},
    "elsewhere": {"source_transport_servers": [ABSENT]},
}


def settings(name: str, own: dict[str, Any]) -> dict[str, Any]:
    """A connector to the smart host for the domain of its name, but for what it says itself."""
    usual = {"address_spaces": [f"{name}.test"]}
    if "address_spaces" not in own:
        usual["smart_hosts"] = [RELAY]
    return usual | own


@pytest.fixture(scope="module")
def world(lab: Lab, stack: Stack, outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The outside world, with all of these connectors; the front end has a further address."""
    stack.settle()
    further = f"{lab.front.address.rpartition('.')[0]}.{FURTHER_HOST}"
    connectors = {name: settings(name, own) for name, own in CONNECTORS.items()}
    connectors["source"] = settings("source", {"source_ip_address": further, "source_transport_servers": ["front1"]})
    stack.edit({"mailpair_site": {"send_connectors": connectors}})
    lab.front.run(f"ip address replace {further}/24 dev host0")
    with outside_world(outside, tmp_path_factory.mktemp("world"), lab.state.ca_certificate) as world:
        with led_to(world, lab.front):
            stack.playbook(inventory(lab, stack, further), "--limit", "front1")
            yield world
        lab.front.run(f"postsuper -d ALL && ip address del {further}/24 dev host0")
        stack.restore()


def inventory(lab: Lab, stack: Stack, further: str) -> Path:
    """An inventory in which the front end has a further address, and there is another front end, which is not up."""
    file = stack.plain_inventory()
    content = yaml.safe_load(file.read_text())
    fronts = content["all"]["children"]["client_access"]["hosts"]
    fronts["front1"]["mailpair_addresses"].append(further)
    fronts[ABSENT] = {"ansible_host": "192.0.2.1", "mailpair_addresses": ["192.0.2.1"]}
    file.write_text(yaml.safe_dump(content))
    return file


def sent(lab: Lab, name: str) -> str:
    """The subject of a message that has been sent through a connector."""
    subject = clients.unique(name)
    clients.submit(lab, ADA, f"somebody@{CONNECTORS.get(name, {}).get('address_spaces', [f'{name}.test'])[0]}", subject)
    return subject


def waits(lab: Lab, name: str, reason: str) -> None:
    """Sees that a message stays in the queue, and why."""
    until(
        lambda: any(f"@{name}.test" in line and reason in line for line in lab.front.run("postqueue -j").splitlines()),
        f"a message for {name} in the queue because of {reason!r}",
    )


@pytest.mark.parametrize("name", ["dns-port", "port"])
def test_the_port_is_that_of_the_connector(lab: Lab, world: World, name: str) -> None:
    assert world.wait(sent(lab, name))["port"] == CLEAR


def test_helo_is_said_where_it_is_asked_for(lab: Lab, world: World) -> None:
    verbs = {name: world.wait(sent(lab, name))["verb"] for name in ("helo", "many")}
    assert verbs == {"helo": "HELO", "many": "EHLO"}


def test_tls_is_left_aside_where_it_is_to_be_ignored(lab: Lab, world: World) -> None:
    used = {name: world.wait(sent(lab, name))["tls"] for name in ("no-starttls", "here")}
    assert used == {"no-starttls": False, "here": True}


def test_without_tls_mail_stays_where_it_is_required(lab: Lab, world: World) -> None:
    assert world.wait(sent(lab, "tls"))["tls"]
    subject = sent(lab, "tls-missing")
    waits(lab, "tls-missing", "TLS is required, but was not offered")
    assert world.messages(subject) == []


def test_the_level_says_what_a_certificate_must_show(lab: Lab, world: World) -> None:
    """The same server under its certificate's name, and under another."""
    for name in ("encryption", "certificate"):
        assert world.wait(sent(lab, name))["tls"]
    subject = sent(lab, "certificate-of-another")
    waits(lab, "certificate-of-another", "Server certificate not verified")
    assert world.messages(subject) == []


def test_the_domain_is_the_name_that_a_certificate_must_have(lab: Lab, world: World) -> None:
    assert world.wait(sent(lab, "domain"))["tls"]
    subject = sent(lab, "another-domain")
    waits(lab, "another-domain", "Server certificate not verified")
    assert world.messages(subject) == []


@pytest.mark.parametrize(("name", "subject"), [("shown", "CN=mail.contoso.test"), ("server", "CN=front1.contoso.test")])
def test_a_certificate_is_shown_where_one_is_named(lab: Lab, world: World, name: str, subject: str) -> None:
    """What the other server makes of it is its own affair: to this one neither proves a client."""
    assert subject not in world.noted("certificates")
    sent(lab, name)
    until(lambda: subject in world.noted("certificates"), f"the certificate {subject}")


def test_a_server_that_does_not_answer_is_left(lab: Lab, world: World) -> None:
    """After seconds; by default it would be ten minutes."""
    sent(lab, "impatient")
    until(lambda: world.noted("given-up"), "the end of a session without an answer")


def test_a_connection_carries_so_many_messages(lab: Lab, world: World) -> None:
    """Of messages that are there at once: Postfix keeps a connection only while there are more of them."""

    def most(name: str) -> int:
        subject = clients.unique(name)
        lab.front.run("pkill -STOP -x qmgr")
        try:
            with clients.connect_smtp(lab) as client:
                client.login(ADA, lab.password(ADA))
                for _ in range(20):
                    client.sendmail(ADA, [f"somebody@{name}.test"], f"Subject: {subject}\r\n\r\nGood morning.\r\n")
        finally:
            lab.front.run("pkill -CONT -x qmgr")
        until(lambda: len(world.messages(subject)) == 20, f"all messages for {name}")
        return max(Counter(message["connection"] for message in world.messages(subject)).values())

    assert {name: most(name) for name in ("one", "two")} == {"one": 1, "two": 2}
    assert most("many") > 2


def test_the_source_is_the_address_of_the_connector(lab: Lab, world: World) -> None:
    seen = [world.wait(sent(lab, name))["client"] for name in ("here", "source")]
    assert seen == [lab.front.address, f"{lab.front.address.rpartition('.')[0]}.{FURTHER_HOST}"]


def test_a_connector_is_on_the_front_ends_that_it_names(lab: Lab, world: World) -> None:
    assert world.wait(sent(lab, "here"))["client"] == lab.front.address
    with clients.connect_smtp(lab) as client:
        client.login(ADA, lab.password(ADA))
        client.mail(ADA)
        code, answer = client.rcpt("somebody@elsewhere.test")
    assert (code, b"no send connector of this site covers this address" in answer) == (550, True)
