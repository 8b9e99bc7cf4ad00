"""The inventory plugin pulumi_stack: what it makes of the CLI's answers, word for word where it refuses."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.helpers import get_group_vars
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "plugins/inventory/pulumi_stack.py"
CASES = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text())
ANSIBLE_INVENTORY = Path(sys.executable).with_name("ansible-inventory")

# A stand-in for the CLI: notes its arguments and environment, then answers as told.
FAKE = f"""#!{sys.executable}
import json, os, pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}) + "\\n")
answer = json.loads((here / "answer.json").read_text())
sys.stderr.write(answer.get("stderr", ""))
sys.stdout.write(json.dumps(answer["outputs"]) if "outputs" in answer else answer.get("stdout", ""))
sys.exit(answer.get("exit", 0))
"""


class Bench:
    """A folder with an inventory file, a stand-in for the CLI and a program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "lab.pulumi_stack.yml"
        (folder / "Pulumi.yaml").write_text("name: mailpair\n")
        (folder / "pulumi").write_text(FAKE)
        (folder / "pulumi").chmod(0o755)
        self.answer({})

    def answer(self, answer: dict[str, Any]) -> None:
        (self.folder / "answer.json").write_text(json.dumps(answer))

    def configure(self, config: dict[str, Any]) -> None:
        self.file.write_text(yaml.safe_dump({"plugin": "mailpair.mail.pulumi_stack", "pulumi": "./pulumi", **config}))

    def calls(self) -> list[dict[str, Any]]:
        calls = self.folder / "calls.jsonl"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    def parse(self) -> tuple[InventoryManager, DataLoader]:
        """The inventory that the plugin fills; its errors come through as they are."""
        loader = DataLoader()
        manager = InventoryManager(loader=loader, sources=None)
        plugin = inventory_loader.get("mailpair.mail.pulumi_stack")
        assert plugin.verify_file(str(self.file))
        plugin.parse(manager._inventory, loader, str(self.file))
        manager._inventory.reconcile_inventory()
        return manager, loader


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in os.environ:
        if name.startswith(("PULUMI_", "ANSIBLE_")):
            monkeypatch.delenv(name)
    return Bench(tmp_path)


def in_full(value: Any, folder: Path) -> Any:
    """Case data with the folder's path put in."""
    return json.loads(json.dumps(value).replace("{dir}", str(folder)))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in case.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    for name, text in case.get("files", {}).items():
        (bench.folder / name).parent.mkdir(exist_ok=True)
        (bench.folder / name).write_text(text)
        (bench.folder / name).chmod(0o755)
    bench.configure(case["config"])
    bench.answer(case.get("answer", {}))

    if "error" in case:
        with pytest.raises(AnsibleError) as refused:
            bench.parse()
        assert str(refused.value) == in_full(case["error"], bench.folder)
    else:
        manager, loader = bench.parse()
        groups = {name: sorted(host.name for host in group.get_hosts()) for name, group in manager.groups.items()}
        assert groups == case["groups"]
        for name, expected in case.get("hosts", {}).items():
            assert resolved(manager, loader, name) == expected

    calls = bench.calls()
    commands = [case["command"]] if "command" in case else []
    assert [call["arguments"] for call in calls] == in_full(commands, bench.folder)
    for name, value in in_full(case.get("given", {}), bench.folder).items():
        assert calls[0]["environment"].get(name) == value


def resolved(manager: InventoryManager, loader: DataLoader, host: str) -> dict[str, Any]:
    """What a task sees of a host's and its groups' variables, with every template evaluated that Ansible trusts."""
    own = manager.get_host(host)
    variables = VariableManager(loader=loader, inventory=manager).get_vars(host=own)
    names = {**get_group_vars(own.get_groups()), **own.vars}.keys() - {"inventory_file", "inventory_dir"}
    return dict(Templar(loader=loader, variables=variables).template({name: variables[name] for name in names}))


def test_a_cli_that_hangs_is_given_up(bench: Bench) -> None:
    (bench.folder / "pulumi").write_text("#!/bin/sh\nexec sleep 600\n")
    bench.configure({"stack": "lab", "timeout": 1})
    with pytest.raises(AnsibleError) as refused:
        bench.parse()
    assert str(refused.value) == (
        "timeout: 1: 'pulumi stack output' took longer for stack 'lab'; raise it, or see what holds it up"
    )


def test_the_cache_spares_the_cli(bench: Bench) -> None:
    evil = "{{ 1 + 1 }}"
    bench.answer({"outputs": {"ansible_inventory": {"all": {"hosts": {"a": {"n": 1, "evil": evil}}}}}})
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(bench.folder / "cache")}
    bench.configure({"stack": "lab", **cache})
    for _ in range(2):
        done = ansible_inventory(bench.file, "--host", "a")
        assert json.loads(done.stdout) == {"n": 1, "evil": evil}, done.stderr
    assert len(bench.calls()) == 1
    done = ansible_inventory(bench.file, "--host", "a", "--flush-cache")
    assert json.loads(done.stdout) == {"n": 1, "evil": evil}, done.stderr
    assert len(bench.calls()) == 2


