"""How long it takes to bring up a pair, to configure it, and to find that there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from bench.checkout import STACK, Checkout
from bench.figures import Figure

if TYPE_CHECKING:
    from pathlib import Path


def cold(checkout: Checkout) -> list[Figure]:
    """From an empty cache: packages are fetched, the engine is built, then the image, then the pair stands."""
    try:
        return [Figure("make up, empty cache", checkout.make("up"), "s", "builds the engine and the image")]
    finally:
        checkout.make("down")


def warm(checkout: Checkout) -> list[Figure]:
    """With a warm cache. Leaves the pair up, configured by hand, with logins possible at the back end too."""
    checkout.make("up", configure=False)  # whatever the cache still lacks
    checkout.make("down")
    checkout.make("build-engine")  # makes the environment, which went with the last stack
    whole = checkout.make("up")
    again = checkout.make("up")
    unchanged = checkout.activated(f"pulumi up --yes --skip-preview --stack {STACK} --cwd pulumi_stack")
    down = checkout.make("down")
    checkout.make("build-engine")
    hosts = checkout.make("up", configure=False)
    configuring = playbook(checkout.folder)
    first, second = checkout.activated(configuring), checkout.activated(configuring)
    return [
        Figure("make up, from no hosts to the summary", whole, "s", "warm cache"),
        Figure("make up, hosts alone", hosts, "s", "warm cache"),
        Figure("make up, nothing to do", again, "s"),
        Figure("pulumi up, nothing to do", unchanged, "s"),
        Figure("first playbook", first, "s"),
        Figure("second playbook", second, "s"),
        Figure("second playbook to first", second / first, "ratio"),
        Figure("make down", down, "s"),
    ]


def playbook(folder: Path) -> str:
    """The command that configures the pair with the stack's inventory, and back ends for measurements as well."""
    file = folder / "inventories/lab/measuring.pulumi_stack.yml"
    write_inventory(file, folder / "pulumi_stack")
    return f"ansible-playbook playbooks/site.yml -i {file}"


def write_inventory(file: Path, program: Path) -> None:
    """Writes an inventory of a stack of this Pulumi program with which users may sign in at back ends, too."""
    content = {
        "plugin": "mailpair.mail.pulumi_stack",
        "project_dir": str(program),
        "compose": {"mailpair_lab_direct_login": "'mailbox' in group_names"},
    }
    file.write_text(yaml.safe_dump(content))
