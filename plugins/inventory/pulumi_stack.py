# Copyright (c) 2026, the mailpair authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's view of the hosts that a Pulumi stack made.

Stands alone: nothing here needs the rest of the collection.
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: pulumi_stack
author:
  - the mailpair authors
short_description: Reads hosts and groups from an output of a Pulumi stack
version_added: 0.1.0
description:
  - Takes one output of a Pulumi stack for an Ansible inventory.
  - The output is read with the Pulumi CLI (C(pulumi stack output --json)), or from a file that holds what it printed.
  - The output may have the form of a static YAML inventory (groups with mappings C(hosts), C(vars) and C(children)),
    or that of C(ansible-inventory --list) and inventory scripts (lists, and host variables under C(_meta)).
  - The name of the inventory file must end in C(pulumi_stack.yml) or C(pulumi_stack.yaml).
  - Options that name the stack, its output, folders, files and the CLI may be templates, with lookups for instance.
notes:
  - What comes from the stack is data from outside. A string in it that looks like a template is never evaluated.
  - The CLI inherits the environment, so whatever signs C(pulumi) in does so here as well.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [mailpair.mail.pulumi_stack, pulumi_stack]
  stack:
    description:
      - Name of the stack, as C(pulumi stack ls) shows it.
      - Needed unless O(file) is given.
    type: str
    env:
      - name: PULUMI_STACK
  project_dir:
    description:
      - Folder with the C(Pulumi.yaml) of the stack's program.
      - A relative path starts at the folder of the inventory file.
    type: str
    default: .
  output:
    description: Name of the stack's output that holds the inventory.
    type: str
    default: ansible_inventory
  show_secrets:
    description: Whether to read an output that the stack keeps secret.
    type: bool
    default: false
  file:
    description:
      - JSON file to read in place of the stack, as written by C(pulumi stack output --json).
      - A relative path starts at the folder of the inventory file.
      - When given, the CLI is not run.
    type: str
  pulumi:
    description: The Pulumi CLI, a name that is looked up on E(PATH) or a path.
    type: str
    default: pulumi
  backend_url:
    description:
      - Where the stack's state is kept, handed to the CLI as E(PULUMI_BACKEND_URL).
      - When not given, the environment decides.
    type: str
  passphrase_file:
    description:
      - File with the passphrase of the stack's secrets, handed to the CLI as E(PULUMI_CONFIG_PASSPHRASE_FILE).
      - A relative path starts at the folder of the inventory file.
      - When not given, the environment decides.
    type: str
  timeout:
    description: Seconds that the CLI may take.
    type: int
    default: 60
"""

EXAMPLES = r"""
# lab.pulumi_stack.yml: the hosts of the stack lab, whose program is next door.
# See them with: ansible-inventory -i lab.pulumi_stack.yml --graph
plugin: mailpair.mail.pulumi_stack
stack: lab
project_dir: ../pulumi_stack

---
# The stack comes from the environment, its state and passphrase from named places.
plugin: mailpair.mail.pulumi_stack
stack: "{{ lookup('ansible.builtin.env', 'STAGE', default='test') }}"
project_dir: /srv/infrastructure
backend_url: file:///srv/state
passphrase_file: /etc/infrastructure/passphrase

---
# No Pulumi on this machine: read what another one wrote with
# pulumi stack output --json > outputs.json
plugin: mailpair.mail.pulumi_stack
file: outputs.json
output: web_servers

---
# Variables and groups of one's own, and a cache that spares the CLI for five minutes.
plugin: mailpair.mail.pulumi_stack
stack: production
strict: true
compose:
  ansible_port: 2222
groups:
  far_away: site != 'Dublin'
keyed_groups:
  - key: site
    prefix: site
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-inventory
cache_timeout: 300
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

SUFFIXES = ("pulumi_stack.yml", "pulumi_stack.yaml")
WITHHELD = "[secret]"  # what the CLI prints in a secret's place
SHOWN = 60  # characters of a wrong value that a message repeats
GROUP_KEYS = ("hosts", "vars", "children")


class Group(NamedTuple):
    """One group of an inventory: its hosts with their variables, its own variables, its subgroups' names."""

    hosts: dict[str, dict[str, Any]]
    variables: dict[str, Any]
    children: list[str]


