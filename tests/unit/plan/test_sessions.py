from __future__ import annotations

from dataclasses import replace

import pytest

from mailpair.plan import sessions
from mailpair.plan.role import ConnectionLimit
from mailpair.plan.sessions import Folder, LogPlan, Sharing, WatchedProtocol
from mailpair.servers import Role, Server
from mailpair.site.model import LogFileRollOverSettings, Protocol
from tests.unit.plan.sites import NO_PROTOCOL, bindings

IMAP = replace(
    NO_PROTOCOL,
    ssl_bindings=bindings("0.0.0.0:993", "[::]:993"),
    unencrypted_or_tls_bindings=bindings("0.0.0.0:143"),
    authenticated_connection_timeout=40,
    pre_authenticated_connection_timeout=30,
    max_connections_per_user=3,
    log_file_location="/var/log/imap",
)


def test_a_protocol_is_watched_at_all_of_its_ports() -> None:
    planned = sessions.plan({"imap": (Protocol.IMAP4, IMAP)}, (), None)
    assert planned.watched.protocols == {"imap": WatchedProtocol((143, 993), 40, 30, 3, None)}
    assert planned.folders == ()


def test_a_log_that_is_on_has_a_folder() -> None:
    own = replace(
        IMAP,
        protocol_log_enabled=True,
        log_file_roll_over_settings=LogFileRollOverSettings.WEEKLY,
        log_per_file_size_quota=4096,
    )
    planned = sessions.plan({"imap": (Protocol.IMAP4, own)}, (), None)
    assert planned.watched.protocols["imap"].log == LogPlan("/var/log/imap", "IMAP4", "Weekly", 4096)
    assert planned.folders == (Folder("/var/log/imap"),)


def test_no_limit_of_a_user_is_exchange_s_number_for_it() -> None:
    planned = sessions.plan({"imap": (Protocol.IMAP4, replace(IMAP, max_connections_per_user=None))}, (), None)
    assert planned.watched.protocols["imap"].per_user == 2147483647


@pytest.mark.parametrize(
    ("names", "shared"),
    [
        (["front1", "back1"], None),
        (["front1", "front2"], None),
        (["front1", "front2", "back1", "back2"], Sharing(("back1.contoso.test", "back2.contoso.test"), 2, 12341)),
    ],
)
def test_front_ends_tell_each_other_where_there_are_several(names: list[str], shared: Sharing | None) -> None:
    servers = [
        Server(name, Role.CLIENT_ACCESS if name.startswith("front") else Role.MAILBOX, f"{name}.contoso.test", ())
        for name in names
    ]
    assert sessions.sharing(servers) == shared


@pytest.mark.parametrize("numbers", [(None, None), (5, None), (None, 2)])
def test_limits_of_connections(numbers: tuple[int | None, int | None]) -> None:
    own = replace(IMAP, max_connections=numbers[0], max_connection_from_single_ip=numbers[1])
    assert sessions.limit("imap", own) == ConnectionLimit("imap", (143, 993), *numbers)
