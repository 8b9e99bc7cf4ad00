"""The action ``plan``, as ansible-playbook runs it: what it sets, and that a wrong document touches no host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mailpair.applied import Applied, remember
from mailpair.site import load_written
from mailpair.state import SiteState

ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
DOCUMENT = """\
mailpair_site:
  version: 1
  accepted_domains: [contoso.test]
  services:
    imap4: {front_end: true, back_end: true}
"""
MAILBOXES = "mailpair_mailboxes: {ada@contoso.test: {server: back1, kind: administrator}}\n"
# As administrators write it: an address, and nothing that can be worked out.
PLAIN = {
    "all": {
        "children": {
            "client_access": {"hosts": {"front1": {"ansible_host": "192.0.2.11"}}},
            "mailbox": {"hosts": {"back1": {"ansible_host": "{{ network }}.12", "network": "192.0.2"}}},
        }
    }
}
PLAYBOOK = [
    {
        "hosts": "client_access:mailbox",
        "gather_facts": False,
        "any_errors_fatal": True,
        "tasks": [
            {"name": "Plan", "mailpair.mail.plan": None},
            {"name": "Show", "ansible.builtin.debug": {"var": "mailpair_plan"}},
        ],
    }
]


class Bench:
    """A site's folder with an inventory and a playbook."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("site.yml", DOCUMENT)
        self.write("mailboxes.yml", MAILBOXES)
        self.write("hosts.yml", yaml.safe_dump(PLAIN))
        self.write("ansible.cfg", "")
        self.write("play.yml", yaml.safe_dump(PLAYBOOK))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def play(self, *options: str) -> dict[str, dict[str, object]]:
        """Results by task and host."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_NOCOLOR": "1",
        }
        command = [str(ANSIBLE_PLAYBOOK), "-i", "hosts.yml", "play.yml", *options]
        done = subprocess.run(command, cwd=self.folder, env=environment, check=False, capture_output=True, text=True)
        self.output, self.code = done.stdout + done.stderr, done.returncode
        plans: dict[str, dict[str, object]] = {}
        for block in done.stdout.split("\nok: [")[1:]:
            host, _, rest = block.partition("]")
            if rest.startswith(" => "):
                plans[host] = yaml.safe_load(rest.removeprefix(" => ").split("\n\n")[0])["mailpair_plan"]
        return plans


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A site whose inventory says what is needed and no more."""
    return Bench(tmp_path)


def test_names_and_addresses_follow_from_a_plain_inventory(bench: Bench) -> None:
    plans = bench.play()
    assert set(plans) == {"front1", "back1"}, bench.output
    assert json.loads(json.dumps(plans["back1"]["base"]))["hosts"] == [
        {"address": "192.0.2.11", "name": "front1.contoso.test"},
        {"address": "192.0.2.12", "name": "back1.contoso.test"},
    ]
    assert "mailbox" in plans["back1"]
    assert "client_access" in plans["front1"]


def test_it_is_told_that_many_passwords_are_hashed(bench: Bench) -> None:
    users = "".join(f"  user{number}@contoso.test: {{server: back1}}\n" for number in range(100))
    bench.write(
        "mailboxes.yml", f"mailpair_mailboxes:\n  root@contoso.test: {{server: back1, kind: administrator}}\n{users}"
    )
    told = "front1: the passwords of 100 mailboxes are hashed, which takes a core 25 ms each\n"
    bench.play()
    assert told in bench.output
    bench.play()
    assert told not in bench.output


def test_an_inventory_may_say_more(bench: Bench) -> None:
    said = {
        "ansible_host": "198.51.100.1",
        "mailpair_fqdn": "in.fabrikam.test",
        "mailpair_addresses": ["10.0.0.1", "fd00::1"],
    }
    inventory = json.loads(json.dumps(PLAIN))
    inventory["all"]["children"]["client_access"]["hosts"]["front1"] = said
    bench.write("hosts.yml", yaml.safe_dump(inventory))
    plan = json.loads(json.dumps(bench.play()["back1"]["mailbox"]))
    assert plan["front_ends"] == ["10.0.0.1", "fd00::1"]
    assert plan["front_end_names"] == ["in.fabrikam.test"]


