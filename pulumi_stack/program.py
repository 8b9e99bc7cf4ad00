"""The program: checks everything first, then asks for the hosts, then has them configured."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime.config

from mailpair import site as sites
from mailpair.publish import client_settings_json, record_sets
from mailpair.servers import Connection, Server, inventory
from mailpair.site import Site, SiteError
from pulumi_stack import digest
from pulumi_stack.components import COMPONENTS, ServerArgs
from pulumi_stack.config import NSPAWN, SETTINGS, StackConfig, parse, site_folder
from pulumi_stack.dns_config import DnsConfig, Secret
from pulumi_stack.errors import Problem, StackError
from pulumi_stack.places import CHECKOUT
from pulumi_stack.platforms.existing import ExistingPlatform
from pulumi_stack.platforms.nspawn.platform import NspawnPlatform, requirements
from pulumi_stack.platforms.platform import Host, Platform
from pulumi_stack.publishing import publishing, publishing_problems
from pulumi_stack.resources import Playbook, PlaybookArgs, RecordSet, RecordSetArgs

PLAYBOOK = "playbooks/site.yml"
_SHOWN = [each for each in SETTINGS if each != "dns_key"]
_OBJECTS = ("servers", "image_packages", "bare_machines", "dns")


def run() -> None:
    """The stack, as ``pulumi up`` wants it. Whatever is wrong is told before anything is made."""
    try:
        config, site = check(raw_config(settings(), secret_settings()), Path.cwd(), pulumi.get_stack())
    except SiteError as error:
        raise pulumi.RunError(f"the stack is not ready:\n{error}") from None
    _build(config, site, pulumi.get_stack())


def settings() -> dict[str, str]:
    """All settings of the running stack by their full names, whichever way the language host hands them over."""
    return {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}


def secret_settings() -> set[str]:
    """The full names of those that are secrets."""
    named = pulumi.runtime.config.get_config_secret_keys_env()
    return {*named, *(key for key in settings() if pulumi.runtime.config.is_config_secret(key))}


def raw_config(named: Mapping[str, str], secret: Collection[str] = ()) -> dict[str, Any]:
    """The program's part of a stack's settings, by its keys without the project's name; lists are read from JSON.

    ``secret`` are the full names of secrets. The key is one, and what is one and is no setting may be the key, so
    neither is shown.
    """
    raw: dict[str, Any] = {}
    for key, value in named.items():
        project, _, name = key.partition(":")
        if project != "mailpair":
            continue
        if key in secret and name not in _SHOWN:
            raw[name] = Secret(value)
        else:
            raw[name] = _structured(value) if name in _OBJECTS else value
    return raw


def check(raw: Mapping[str, Any], project_dir: Path, stack: str) -> tuple[StackConfig, Site]:
    """The configuration of a stack and the site document that it names.

    Raises SiteError with all problems of both, and with what would be lost with hosts that are no more wanted.
    """
    problems: list[Problem] = []
    config, site = None, None
    try:
        config = parse(raw, project_dir)
    except StackError as error:
        problems += error.problems
    folder = site_folder(raw, project_dir)
    if folder.is_dir():
        try:
            site = sites.load(folder)
        except SiteError as error:
            problems += error.problems
    if config is not None and config.platform == NSPAWN:
        problems += requirements()
    if config is None or site is None:
        raise StackError(problems)
    source = platform(config, site, stack)
    servers = source.servers
    try:
        sites.join(site, servers)
    except SiteError as error:
        problems += error.problems
    problems += source.leaving_problems()
    if config.dns is not None:
        problems += publishing_problems(config.dns, site, servers)
    if problems:
        raise StackError(problems)
    return config, site


def platform(config: StackConfig, site: Site, stack: str) -> Platform:
    """The platform that the configuration names."""
    if config.platform == NSPAWN:
        return NspawnPlatform(config, site.domain, stack)
    return ExistingPlatform(config.servers, site.domain)


def _build(config: StackConfig, site: Site, stack: str) -> None:
    source = platform(config, site, stack)
    hosts = {
        server.name: COMPONENTS[server.role](server.name, ServerArgs(server, source)).host for server in source.servers
    }
    ansible_inventory = _inventory(source.servers, hosts, config.site_dir)
    pulumi.export("ansible_inventory", ansible_inventory)
    pulumi.export("client_settings", client_settings_json(site, source.servers))
    if isinstance(source, NspawnPlatform) and config.bare_machines:
        bare = {name: source.bare(name, pulumi.ResourceOptions()) for name in config.bare_machines}
        pulumi.export("bare_machines", {name: _reached(host) for name, host in bare.items()})
    published = publishing(config.dns, site, source.servers)
    if published.outside:
        pulumi.log.warn(f"not in the zone, and not published: {', '.join(each.label for each in published.outside)}")
    made = _record_sets(config.dns, published.addresses, [])
    if config.configure:
        arguments = PlaybookArgs(
            inventory=ansible_inventory,
            site_dir=str(config.site_dir),
            playbook=PLAYBOOK,
            digest=digest.content(CHECKOUT, config.site_dir),
        )
        made = [*made, Playbook("site", arguments, pulumi.ResourceOptions(depends_on=made))]
    _record_sets(config.dns, published.services, made)


def _record_sets(
    dns: DnsConfig | None, wanted: Sequence[record_sets.RecordSet], after: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Resources for sets of records, once others are there."""
    if dns is None:
        return []
    return [
        RecordSet(
            each.label,
            RecordSetArgs(
                server=dns.server,
                port=dns.port,
                zone=f"{dns.zone}.",
                key_name=dns.key_name,
                algorithm=dns.algorithm,
                key=pulumi.Output.secret(dns.key),
                name=each.name,
                type=each.type,
                ttl=dns.ttl,
                data=each.data,
            ),
            pulumi.ResourceOptions(depends_on=after),
        )
        for each in wanted
    ]


def _inventory(
    servers: tuple[Server, ...], hosts: Mapping[str, Host], site_dir: Path
) -> pulumi.Output[Mapping[str, Any]]:
    """The inventory, known when every host's instance is."""

    def render(instances: dict[str, str | None]) -> Mapping[str, Any]:
        connections = {name: replace(host.connection, instance=instances[name]) for name, host in hosts.items()}
        return inventory(servers, connections, site_dir)

    return pulumi.Output.all(**{name: host.instance for name, host in hosts.items()}).apply(render)


def _reached(host: Host) -> pulumi.Output[Mapping[str, Any]]:
    """How a bare machine is reached, in the words of an inventory."""

    def render(instance: str | None) -> Mapping[str, Any]:
        return _variables(replace(host.connection, instance=instance))

    return host.instance.apply(render)


def _variables(connection: Connection) -> Mapping[str, Any]:
    return {
        "ansible_host": connection.host,
        "ansible_user": connection.user,
        "ansible_port": connection.port,
        "ansible_ssh_private_key_file": str(connection.private_key),
        "known_hosts": str(connection.known_hosts),
        "mailpair_instance": connection.instance,
    }


def _structured(value: str) -> Any:
    """A structured setting, which Pulumi hands over as JSON; what is none stays a text for the check to refuse."""
    try:
        return json.loads(value)
    except ValueError:
        return value