@pytest.mark.parametrize(
    ("name", "mine"),
    [
        ("pulumi_stack.yml", True),
        ("lab.pulumi_stack.yaml", True),
        ("pulumi_stack.json", False),
        ("hosts.yml", False),
        ("missing.pulumi_stack.yml", False),
    ],
)
def test_only_files_of_its_name_are_its_own(name: str, mine: bool, tmp_path: Path) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_text("plugin: mailpair.mail.pulumi_stack\n")
    assert inventory_loader.get("mailpair.mail.pulumi_stack").verify_file(str(tmp_path / name)) is mine


def test_graph_through_the_command(bench: Bench) -> None:
    bench.answer({"outputs": {"ansible_inventory": {"all": {"children": {"mailbox": {"hosts": {"back1": {}}}}}}}})
    bench.configure({"stack": "lab"})
    done = ansible_inventory(bench.file, "--graph")
    assert done.stdout.splitlines() == ["@all:", "  |--@ungrouped:", "  |--@mailbox:", "  |  |--back1"], done.stderr
    assert done.stderr == ""


def test_with_the_real_engine(bench: Bench) -> None:
    """A stack in a folder, its outputs imported: what the CLI prints and says is what the other tests pretend."""
    state = bench.folder / "state"
    state.mkdir()
    (bench.folder / "passphrase").write_text("correct horse battery staple")
    (bench.folder / "Pulumi.yaml").write_text("name: mailpair\nruntime: python\n")
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(bench.folder / "passphrase"),
        "PULUMI_HOME": str(bench.folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    resource = {
        "urn": "urn:pulumi:lab::mailpair::pulumi:pulumi:Stack::mailpair-lab",
        "type": "pulumi:pulumi:Stack",
        "custom": False,
        "outputs": {"ansible_inventory": {"all": {"hosts": {"a": {"n": 1}}}}},
    }
    deployment = {"manifest": {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}, "resources": [resource]}
    (bench.folder / "deployment.json").write_text(json.dumps({"version": 3, "deployment": deployment}))
    for command in (["stack", "init", "lab"], ["stack", "import", "--stack", "lab", "--file", "deployment.json"]):
        subprocess.run(["pulumi", *command], cwd=bench.folder, env=environment, check=True, capture_output=True)

    options = {"pulumi": "pulumi", "backend_url": state.as_uri(), "passphrase_file": "passphrase"}
    bench.configure({**options, "stack": "lab"})
    manager, loader = bench.parse()
    assert resolved(manager, loader, "a") == {"n": 1}

    bench.configure({**options, "stack": "lob"})
    with pytest.raises(AnsibleError, match=r"ended with [0-9]+: error: no stack named 'lob' found\n"):
        bench.parse()


def test_a_refusal_through_the_command(bench: Bench) -> None:
    bench.configure({})
    done = ansible_inventory(bench.file, "--graph", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true")
    assert done.returncode != 0
    assert "stack: none is named" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_stands_alone(bench: Bench) -> None:
    """One file, put among an inventory's plugins, is enough; nothing of the collection is imported."""
    imported = set()
    for node in ast.walk(ast.parse(PLUGIN.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"ansible"}

    plugins = bench.folder / "inventory_plugins"
    plugins.mkdir()
    shutil.copy(PLUGIN, plugins)
    bench.answer({"outputs": {"ansible_inventory": {"all": {"hosts": {"a": {}}}}}})
    bench.configure({"plugin": "pulumi_stack", "stack": "lab"})
    done = ansible_inventory(bench.file, "--graph", ANSIBLE_INVENTORY_PLUGINS=str(plugins))
    assert done.stdout.splitlines() == ["@all:", "  |--@ungrouped:", "  |  |--a"], done.stderr


def test_every_example_can_be_read() -> None:
    documentation = yaml.safe_load(constant("DOCUMENTATION"))
    shared = {"strict", "compose", "groups", "keyed_groups", "use_extra_vars", "leading_separator"}
    shared |= {"cache", "cache_plugin", "cache_timeout", "cache_connection", "cache_prefix"}
    known = set(documentation["options"]) | shared
    examples = list(yaml.safe_load_all(constant("EXAMPLES")))
    assert len(examples) == 4
    for example in examples:
        assert example["plugin"] in documentation["options"]["plugin"]["choices"]
        assert set(example) <= known


def constant(name: str) -> str:
    """A text constant of the plugin's file."""
    for node in ast.parse(PLUGIN.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(name)


def ansible_inventory(file: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Ansible's own command on an inventory file."""
    return subprocess.run(
        [ANSIBLE_INVENTORY, "-i", file, *arguments],
        cwd=file.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
