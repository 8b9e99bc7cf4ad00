"""A changed document takes effect with one ``pulumi up``; the same document again changes nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients, ports
from tests.e2e.support.evidence import look, operations, recap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
OFF = {"front_end": False, "back_end": False}
IMAP_PORTS, POP_PORTS, SMTP_PORTS = [143, 993], [110, 995], [25, 587]


@pytest.fixture
def restored(stack: Stack) -> Iterator[Stack]:
    """The stack, whose documents and hosts are put back as they were."""
    yield stack
    stack.restore()


def reachable(lab: Lab) -> dict[str, list[int]]:
    """Open ports beside SSH: the front end's as anyone sees them, the back end's as the front end does."""
    front = ports.open_ports(lab.front.address)
    back = ports.open_ports(lab.back.address, lab.front)
    return {"front": sorted({*front} - {22}), "back": sorted({*back} - {22})}


def test_a_second_up_changes_nothing_and_says_so(lab: Lab, stack: Stack) -> None:
    before = look(lab.hosts)
    done = stack.up()
    assert set(operations(done.stdout)) == {"unchanged"}, done.stdout
    assert look(lab.hosts) == before


def test_a_second_playbook_changes_nothing_and_says_so(lab: Lab, stack: Stack) -> None:
    unchanged(lab, stack, stack.inventory())


def test_a_playbook_without_pulumi_finds_nothing_to_change_with_a_folder_from_a_backup(
    lab: Lab, stack: Stack, tmp_path: Path
) -> None:
    inventory, folder, backup = stack.plain_inventory(), stack.site_dir, tmp_path / "backup"
    passwords = {user: lab.password(user) for user in (ADA, BOB)}
    shutil.copytree(folder, backup)
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    unchanged(lab, stack, inventory)
    for user, password in passwords.items():
        with clients.connect_imap(lab) as client:  # which trusts the CA in that folder
            clients.ok(client.login(user, password))


def unchanged(lab: Lab, stack: Stack, inventory: Path) -> None:
    """Runs the playbook on an inventory and sees that it had nothing to do."""
    before = look(lab.hosts)
    counts = recap(stack.playbook(inventory).stdout)
    assert sorted(counts) == sorted(host.name for host in lab.hosts)
    for host, count in counts.items():
        assert (count["changed"], count["failed"], count["unreachable"]) == (0, 0, 0), host
    assert look(lab.hosts) == before


def test_services_go_off_and_come_back_with_one_up_each(lab: Lab, restored: Stack) -> None:
    everything = reachable(lab)
    assert everything == {"front": sorted(IMAP_PORTS + POP_PORTS + SMTP_PORTS), "back": [24, 1993, 1995, 12340]}

    with clients.pop(lab, BOB) as session:  # stays open through both changes
        restored.edit({"mailpair_site": {"services": {"imap4": OFF}}})
        restored.up()
        assert reachable(lab) == {"front": sorted(POP_PORTS + SMTP_PORTS), "back": [24, 1995, 12340]}
        assert restored.outputs()["client_settings"]["outside"]["imap"] == []
        session.noop()

        restored.restore()
        restored.up()
        assert reachable(lab) == everything
        session.noop()
    with clients.imap(lab, BOB):
        pass


def test_with_every_service_off_nothing_listens(lab: Lab, restored: Stack) -> None:
    connectors = {"Default Frontend": {"enabled": False}, "Client Frontend": {"enabled": False}}
    services = {"pop3": OFF, "imap4": OFF}
    restored.edit({"mailpair_site": {"services": services, "receive_connectors": connectors}})
    restored.up()
    assert reachable(lab)["front"] == []
    assert not {1993, 1995} & set(reachable(lab)["back"])
    for host in lab.hosts:
        listening = {line.split()[3].rpartition(":")[2] for line in host.run("ss -Hlnt").splitlines()}
        assert not listening & {"110", "143", "993", "995", "1993", "1995", "25", "587", "465"}, host.name


# What must change nothing, with all that the refusal tells at once.
BROKEN = {
    "services": {"imap4": {"front_end": True, "back_end": False}},
    "pop_settings": {"external_connection_settings": ["mail.contoso.test:995:TSL"]},
    "imap_settings": {"baner": "hello"},
}
TOLD = (
    (
        "services.imap4.front_end: true: must not be on while services.imap4.back_end is off; "
        "clients need both services; turn both on, or both off"
    ),
    "pop_settings.external_connection_settings[0]: 'mail.contoso.test:995:TSL': encryption must be SSL or TLS",
    "imap_settings.baner: 'baner': is no setting here; did you mean banner?",
)


def test_a_broken_document_changes_nothing_on_any_host(lab: Lab, stack: Stack) -> None:
    before = look(lab.hosts)
    try:
        stack.edit({"mailpair_site": BROKEN})
        refused(stack, *TOLD)
        (stack.site_dir / "site.yml").write_text("mailpair_site: {version: 1\n")
        refused(stack, "site.yml")
        stack.restore()
        stack.edit({"mailpair_mailboxes": {"eve@contoso.test": {"server": "back7"}}}, "mailboxes.yml")
        rule = "must be a mailbox server; the inventory's group mailbox has back1"
        refused(stack, f"mailboxes[eve@contoso.test].server: 'back7': {rule}")
    finally:
        stack.restore()
    assert look(lab.hosts) == before


def refused(stack: Stack, *told: str) -> None:
    """Sees that Pulumi and Ansible both refuse the documents, say why, and are not surprised."""
    for done in (stack.up(check=False), stack.playbook(stack.inventory(), check=False)):
        said = f"{done.stdout}{done.stderr}"
        assert done.returncode != 0, said
        assert [line for line in told if line not in said] == [], said
        assert "Traceback" not in said
