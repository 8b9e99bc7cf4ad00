"""A back end whose mail store is full, or has no inode left: its users read on, mail waits, and nothing bounces."""

from __future__ import annotations

import imaplib
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.outlasting import identities, is_told, others_go_on, outlasted
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.e2e.support.lab import Host, Lab

DORA = "dora@contoso.test"  # on back2 as well
STORE, KEPT = "/srv/vmail", "/run/kept-store"


@contextmanager
def small_store(host: Host) -> Iterator[None]:
    """The mail store is for a while on a file system of its own with little room, in memory; nothing of it is lost."""
    host.run(
        f"systemctl stop haproxy dovecot && mkdir {KEPT} && mount --bind --make-private {STORE} {KEPT} && "
        f"mount -t tmpfs -o size=$(($(du -sk {KEPT} | cut -f 1) + 8192))k,mode=700 store {STORE} && "
        f"chown --reference={KEPT} {STORE} && cp -a {KEPT}/. {STORE} && systemctl start dovecot haproxy"
    )
    try:
        yield
    finally:
        host.run(
            f"systemctl stop haproxy dovecot && find {KEPT} -mindepth 1 -delete && cp -a {STORE}/. {KEPT} && "
            f"umount {STORE} {KEPT} && rmdir {KEPT} && systemctl start dovecot haproxy"
        )


@contextmanager
def no_room(host: Host) -> Iterator[None]:
    """Not a block is free in the mail store."""
    host.run(f"cat /dev/zero > {STORE}/filler", check=False)
    assert host.run(f"df --output=avail {STORE} | tail -n 1").strip() == "0"
    try:
        yield
    finally:
        host.run(f"rm {STORE}/filler")


@contextmanager
def no_inode(host: Host) -> Iterator[None]:
    """No file can be made in the mail store; there is room for what is written to those that are there."""
    host.run(f"mount -o remount,nr_inodes=$(df --output=iused {STORE} | tail -n 1 | tr -d ' ') {STORE}")
    assert host.run(f"df --output=iavail {STORE} | tail -n 1").strip() == "0"
    try:
        yield
    finally:
        host.run(f"mount -o remount,nr_inodes=1000000 {STORE}")


def appended(lab: Lab, address: str, subject: str) -> bool:
    """Whether a message was stored over IMAP; where it was not, the client is told so."""
    message = f"Subject: {subject}\r\n\r\n{'x' * 70}\r\n".encode()
    with clients.imap(lab, address) as client:
        kind, data = client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), message)
    assert kind in {"OK", "NO"}, data
    return kind == "OK"


def waiting(lab: Lab) -> int:
    """How many messages wait in the queues, each tried before."""
    return sum(front.run("postqueue -j").count('"delay_reason"') for front in lab.fronts)


@pytest.mark.parametrize("fault", [no_room, no_inode])
def test_users_of_a_full_store_read_on_and_their_mail_waits(
    lab: Lab, fault: Callable[[Host], AbstractContextManager[None]]
) -> None:
    back = lab.backs[1]
    with small_store(back), outlasted(lab, BOB, ADA) as taken:
        unread = clients.unique("nobody has looked yet")
        clients.submit(lab, ADA, BOB, unread)
        until(lambda: back.run(f"grep -lr '{unread}' {STORE}/contoso.test/bob", check=False), "a message in the store")
        back.run(f"rm -rf {STORE}/contoso.test/dora")
        first = clients.unique("the first of a mailbox")
        with fault(back):
            for front in lab.fronts:
                with by(lab, front):
                    assert is_told(lab, BOB) == ("", "")
                    taken.append(clients.unique("waits"))
                    clients.submit(lab, ADA, BOB, taken[-1])
            clients.submit(lab, ADA, DORA, first)
            others_go_on(lab, BOB, ADA)
            until(lambda: waiting(lab) == len(taken) + 1, "mail that waits")
            seen = identities(lab, BOB)
            assert unread in seen[1].values()
            assert not set(taken) & set(seen[1].values())
            put = clients.unique("stored by a client")
            if appended(lab, BOB, put):
                taken.append(put)
        after = identities(lab, BOB)
        assert after[0] == seen[0]
        assert {uid: after[1].get(uid) for uid in seen[1]} == seen[1]
    assert list(identities(lab, DORA)[1].values()) == [first]