class _Reader:
    """Turns the data of an inventory into groups and keeps a list of everything that is wrong with it."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.groups: dict[str, Group] = {}
        self.problems: list[str] = []

    def problem(self, path: str, value: object, rule: str) -> None:
        shown = json.dumps(value)
        shown = shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 3]}..."
        self.problems.append(f"{path}: {shown}: {rule}")

    def mapping(self, path: str, value: object, rule: str) -> dict[str, Any]:
        """The value as a mapping; None stands for an empty one."""
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return dict(value)
        self.problem(path, value, rule)
        return {}

    def name(self, path: str, value: object, of: str) -> str | None:
        """The value as a name that no host pattern takes for two."""
        if isinstance(value, str) and value and not any(c.isspace() or c in ",&!" for c in value):
            return value
        self.problem(path, value, f"the name of a {of} must be a word without spaces and any of , & !")
        return None

    def inventory(self, data: object) -> None:
        """Reads a whole inventory, in either form."""
        if not isinstance(data, Mapping):
            self.problem(self.place, data, "an inventory must be a mapping of group names to groups")
            return
        groups = dict(data)
        meta = self.mapping(f"{self.place}._meta", groups.pop("_meta", None), "must be a mapping")
        rule = "must be a mapping of host names to their variables"
        of_hosts = self.mapping(f"{self.place}._meta.hostvars", meta.get("hostvars"), rule)
        for name, group in groups.items():
            self.group(f"{self.place}.{name}", name, group, of_hosts)

    def group(self, path: str, group: object, data: object, of_hosts: dict[str, Any]) -> str | None:
        """Reads one group and those below it; returns its name."""
        name = self.name(path, group, "group")
        if name is None:
            return None
        if isinstance(data, list):
            data = {"hosts": data}  # the short form that scripts may use
        body = self.mapping(path, data, "a group must be a mapping with hosts, vars and children, or a list of hosts")
        for key in sorted(set(body) - set(GROUP_KEYS)):
            self.problem(f"{path}.{key}", body[key], "a group has no such part; it has hosts, vars and children")
        found = self.groups.setdefault(name, Group({}, {}, []))
        found.variables.update(self.mapping(f"{path}.vars", body.get("vars"), "must be a mapping of variables"))
        for host, variables in self.hosts(f"{path}.hosts", body.get("hosts"), of_hosts).items():
            found.hosts.setdefault(host, {}).update(variables)
        found.children.extend(self.children(f"{path}.children", body.get("children"), of_hosts))
        return name

    def hosts(self, path: str, value: object, of_hosts: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Hosts with their variables, from a mapping (static form) or a list of names."""
        if isinstance(value, list):
            given: dict[str, Any] = {}
            for number, item in enumerate(value):
                name = self.name(f"{path}[{number}]", item, "host")
                if name is not None:
                    given[name] = None
        else:
            rule = "must be a mapping of host names to their variables, or a list of host names"
            given = self.mapping(path, value, rule)
            given = {host: found for host, found in given.items() if self.name(f"{path}.{host}", host, "host")}
        hosts = {}
        for host, variables in given.items():
            rule = "a host's variables must be a mapping"
            hosts[host] = self.mapping(f"{self.place}._meta.hostvars.{host}", of_hosts.get(host), rule)
            hosts[host].update(self.mapping(f"{path}.{host}", variables, rule))
        return hosts

    def children(self, path: str, value: object, of_hosts: dict[str, Any]) -> list[str]:
        """Names of subgroups, from a mapping that holds them (static form) or a list of names."""
        if isinstance(value, list):
            names = [self.name(f"{path}[{number}]", item, "group") for number, item in enumerate(value)]
        else:
            rule = "must be a mapping of group names to groups, or a list of group names"
            below = self.mapping(path, value, rule)
            names = [self.group(f"{path}.{name}", name, group, of_hosts) for name, group in below.items()]
        return [name for name in names if name is not None]


def read_inventory(data: object, place: str) -> dict[str, Group]:
    """Groups of an inventory in the static form or in that of ``--list``.

    ``place`` is the output's name, for messages. Raises AnsibleParserError with every problem, one a line.
    """
    reader = _Reader(place)
    reader.inventory(data)
    if reader.problems:
        raise AnsibleParserError("\n".join(reader.problems))
    return reader.groups


def pick_output(outputs: object, output: str, source: str) -> Any:
    """One of a stack's outputs.

    ``source`` says whose outputs they are, for messages. Raises AnsibleParserError where it is missing or secret.
    """
    if not isinstance(outputs, Mapping):
        raise AnsibleParserError(
            f"{source} holds no mapping of outputs; it must be as pulumi stack output --json prints it"
        )
    if output not in outputs:
        there = f"only {', '.join(sorted(outputs))}" if outputs else "and none at all"
        raise AnsibleParserError(
            f"output: '{output}': {source} has no such output, {there}; "
            "export it from the program, run pulumi up, or name another one with 'output'"
        )
    if outputs[output] == WITHHELD:
        raise AnsibleParserError(f"output: '{output}': {source} keeps it secret; set 'show_secrets' to true to read it")
    return outputs[output]


