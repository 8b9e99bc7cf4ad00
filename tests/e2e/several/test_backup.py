"""A back end is lost, and comes back from its backup, while users of another one read on."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.several.test_any_front_end import ADA, BOB
from tests.e2e.support import clients
from tests.e2e.support.edited import edited
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    import imaplib
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

FOLDER = "/home/vault/mail"
METRICS = "/var/lib/prometheus/node-exporter/mailpair_backup.prom"


@pytest.fixture(scope="module")
def repository(lab: Lab, stack: Stack) -> Iterator[str]:
    """A folder at another server, front2, which takes backups by SFTP."""
    stack.settle()
    vault = lab.fronts[1]
    vault.run("useradd --create-home vault && install -d -m 0700 -o vault /home/vault/.ssh")
    for back in lab.backs:
        back.run("test -e /root/.ssh/id_ed25519 || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519")
        vault.run("cat >>/home/vault/.ssh/authorized_keys", stdin=back.run("cat /root/.ssh/id_ed25519.pub"))
        known = "".join(f"{vault.address} {key}\n" for key in lab.state.pinned_keys(vault.address))
        back.run("cat >/root/.ssh/known_hosts", stdin=known)
    yield f"sftp:vault@{vault.address}:{FOLDER}"
    vault.run("userdel --remove --force vault", check=False)


@pytest.fixture(scope="module")
def back(lab: Lab, stack: Stack, repository: str) -> Iterator[Host]:
    """back1, which backs itself up."""
    stack.edit({"mailpair_site": {"backup": {"enabled": True, "repository": repository}}})
    stack.playbook(stack.plain_inventory())
    yield lab.backs[0]
    stack.restore()
    stack.playbook(stack.plain_inventory())
    left = lab.backs[0].run(f"ls -d /etc/mailpair/backup* {METRICS} /etc/systemd/system/mailpair-backup*", check=False)
    assert left == ""


def at(lab: Lab) -> str:
    """The repository of back1."""
    return f"sftp:vault@{lab.fronts[1].address}:{FOLDER}/back1"


def run(stack: Stack, name: str, *arguments: str) -> tuple[int, str]:
    """How a playbook ends, and what it says."""
    done = stack.playbook(stack.plain_inventory(), *arguments, name=name, check=False)
    return done.returncode, " ".join(done.stdout.split())


def taken(back: Host) -> tuple[bool, str]:
    """Whether the service takes a backup, and the last line of its journal."""
    before = back.run("date +%s").strip()
    back.run("systemctl start mailpair-backup", check=False)
    said = back.run(f"journalctl -o cat -t python3 -u mailpair-backup --since @{before}").strip().splitlines()
    return "mailpair_backup_success 1\n" in back.run(f"cat {METRICS}"), said[-1]


def snapshots(back: Host) -> list[str]:
    """The times of its backups, as dates."""
    return re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", back.run("mailpair-backup restic snapshots --no-lock"))


def picture(lab: Lab, address: str) -> dict[str, Any]:
    """What a mailbox shows its owner: folders, in each messages with UID, flags, date and content; and UIDLs."""
    seen: dict[str, Any] = {}
    with clients.imap(lab, address, folder=None) as client:
        for line in clients.ok(client.list()):
            folder = line.decode().rpartition(' "/" ')[2].strip('"')
            count = int(clients.ok(client.select(f'"{folder}"', readonly=True))[0])
            seen[folder] = (client.response("UIDVALIDITY")[1], messages(client) if count else {})
        seen["subscribed"] = sorted(clients.ok(client.lsub()))
    with clients.pop(lab, address) as pop:
        seen["uidl"] = pop.uidl()[1]
    return seen


def messages(client: imaplib.IMAP4) -> dict[str, Any]:
    """Each message of the open folder, by its UID."""
    found: dict[str, Any] = {}
    for part in clients.ok(client.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")):
        if isinstance(part, tuple):
            said = re.search(rb'UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE "([^"]*)"', part[0])
            assert said, part[0]
            flags = sorted(each for each in said[2].split() if each != rb"\Recent")
            found[said[1].decode()] = (flags, said[3], hashlib.sha256(part[1]).hexdigest())
    return found


def fill(lab: Lab) -> None:
    """A mailbox in use: read, flagged, labelled, moved and removed messages, and one that is new."""
    subjects = [clients.unique(each) for each in ("read", "labelled", "moved", "removed", "new")]
    with clients.imap(lab, ADA) as client:
        for subject in subjects:
            clients.submit(lab, BOB, ADA, subject)
        read, labelled, moved, removed, _ = [clients.wait_for_message(client, each) for each in subjects]
        projects = clients.unique("Projects")
        clients.ok(client.create(f'"{projects}"'))
        clients.ok(client.subscribe(f'"{projects}"'))
        clients.ok(client.store(read, "+FLAGS", r"(\Seen \Flagged \Answered)"))
        clients.ok(client.store(labelled, "+FLAGS", "($Label1 Travel)"))
        clients.ok(client.copy(moved, f'"{projects}"'))
        for name in (f"{projects}/lock", "tmp"):  # as files are called that no backup has
            clients.ok(client.create(f'"{name}"'))
            clients.ok(client.copy(read, f'"{name}"'))
        for number in (moved, removed):
            clients.ok(client.store(number, "+FLAGS", r"(\Deleted)"))
        clients.ok(client.expunge())


def test_a_lost_back_end_comes_back_as_it_was_backed_up(lab: Lab, stack: Stack, back: Host) -> None:
    fill(lab)
    before = picture(lab, ADA)
    status, said = run(stack, "backup.yml")
    assert status == 0, said
    late, waiting, passing = (clients.unique(each) for each in ("too late", "waits", "passes"))
    clients.submit(lab, BOB, ADA, late)
    with clients.imap(lab, ADA) as client:
        clients.wait_for_message(client, late)
    with clients.pop(lab, ADA) as pop:
        known = set(pop.uidl()[1])

    with clients.imap(lab, BOB) as reading:
        back.run("systemctl stop haproxy dovecot && rm -r /srv/vmail /var/cache/mailpair-backup /etc/mailpair/backup*")
        clients.submit(lab, BOB, ADA, waiting)
        until(lambda: any("deferred" in front.run("postqueue -j") for front in lab.fronts), "a message that waits")

        status, said = run(stack, "site.yml")
        assert status != 0
        assert (
            f"back1: /srv/vmail holds no mail, and {at(lab)} has a backup of TIME: must hold that mail before it is "
            "served; run playbooks/restore.yml with -e host=back1, or give it up by saying on that server: "
            "mailpair-backup begin"
        ) in re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d", "TIME", said)
        clients.submit(lab, BOB, BOB, passing)
        clients.wait_for_message(reading, passing)

        status, said = run(stack, "restore.yml", "-e", "host=back1")
        assert status == 0, said
        assert re.search(r"back1: the backup of \S+ is back, with \d+ messages", said), said
        clients.ok(reading.noop())

    for front in lab.fronts:
        front.run("postqueue -f")
    with clients.imap(lab, ADA) as client:
        arrived = clients.wait_for_message(client, waiting)
        assert clients.find(client, late) == []
        uid = re.search(rb"UID (\d+)", clients.ok(client.fetch(arrived, "(UID)"))[0])
        assert uid
    after = picture(lab, ADA)
    del after["INBOX"][1][uid[1].decode()]
    fresh = [each for each in after["uidl"] if each.split()[1] not in {one.split()[1] for one in before["uidl"]}]
    after["uidl"] = [each for each in after["uidl"] if each not in fresh]
    assert after == before
    # A POP3 client has seen the message that is lost, and fetches the one that comes now.
    assert len(fresh) == 1
    assert fresh[0].split()[1] not in {each.split()[1] for each in known}


def test_what_holds_mail_is_left_as_it_is(lab: Lab, stack: Stack, back: Host) -> None:
    subject = clients.unique("stays")
    clients.submit(lab, BOB, ADA, subject)
    with clients.imap(lab, ADA) as client:
        clients.wait_for_message(client, subject)
        status, said = run(stack, "restore.yml", "-e", f"host={back.name}")
        assert status != 0
        assert (
            "back1: /srv/vmail holds mail: must hold none before a backup comes back; name an empty server, or move "
            "that mail elsewhere"
        ) in said
        assert len(clients.find(client, subject)) == 1


@pytest.mark.parametrize(("host", "named"), [((), "missing"), (("-e", "host=front1"), "front1")])
def test_a_back_end_has_to_be_named(stack: Stack, back: Host, host: tuple[str, ...], named: str) -> None:
    del back
    status, said = run(stack, "restore.yml", *host)
    assert status != 0
    assert f"host: {named}: must be one of back1, back2; add -e host=NAME" in said


def test_a_backup_with_another_password_fails_and_says_so(lab: Lab, back: Host) -> None:
    with edited(back, "/etc/mailpair/backup-password", "s/^/x/"):
        success, said = taken(back)
        assert not success
        assert said == (
            f"{at(lab)}: another password: must open with the one of back1; put the password that it was made with "
            "into private/backup/back1 on the controller, and run playbooks/site.yml"
        )
        assert back.run("systemctl is-failed mailpair-backup", check=False) == "failed\n"
    assert taken(back)[0]
    assert back.run("systemctl is-failed mailpair-backup", check=False) == "inactive\n"


def test_a_repository_that_is_away_fails_and_is_not_made_anew(lab: Lab, back: Host) -> None:
    vault = lab.fronts[1]
    vault.run(f"mv {FOLDER} {FOLDER}.away")
    try:
        success, said = taken(back)
        assert not success
        assert said == (
            f"{at(lab)}: no repository: must be there; bring back what it is on, or begin another one by saying on "
            "back1: mailpair-backup begin"
        )
        assert vault.run(f"ls -d {FOLDER}", check=False) == ""
    finally:
        vault.run(f"mv {FOLDER}.away {FOLDER}")


def test_old_backups_go(back: Host) -> None:
    back.run("mailpair-backup restic backup --host back1 --time '2020-01-02 03:04:05' /srv/vmail/.backed-up")
    assert "2020-01-02 03:04:05" in snapshots(back)
    assert taken(back)[0]
    left = snapshots(back)
    assert left
    assert "2020-01-02 03:04:05" not in left


def test_backups_begin_by_themselves(back: Host) -> None:
    timer = "/etc/systemd/system/mailpair-backup.timer"
    assert "OnUnitActiveSec=3600\n" in back.run(f"cat {timer}")
    count = len(snapshots(back))
    reload = "systemctl daemon-reload && systemctl restart mailpair-backup.timer"
    with edited(back, timer, "s/3600/1/"):
        back.run(reload)
        until(lambda: len(snapshots(back)) >= count + 2, "two more backups")
    back.run(reload)


def test_a_back_end_can_not_read_another_one_s_backups(lab: Lab, back: Host) -> None:
    other = f"sftp:vault@{lab.fronts[1].address}:{FOLDER}/back2"
    read = f"RESTIC_PASSWORD_FILE=/etc/mailpair/backup-password restic -r {other} snapshots 2>&1"
    assert "wrong password" in back.run(read, check=False)
