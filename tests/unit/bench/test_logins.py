"""What is made of the seconds that logins took, and what other proxies are given."""

from __future__ import annotations

import ssl

import pytest

from bench import logins, rivals
from bench.doors import Account, Door
from bench.logins import CHEAP, DIRECT, FRONT, Ways

TLS = ssl.create_default_context()
USUAL, LEAST = Account("ada@contoso.test", "a"), Account("bob@contoso.test", "b")
WAYS = Ways(
    Door("192.0.2.1", "f", 993, TLS),
    Door("192.0.2.2", "b", 2993, TLS),
    {"x": Door("192.0.2.1", "f", 4993, TLS)},
    USUAL,
    LEAST,
)


def test_ratios_are_to_the_direct_way_of_the_same_account() -> None:
    middle = {FRONT: 30.0, DIRECT: 20.0, "through x": 80.0, FRONT + CHEAP: 15.0, DIRECT + CHEAP: 5.0}
    assert [(each.name, each.value) for each in logins.ratios("IMAP", middle)] == [
        ("IMAP login through the front end, to direct", 1.5),
        ("IMAP login through x, to direct", 4.0),
        ("IMAP login through the front end, without the hash, to direct", 3.0),
    ]


def test_each_round_has_all_kinds_and_each_begins_with_another() -> None:
    asked: list[tuple[int, str]] = []

    def login(door: Door, account: Account) -> float:
        asked.append((door.port, account.address))
        return 0.01

    figures = logins.compare("IMAP", login, WAYS, rounds=2)
    assert len(asked) == (2 + logins.WARMING) * 5
    assert [port for port, _ in asked[:10]] == [993, 2993, 4993, 993, 2993, 2993, 4993, 993, 2993, 993]
    assert {each.note for each in figures if each.name.endswith("p50")} == {"n = 2, noise 0%"}


@pytest.mark.parametrize(("name", "port"), [("dovecot.conf", 4993), ("nginx.conf", 5995), ("haproxy.cfg", 19993)])
def test_others_listen_where_they_are_asked(name: str, port: int) -> None:
    assert str(port) in rivals.files("back1.contoso.test")[name]


def test_the_answers_for_nginx_are_a_program() -> None:
    compile(rivals.files("back1.contoso.test")["answers.py"], "answers.py", "exec")
    assert "--outgoing_server back1.contoso.test:2993" in rivals.commands("back1.contoso.test")["bench-perdition-imap"]