def read_file(path: str) -> Any:
    """What a JSON file holds. Raises AnsibleParserError where it cannot be read or is not JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise AnsibleParserError(
            f"file: '{path}': cannot be read ({error.strerror}); write it with: pulumi stack output --json"
        ) from None
    except ValueError as error:
        raise AnsibleParserError(
            f"file: '{path}': is not JSON ({error}); write it with: pulumi stack output --json"
        ) from None


def read_stack(
    *,
    pulumi: str,
    stack: str,
    project_dir: str,
    show_secrets: bool = False,
    backend_url: str = "",
    passphrase_file: str = "",
    timeout: int = 60,
) -> Any:
    """All outputs of a stack, as the Pulumi CLI prints them.

    ``timeout`` is in seconds. Raises AnsibleParserError with a remedy wherever that fails.
    """
    if not stack:
        raise AnsibleParserError(
            "stack: none is named; set 'stack' here or PULUMI_STACK in the environment, or name a JSON file with 'file'"
        )
    program = shutil.which(pulumi)
    if program is None:
        raise AnsibleParserError(
            f"pulumi: '{pulumi}': no such program; install the Pulumi CLI, "
            "put it on PATH, or name its path with 'pulumi'"
        )
    if not any(Path(project_dir, name).is_file() for name in ("Pulumi.yaml", "Pulumi.yml")):
        raise AnsibleParserError(
            f"project_dir: '{project_dir}': holds no Pulumi.yaml; name the folder of the stack's program"
        )
    command = [program, "stack", "output", "--json", "--non-interactive", "--color", "never"]
    command += ["--stack", stack, "--cwd", project_dir, *(["--show-secrets"] if show_secrets else [])]
    environment = dict(os.environ, PULUMI_SKIP_UPDATE_CHECK="true")
    if backend_url:
        environment["PULUMI_BACKEND_URL"] = backend_url
    if passphrase_file:
        environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphrase_file
        environment.pop("PULUMI_CONFIG_PASSPHRASE", None)  # it would win over the file
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise AnsibleParserError(
            f"timeout: {timeout}: 'pulumi stack output' took longer for stack '{stack}'; "
            "raise it, or see what holds it up"
        ) from None
    except OSError as error:
        raise AnsibleParserError(
            f"pulumi: '{program}': cannot be run ({error.strerror}); name the path of the Pulumi CLI"
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or "it said nothing"
        raise AnsibleParserError(
            f"stack: '{stack}': 'pulumi stack output' in {project_dir} ended with {done.returncode}: {said}"
            f"\nsee the stacks there are with: pulumi stack ls --cwd {project_dir}"
        )
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise AnsibleParserError(
            f"pulumi: '{program}': did not print JSON ({error}); name the path of the Pulumi CLI"
        ) from None


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Fills an inventory from an output of a Pulumi stack."""

    NAME = "mailpair.mail.pulumi_stack"

    def verify_file(self, path: str) -> bool:
        """Whether a file's name says that it is for this plugin."""
        return bool(super().verify_file(path)) and path.endswith(SUFFIXES)

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Adds groups, hosts and variables of the stack's output to the inventory.

        Raises AnsibleParserError with a remedy where the options, the stack or its output are not as they must be.
        """
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._fill(read_inventory(self._data(path, cache), self._text("output")))

    def _data(self, path: str, cache: bool) -> Any:
        """The output's data, from the cache where it is allowed and there."""
        wanted = self.get_option("cache")
        key = self.get_cache_key(path)
        if wanted and cache:
            try:
                return self._cache[key]
            except KeyError:  # not there, or too old
                pass
        data = self._fresh_data(Path(path).absolute().parent)
        if wanted:
            self._cache[key] = data
        return data

    def _fresh_data(self, folder: Path) -> Any:
        """The output's data, from the file or the stack; relative paths start at the folder."""
        output = self._text("output")
        file = self._path("file", folder)
        if file:
            return pick_output(read_file(file), output, f"file '{file}'")
        stack = self._text("stack")
        pulumi = self._text("pulumi")
        outputs = read_stack(
            pulumi=self._path("pulumi", folder) if os.sep in pulumi else pulumi,
            stack=stack,
            project_dir=self._path("project_dir", folder),
            show_secrets=self.get_option("show_secrets"),
            backend_url=self._text("backend_url"),
            passphrase_file=self._path("passphrase_file", folder),
            timeout=self.get_option("timeout"),
        )
        return pick_output(outputs, output, f"stack '{stack}'")

    def _text(self, option: str) -> str:
        """An option's text with its template evaluated, if it is one; empty where the option was not given."""
        return str(self.templar.template(self.get_option(option) or ""))

    def _path(self, option: str, folder: Path) -> str:
        """An option's path in full; empty where the option was not given."""
        value = self._text(option)
        return os.path.normpath(folder / Path(value).expanduser()) if value else ""

    def _fill(self, groups: dict[str, Group]) -> None:
        """Hands groups over to Ansible, then adds what the constructed options ask for."""
        hosts = sorted({host for group in groups.values() for host in group.hosts})
        for name, group in groups.items():
            self.inventory.add_group(name)
            for variable, value in group.variables.items():
                self.inventory.set_variable(name, variable, value)
            self._populate_group(name, group)
        for name, group in groups.items():
            for child in group.children:
                self.inventory.add_group(child)
                self.inventory.add_child(name, child)
        strict = self.get_option("strict")
        for host in hosts:
            variables = self.inventory.get_host(host).get_vars()
            self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _populate_group(self, name: str, group: Group) -> None:
        """Adds a group's hosts with their variables."""
        for host, variables in group.hosts.items():
            self.inventory.add_host(host, group=name)
            for variable, value in variables.items():
                self.inventory.set_variable(host, variable, value)