def test_a_wrong_document_ends_the_run_with_all_that_is_wrong(bench: Bench) -> None:
    bench.write("site.yml", DOCUMENT.replace("imap4", "imap5").replace("version: 1", "version: 2"))
    assert bench.play() == {}
    assert bench.code == 2
    assert f"{bench.folder}: nothing was changed on any host." in bench.output
    assert "version: 2: " in bench.output
    assert "services.imap5" in bench.output
    assert "Traceback" not in bench.output


def test_check_mode_shows_the_settings_that_differ(bench: Bench) -> None:
    bench.play("--check", "--diff")
    assert bench.output.count("\nnothing was applied from here yet\n") == 2
    remember(SiteState(bench.folder), "front1", Applied(load_written(bench.folder).settings, (), {}))
    bench.write("site.yml", DOCUMENT + "  imap_settings: {banner: Welcome.}\n")
    bench.play("--check", "--diff")
    shown = (
        "settings of the site, against the last run on front1:\nimap_settings.banner: The IMAP4 service is ready. -> "
    )
    assert f"{shown}Welcome.\n" in bench.output
    assert bench.output.count("changed=1") == 2


def test_what_differs_is_no_change_without_check_mode(bench: Bench) -> None:
    bench.play("--diff")
    assert bench.output.count("changed=0") == 2


def test_document_and_inventory_must_agree(bench: Bench) -> None:
    bench.write("mailboxes.yml", MAILBOXES.replace("back1", "back9"))
    assert bench.play() == {}
    assert "mailboxes[ada@contoso.test].server: 'back9': must be a mailbox server" in bench.output


def test_what_is_no_name_and_no_address_is_told_before_a_host_is_touched(bench: Bench) -> None:
    inventory = json.loads(json.dumps(PLAIN))
    children = inventory["all"]["children"]
    children["client_access"]["hosts"]["front1"] |= {"mailpair_fqdn": "front 1!"}
    long = f"{'a' * 51}.fabrikam.test"
    children["client_access"]["hosts"]["front2"] = {"ansible_host": "192.0.2.13", "mailpair_fqdn": long}
    children["mailbox"]["hosts"] |= {"back1": {"ansible_host": "back1.fabrikam.test"}, "back_2": {}}
    bench.write("hosts.yml", yaml.safe_dump(inventory))
    assert bench.play() == {}
    name = (
        "must be a full name of letters, digits and hyphens, such as mail.contoso.com; set mailpair_fqdn for this host"
    )
    address = "must be an IP address that the other servers reach this one at; "
    address += "give such addresses in mailpair_addresses, or one as ansible_host"
    short = "must have 64 characters or less: back ends know it by its certificate's subject; "
    short += "give it a shorter name in mailpair_fqdn"
    told = (
        f"inventory[back1].mailpair_addresses: 'back1.fabrikam.test': {address}",
        f"inventory[back_2].mailpair_addresses: 'back_2': {address}",
        f"inventory[back_2].mailpair_fqdn: 'back_2.contoso.test': {name}",
        f"inventory[front1].mailpair_fqdn: 'front 1!': {name}",
        f"inventory[front2].mailpair_fqdn: '{long}': {short}",
    )
    assert [line for line in told if line not in bench.output] == []
    assert "Traceback" not in bench.output


def test_secrets_that_can_not_be_read_are_told_before_a_host_is_touched(bench: Bench) -> None:
    smart = """\
  send_connectors:
    Internet: {address_spaces: ["*"], smart_hosts: ["relay.test:587"],
               smart_host_auth_mechanism: BasicAuthRequireTLS, authentication_credential: relay}
"""
    bench.write("site.yml", DOCUMENT + smart)
    bench.write("mailboxes.yml", MAILBOXES.replace("}}", "}, bob@contoso.test: {server: back1}}"))
    hashes = bench.folder / "private/hashes"
    hashes.mkdir(parents=True)
    (hashes / "bob@contoso.test").write_text("nonsense\n")
    (hashes / "bob@contoso.test").chmod(0o600)
    assert bench.play() == {}
    assert f"{hashes}/bob@contoso.test is not an argon2id hash; " in bench.output
    assert f"{bench.folder}/private/credentials/relay is missing; " in bench.output
