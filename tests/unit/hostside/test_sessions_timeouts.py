from __future__ import annotations

import socket
from dataclasses import replace

from hostside.sessions.sock_diag import Connection
from hostside.sessions.timeouts import SIGN_IN_ENDS, Limits, Watch

CLIENT = Connection(socket.AF_INET, b"1", 993, "192.0.2.1", 50000, 0, busy=False)
LIMITS = {993: Limits(silent=40, silent_before=30), 587: Limits(total=60)}


def silent(seconds: float, *, busy: bool = False, **given: object) -> Connection:
    return replace(CLIENT, received=int(seconds * 1000), busy=busy, **given)  # type: ignore[arg-type]


def ends(watch: Watch, now: float, *connections: Connection, inside: bool = True) -> list[Connection]:
    signed_in = [each.key for each in connections] if inside else []
    return [each.connection for each in watch.overdue(connections, LIMITS, signed_in, now)]


def test_a_silent_session_ends_at_its_limit() -> None:
    watch = Watch()
    assert not ends(watch, 139, silent(39))
    assert ends(watch, 140, silent(40)) == [silent(40)]


def test_before_the_sign_in_the_other_limit_holds() -> None:
    watch = Watch()
    assert not ends(watch, 129, silent(29), inside=False)
    assert ends(watch, 130, silent(30), inside=False)


def test_a_session_that_says_something_lives() -> None:
    watch = Watch()
    assert not any(ends(watch, 100 + step, silent(step % 30)) for step in range(300))


def test_a_download_is_no_silence_and_its_end_begins_one() -> None:
    watch = Watch()
    assert not ends(watch, 100, silent(0))
    assert not ends(watch, 190, silent(90, busy=True))
    assert not ends(watch, 229, silent(129))
    assert ends(watch, 230, silent(130))


def test_who_is_not_known_after_the_sign_in_s_end_is_signed_in() -> None:
    watch = Watch()
    assert not ends(watch, 0, silent(0), inside=False)
    assert not ends(watch, SIGN_IN_ENDS + 1, silent(39), inside=False)
    assert ends(watch, SIGN_IN_ENDS + 2, silent(40), inside=False)


def test_the_total_time_ends_a_session_that_talks() -> None:
    watch = Watch()
    talking = silent(0, local_port=587)
    assert not ends(watch, 100, talking)
    assert not ends(watch, 159, talking)
    assert ends(watch, 160, talking)


def test_a_new_connection_with_an_old_one_s_ports_is_new() -> None:
    watch = Watch()
    assert not ends(watch, 100, silent(0, local_port=587))
    assert not ends(watch, 130)
    assert not ends(watch, 160, silent(0, local_port=587))


def test_what_was_open_before_the_program_is_as_old_as_its_silence() -> None:
    assert ends(Watch(), 1000, silent(60, local_port=587))
    watch = Watch()
    assert not ends(watch, 1000)
    assert not ends(watch, 1001, silent(60, local_port=587))


def test_other_ports_are_nobody_s_business() -> None:
    assert not ends(Watch(), 1000, silent(999, local_port=22))
