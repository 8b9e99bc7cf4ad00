"""How long it takes to bring up a pair, to configure it, and to find that there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from bench.checkout import STACK, Checkout
from bench.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GROWING = ("hosts alone", "first playbook", "second playbook")
ALL_TASKS = "MAILPAIR_SLOWEST_TASKS=999"  # the callback durations tells of each


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


def playbook(folder: Path, name: str = "site.yml") -> str:
    """The command that runs one of playbooks/ with the stack's inventory, and back ends for measurements as well.

    ``name`` is the playbook's, with arguments behind it if there are any.
    """
    file = folder / "inventories/lab/measuring.pulumi_stack.yml"
    write_inventory(file, folder / "pulumi_stack")
    return f"{ALL_TASKS} ansible-playbook playbooks/{name} -i {file}"


def growing(checkout: Checkout, numbers: Sequence[int]) -> list[Figure]:
    """Stacks of 2, 6 or more servers, half of them front ends, each from no hosts, and what a further server costs.

    ``numbers`` are how many servers the stacks have. Takes each stack away.
    """
    seconds: dict[str, list[float]] = {kind: [] for kind in GROWING}
    found = []
    for number in numbers:
        checkout.make("build-engine")
        checkout.servers = servers(number)
        try:
            taken = [checkout.make("up", configure=False)]
            taken += [checkout.activated(playbook(checkout.folder)) for _ in range(2)]
        finally:
            checkout.make("down")
            checkout.servers = ()
        for kind, each in zip(GROWING, taken, strict=True):
            seconds[kind].append(each)
            found.append(Figure(f"{kind}, {number} servers", each, "s"))
    return found + grown(numbers, seconds)


def servers(number: int) -> tuple[tuple[str, str], ...]:
    """Names and roles of so many servers: front1, back1, front2 and so on."""
    kinds = (("front", "client_access"), ("back", "mailbox"))
    return tuple((f"{kind}{index // 2 + 1}", role) for index in range(number) for kind, role in [kinds[index % 2]])


def grown(numbers: Sequence[int], seconds: Mapping[str, Sequence[float]]) -> list[Figure]:
    """What each further server costs, from the smallest number to the largest; nothing where there is one number."""
    more = numbers[-1] - numbers[0]
    note = f"from {numbers[0]} to {numbers[-1]}"
    each = {kind: (taken[-1] - taken[0]) / more for kind, taken in seconds.items()} if more else {}
    return [Figure(f"{kind}, each further server", value, "s", note) for kind, value in each.items()]


def write_inventory(file: Path, program: Path) -> None:
    """Writes an inventory of a stack of this Pulumi program with which users may sign in at back ends, too."""
    content = {
        "plugin": "mailpair.mail.pulumi_stack",
        "project_dir": str(program),
        "compose": {"mailpair_lab_direct_login": "'mailbox' in group_names"},
    }
    file.write_text(yaml.safe_dump(content))
