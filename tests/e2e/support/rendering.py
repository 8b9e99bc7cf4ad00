"""What the roles would put on a server for a site's documents, made as Ansible makes it but without a host."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

from mailpair.plan import plan
from mailpair.plan.handed import handed
from mailpair.site import join, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

    from mailpair.servers import Server

PLAYBOOK = Path(__file__).parents[3] / "playbooks" / "site.yml"
SERVICE = "mailpair.mail.service"


@cache
def _loaded() -> tuple[DataLoader, InventoryManager, VariableManager, list[Play]]:
    init_plugin_loader()
    loader = DataLoader()
    loader.set_basedir(str(PLAYBOOK.parent))
    inventory = InventoryManager(loader=loader, sources=["localhost,"])
    for group in ("client_access", "mailbox"):
        inventory.add_group(group)
    variables = VariableManager(loader=loader, inventory=inventory)
    return loader, inventory, variables, Playbook.load(str(PLAYBOOK), variables, loader).get_plays()


def services(site_dir: Path, servers: Sequence[Server], server: Server) -> list[dict[str, Any]]:
    """Options of every service whose files are judged before it has them, for one of a site's servers.

    Raises SiteError where the documents are wrong.
    """
    loader, inventory, variables, plays = _loaded()
    site = load(site_dir)
    join(site, servers)
    inventory.add_host(server.name, group=server.role.value)
    inventory.clear_caches()  # it remembers who is in a group
    host = inventory.get_host(server.name)
    facts = {"mailpair_plan": handed(plan(site, servers, server)), "mailpair_site_dir": str(site_dir)}
    variables.set_nonpersistent_facts(server.name, facts)
    found = []
    for play in plays:
        if server.name not in {each.name for each in inventory.get_hosts(play.hosts)}:
            continue
        for task in _tasks(play):
            scope = variables.get_vars(play=play, host=host, task=task)
            scope["ansible_search_path"] = task.get_search_path()
            together = [_files_alone(each) for each in (task.args, *task.args.get("then", []))]
            found += Templar(loader=loader, variables=scope).template(together)
    return found


def _files_alone(service: dict[str, Any]) -> dict[str, Any]:
    """A service without those that follow it, and without its accounts, which a site without passwords has not."""
    return {name: value for name, value in service.items() if name not in {"then", "accounts"}}


def _tasks(play: Play) -> list[Task]:
    return [task for block in play.compile() for task in block.get_tasks() if task.action == SERVICE]
