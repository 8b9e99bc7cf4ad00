from __future__ import annotations

import json

from hostside.sessions.table import LEASE, Session, Table

ADA = "ada@contoso.test"


def session(user: str = ADA, protocol: str = "imap") -> Session:
    return Session(user, protocol, 40000, 1993)


def key(port: int, address: str = "192.0.2.1") -> tuple[str, int, int]:
    return address, port, 993


def test_sessions_and_grants_count_together() -> None:
    table = Table()
    table.establish(key(1), session())
    assert table.grant(key(2), ADA, "imap", 2, now=0)
    assert not table.grant(key(3, "2001:db8::1"), ADA, "imap", 2, now=0)


def test_each_user_and_protocol_has_a_count_of_its_own() -> None:
    table = Table()
    table.establish(key(1), session())
    assert not table.grant(key(2), ADA, "imap", 1, now=0)
    assert table.grant(key(2), ADA, "pop3", 1, now=0)
    assert table.grant(key(3), "bob@contoso.test", "imap", 1, now=0)


def test_a_grant_becomes_a_session_and_is_counted_once() -> None:
    table = Table()
    assert table.grant(key(1), ADA, "imap", 2, now=0)
    table.establish(key(1), session())
    assert table.grant(key(2), ADA, "imap", 2, now=0)


def test_an_end_gives_the_place_back() -> None:
    table = Table()
    table.establish(key(1), session())
    table.finish(key(1))
    table.finish(key(1))
    assert table.grant(key(2), ADA, "imap", 1, now=0)
    assert not table.grant(key(3), ADA, "imap", 1, now=0)


def test_a_grant_that_is_not_used_ends() -> None:
    table = Table()
    assert table.grant(key(1), ADA, "imap", 1, now=0)
    assert not table.grant(key(2), ADA, "imap", 1, now=LEASE - 1)
    assert table.grant(key(2), ADA, "imap", 1, now=LEASE)


def test_a_connection_that_asks_again_keeps_one_place() -> None:
    table = Table()
    assert table.grant(key(1), ADA, "imap", 1, now=0)
    assert table.grant(key(1), ADA, "imap", 1, now=1)


def test_what_has_no_connection_twice_in_a_row_is_forgotten() -> None:
    table = Table()
    table.establish(key(1), session())
    assert table.grant(key(2), ADA, "imap", 2, now=0)
    table.keep_only([key(1), key(2)])
    table.keep_only([])
    table.keep_only([key(1)])
    assert table.sessions.keys() == {key(1)}
    assert table.grant(key(3), ADA, "imap", 2, now=0)
    table.keep_only([key(3)])
    table.keep_only([key(3)])
    assert not table.sessions


def test_a_restart_keeps_sessions() -> None:
    table, after = Table(), Table()
    table.establish(key(1), session())
    assert table.changed
    after.load(json.loads(json.dumps(table.dump())))
    assert after.sessions == table.sessions
    assert not after.changed
    assert not after.grant(key(2), ADA, "imap", 1, now=0)
