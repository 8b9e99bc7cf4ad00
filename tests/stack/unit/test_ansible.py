"""How Ansible and SSH are called, and what Ansible's output tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpair.servers import Connection, Role, Server, inventory
from pulumi_stack import ansible

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.213.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.213.0.12",))
INVENTORY = inventory(
    [FRONT, BACK],
    {
        "front1": Connection("10.213.0.11", private_key=Path("/site/key"), known_hosts=Path("/site/known hosts")),
        "back1": Connection("back1.example.org", user="admin", port=2222),
    },
    Path("/site"),
)


def test_hosts_are_found_in_all_groups() -> None:
    assert [name for name, _ in ansible.hosts(INVENTORY)] == ["front1", "back1"]


def test_ssh_trusts_only_the_pinned_key() -> None:
    (_, front), _ = ansible.hosts(INVENTORY)
    assert list(ansible.ssh(front, 'echo "$1"', "it's", seconds=5)) == [
        "ssh",
        *("-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR"),
        *("-i", "/site/key", "-o", "IdentitiesOnly=yes"),
        *("-o", 'UserKnownHostsFile="/site/known hosts"', "-o", "StrictHostKeyChecking=yes"),
        *("-p", "22", "root@10.213.0.11"),
        """sh -c 'echo "$1"' sh 'it'"'"'s'""",
    ]


def test_a_user_other_than_root_gets_its_rights_through_sudo() -> None:
    _, (_, back) = ansible.hosts(INVENTORY)
    assert list(ansible.ssh(back, "true", seconds=5))[-4:] == [
        "-p",
        "2222",
        "admin@back1.example.org",
        "sudo -n sh -c true sh",
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("PLAY [Prepare every server] ****************", "play Prepare every server"),
        ("TASK [mailpair.mail.base : A [b] c] *******", "task mailpair.mail.base : A [b] c"),
        ("RUNNING HANDLER [Reload] ***", "running handler Reload"),
        ("ok: [front1]", None),
        ("PLAY RECAP *****", None),
    ],
)
def test_headings_are_told(line: str, text: str | None) -> None:
    assert ansible.heading(line) == text


def test_ansible_writes_only_into_the_folder_of_its_run() -> None:
    environment = ansible.environment(Path("/checkout"), Path("/run"))
    assert environment["ANSIBLE_CONFIG"] == "/checkout/ansible.cfg"
    assert environment["ANSIBLE_LOCAL_TEMP"] == "/run/local"
    assert environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] == "/run/ssh"
