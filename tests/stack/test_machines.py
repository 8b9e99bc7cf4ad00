"""A stack's machines: made, found as they are, put right, changed in place, taken away."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.support.wait import until
from tests.stack.conftest import SETTINGS
from tests.stack.support.run import FAILED, Run, unchanged
from tests.stack.support.world import contents, processes, run, ssh, traces

pytestmark = pytest.mark.machines

FRONT, BACK = "10.214.0.11", "10.214.0.12"
NAMES = StackNames("pair-test")
GATEWAY = "10.214.0.1"


def ids(pair: Run) -> dict[str, str]:
    return {name: each["instance"] for name, each in pair.outputs("Machine").items()}


def reachable(pair: Run) -> list[str]:
    return [ssh(pair.site_dir, address, "cat /etc/hostname /etc/machine-id").split()[0] for address in (FRONT, BACK)]


def test_machines_are_there_with_keys_of_their_own(pair: Run) -> None:
    assert reachable(pair) == ["front1", "back1"]
    machine_ids = {ssh(pair.site_dir, address, "cat /etc/machine-id").strip() for address in (FRONT, BACK)}
    assert machine_ids == set(ids(pair).values())
    pinned = (pair.site_dir / "private" / "ssh" / "known_hosts").read_text().split()
    assert len({word for word in pinned if word.startswith("AAAA")}) == 2


def test_nothing_listens_but_ssh(pair: Run) -> None:
    for address in (FRONT, BACK):
        listening = ssh(pair.site_dir, address, "ss --no-header --listening --tcp --udp --numeric").splitlines()
        assert {line.split()[4].rpartition(":")[2] for line in listening} == {"22"}


def test_machines_reach_each_other_in_both_families_and_the_world(pair: Run) -> None:
    back6 = next(each for each in inventory(pair)["mailbox"]["hosts"]["back1"]["mailpair_addresses"] if ":" in each)
    for address in (BACK, back6):
        assert ssh(pair.site_dir, FRONT, f"bash -c 'head -c 4 < /dev/tcp/{address}/22'") == "SSH-"
    route = ssh(pair.site_dir, FRONT, "ip -4 route show default")
    assert f"via {GATEWAY} " in route


def inventory(pair: Run) -> dict[str, dict[str, dict[str, dict[str, list[str]]]]]:
    children: dict[str, dict[str, dict[str, dict[str, list[str]]]]] = pair.output("ansible_inventory")["all"][
        "children"
    ]
    return children


def test_a_second_run_changes_nothing(pair: Run) -> None:
    assert unchanged(pair.up())


def test_a_preview_changes_nothing(pair: Run, tmp_path: Path) -> None:
    before = traces(pair.name), contents(pair.site_dir), pair.export()
    servers = [
        {"name": "front2", "role": "client_access", "address": "10.219.0.5"},
        {"name": "back1", "role": "mailbox"},
    ]
    pair.configure(site=str(pair.site_dir), subnet="10.219.0.0/24", configure="true", servers=servers)
    said = pair.pulumi("preview", "--diff")
    assert "front2" in said
    assert (traces(pair.name), contents(pair.site_dir), pair.export()) == before
    pair.configure(site=str(pair.site_dir), **SETTINGS)


def test_the_first_preview_makes_nothing(fresh: Run) -> None:
    fresh.configure(site=str(fresh.site_dir), subnet="10.218.0.0/24")
    before = contents(fresh.site_dir)
    assert "mailpair:index:Playbook site create" in fresh.pulumi("preview")
    assert traces(fresh.name) == {}
    assert contents(fresh.site_dir) == before


def test_the_state_has_no_secrets(pair: Run) -> None:
    key = (pair.site_dir / "private" / "ssh" / "id_ed25519").read_text().split("\n")[1]
    state = pair.export()
    assert key not in state
    assert "PRIVATE KEY" not in state


def test_a_stopped_machine_is_seen_and_started(pair: Run) -> None:
    before = ids(pair)
    ssh(pair.site_dir, FRONT, "echo 192.0.2.7 of-a-playbook >> /etc/hosts")
    ssh(pair.site_dir, FRONT, "systemctl --no-block poweroff")
    until(lambda: not processes("--machine=pair-test-front1"), "the machine stops")
    pair.refresh()
    assert pair.outputs("Machine")["front1"]["drift"] == ["stopped"]
    pair.up()
    assert pair.outputs("Machine")["front1"]["drift"] == []
    assert ids(pair) == before
    assert reachable(pair) == ["front1", "back1"]
    assert "of-a-playbook" in ssh(pair.site_dir, FRONT, "cat /etc/hosts")


def test_a_reboot_is_survived(pair: Run) -> None:
    boot = ssh(pair.site_dir, BACK, "systemctl show --property=UserspaceTimestampMonotonic")
    ssh(pair.site_dir, BACK, "systemctl --no-block reboot")

    def again() -> bool:
        try:
            return ssh(pair.site_dir, BACK, "systemctl show --property=UserspaceTimestampMonotonic") != boot
        except Exception:  # noqa: BLE001 - it is on its way down or up
            return False

    until(again, "the machine is back")
    assert unchanged(pair.up())


def test_a_bridge_that_is_gone_is_seen_and_made(pair: Run) -> None:
    before = ids(pair)
    run("ip", "link", "delete", "dev", NAMES.bridge)
    pair.refresh()
    assert pair.outputs("Network")["network"]["drift"] == ["bridge"]
    assert pair.outputs("Machine")["front1"]["drift"] == ["detached"]
    pair.up()
    assert ids(pair) == before
    assert reachable(pair) == ["front1", "back1"]


def test_a_table_that_is_gone_is_seen_and_made(pair: Run) -> None:
    run("nft", "delete", "table", "ip", NAMES.table)
    pair.refresh()
    assert pair.outputs("Network")["network"]["drift"] == ["table"]
    pair.up()
    assert "masquerade" in run("nft", "list", "table", "ip", NAMES.table)


def test_a_machine_that_is_gone_is_seen_and_made_anew(pair: Run) -> None:
    before = ids(pair)
    ssh(pair.site_dir, BACK, "systemctl --no-block poweroff")
    until(lambda: not processes("--machine=pair-test-back1"), "the machine stops")
    shutil.rmtree(NAMES.machine("back1").folder)
    pair.refresh()
    assert set(ids(pair)) == {"front1"}
    pair.up()
    after = ids(pair)
    assert after["front1"] == before["front1"]
    assert after["back1"] != before["back1"]
    assert reachable(pair) == ["front1", "back1"]


def test_keys_that_were_changed_by_hand_are_put_right(pair: Run) -> None:
    (pair.site_dir / "private" / "ssh" / "known_hosts").write_text("")
    (NAMES.machine("front1").root / "root" / ".ssh" / "authorized_keys").write_text("")
    pair.refresh()
    drift = {name: each["drift"] for name, each in pair.outputs("Machine").items()}
    assert drift == {"front1": ["key", "pin"], "back1": ["pin"]}
    pair.up()
    assert reachable(pair) == ["front1", "back1"]


def test_a_change_is_made_in_place(pair: Run) -> None:
    before = ids(pair)
    servers = [
        {"name": "front1", "role": "client_access", "fqdn": "mx.contoso.test", "address": "10.214.0.21"},
        {"name": "back1", "role": "mailbox", "address": BACK},
    ]
    pair.configure(site=str(pair.site_dir), servers=servers, **SETTINGS)
    said = pair.up()
    assert "replaced" not in said
    assert ids(pair) == before
    assert "mx.contoso.test" in ssh(pair.site_dir, "10.214.0.21", "cat /etc/hosts")
    assert FRONT not in (pair.site_dir / "private" / "ssh" / "known_hosts").read_text()
    pair.configure(site=str(pair.site_dir), **SETTINGS)
    pair.up()
    assert reachable(pair) == ["front1", "back1"]


def test_a_bare_machine_comes_and_goes(pair: Run) -> None:
    pair.configure(site=str(pair.site_dir), bare_machines=["outside"], **SETTINGS)
    pair.up()
    address = pair.output("bare_machines")["outside"]["ansible_host"]
    assert ssh(pair.site_dir, address, "hostname").strip() == "outside"
    pair.configure(site=str(pair.site_dir), **SETTINGS)
    pair.up()
    assert not NAMES.machine("outside").folder.exists()
    assert not processes("--machine=pair-test-outside")


def test_what_another_checkout_has_taken_is_left_to_it(pair: Run, tmp_path: Path) -> None:
    before, folder = ids(pair), NAMES.machine("front1").folder
    mark = (folder / "mark.json").read_text()
    (folder / "mark.json").write_text(json.dumps({**json.loads(mark), "owner": str(tmp_path)}))
    said = pair.up(status=FAILED)
    assert f"{folder}: '{tmp_path}': the stack pair-test of this checkout made it and still has it" in said
    pair.pulumi("destroy", "--yes", "--skip-preview", "--target", "**front1")
    assert processes("--machine=pair-test-front1")
    (folder / "mark.json").write_text(mark)
    pair.up()
    assert ids(pair) == before
    assert reachable(pair) == ["front1", "back1"]


def test_another_stack_stands_beside_it(pair: Run, fresh: Run) -> None:
    before = traces(pair.name)
    fresh.up()
    assert ssh(fresh.site_dir, "10.218.0.11", "hostname").strip() == "front1"
    assert reachable(pair) == ["front1", "back1"]
    fresh.pulumi("destroy", "--yes", "--skip-preview")
    assert traces(fresh.name) == {}
    assert traces(pair.name) == before
    assert reachable(pair) == ["front1", "back1"]


def test_a_subnet_in_use_is_refused_before_anything_is_made(pair: Run, fresh: Run) -> None:
    fresh.configure(site=str(fresh.site_dir), **SETTINGS)
    said = fresh.up(status=FAILED)
    assert (
        f"error: network.subnet: '10.214.0.0/24': overlaps with 10.214.0.0/24 of the interface {NAMES.bridge}; "
        "choose another subnet (pulumi config set subnet ...)"
    ) in said
    assert traces(fresh.name) == {}


def test_a_wrong_configuration_is_refused_before_anything_is_made(fresh: Run) -> None:
    fresh.configure(site=str(fresh.site_dir), subnet="10.218.0.0/24", platform="cloud", configure="perhaps")
    said = fresh.up(status=FAILED)
    assert (
        "error: the stack is not ready:\n"
        "    configure: 'perhaps': must be true or false\n"
        "    platform: 'cloud': must be nspawn or existing\n"
    ) in said
    assert "Traceback" not in said
    assert traces(fresh.name) == {}


@pytest.mark.parametrize("user", ["root"])
def test_existing_servers_are_taken_as_they_are(pair: Run, fresh: Run, user: str) -> None:
    key = str(pair.site_dir / "private" / "ssh" / "id_ed25519")
    servers = [
        {"name": "front1", "role": "client_access", "host": FRONT, "user": user, "key": key},
        {"name": "back1", "role": "mailbox", "host": BACK, "user": user, "key": key},
    ]
    fresh.configure(site=str(fresh.site_dir), platform="existing", servers=servers, configure="false")
    fresh.up()
    assert traces(fresh.name) == {}
    front = fresh.output("ansible_inventory")["all"]["children"]["client_access"]["hosts"]["front1"]
    assert front == {
        "ansible_host": FRONT,
        "ansible_port": 22,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": key,
        "mailpair_addresses": [FRONT],
        "mailpair_fqdn": "front1.contoso.test",
    }
