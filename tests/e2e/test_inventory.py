"""The inventory plugin on a stack that stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.e2e.support.stack import Stack

GRAPH = [
    "@all:",
    "  |--@ungrouped:",
    "  |--@client_access:",
    "  |  |--front1",
    "  |--@mailbox:",
    "  |  |--back1",
]


def test_ansible_sees_the_pair(stack: Stack) -> None:
    assert stack.run("ansible-inventory", "-i", str(stack.inventory()), "--graph").stdout.splitlines() == GRAPH


def test_a_file_of_outputs_does_as_well(stack: Stack) -> None:
    outputs = stack.folder / "outputs.json"
    outputs.write_text(json.dumps(stack.outputs()))
    inventory = stack.folder / "file.pulumi_stack.yml"
    inventory.write_text(yaml.safe_dump({"plugin": "mailpair.mail.pulumi_stack", "file": "outputs.json"}))
    seen = [
        json.loads(stack.run("ansible-inventory", "-i", str(file), "--list").stdout)
        for file in (inventory, stack.inventory())
    ]
    assert seen[0] == seen[1]
    assert sorted(seen[0]["_meta"]["hostvars"]) == ["back1", "front1"]
