"""Runs the playbooks that the configuration names, all at the same time."""

from __future__ import annotations

import pulumi

from pulumi_stack.resources import Playbook, PlaybookArgs

config = pulumi.Config()
for each in config.require_object("runs"):
    Playbook(
        each["name"],
        PlaybookArgs(
            inventory=config.require_object("inventory"),
            site_dir=config.require("site_dir"),
            playbook=f"tests/stack/playbooks/{each['name']}.yml",
            digest=each["digest"],
        ),
    )
